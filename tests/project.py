"""Where the repository is and what git tracks in it: for the tests about the project itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("etdump", "inspector", "dashboard", "devtools")


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks or would track (links excluded), relative to ROOT."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = sorted({Path(name) for name in listed.split("\0") if name})
    return [path for path in paths if (ROOT / path).is_file() and not (ROOT / path).is_symlink()]


def sources() -> list[Path]:
    """Python files of the four floors, relative to ROOT."""
    return tracked(*(f"{floor}/*.py" for floor in FLOORS))


def run_python(
    arguments: Sequence[str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own that finds etscope, installed or not."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
