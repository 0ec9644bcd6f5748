"""Runs a maker, a program of this folder that asks ExecuTorch, in a process of its own.

ExecuTorch cannot be unloaded, and it warns; the tests run in a process that has neither.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from project import ROOT


def run_maker(module: str, folder: Path, *arguments: str) -> Path:
    """Let `python -m oracle.MODULE FOLDER ARGUMENT...` fill a folder, and return it.

    The process begins in ROOT, so that targets such as `sample_traces/models.py:convnet` are found.

    Raises:
        RuntimeError: the maker failed; with the end of what it wrote to stderr.
    """
    paths = [str(ROOT / ".src"), str(ROOT / "tests"), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"oracle.{module}", str(folder), *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return folder
