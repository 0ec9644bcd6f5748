"""The zoo from the side of the tests: made once per content of its makers, then read from disk.

The default suite asks for a few animals; ETSCOPE_ORACLE=all (`make oracle`) for all of them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from project import ROOT

from etscope.inspector.recording import Recording, open_recording

ARCHITECTURES = (
    "convolutions", "mobile", "vision", "decoder", "lstm", "gru", "unet", "steps", "elements",
)  # fmt: skip
SPECIAL = (
    "two_methods_portable", "two_methods_xnnpack", "twins_portable", "twins_xnnpack",
    "only_encode_portable", "dynamic_portable", "dynamic_xnnpack", "loop_portable",
    "branch_portable", "traced_branch_portable", "cached_portable", "foreign_portable",
    "many_outputs_portable", "many_outputs_xnnpack", "channels_portable",
    "reused_portable", "strict_portable", "strict_xnnpack", "passes_portable",
    "many_inputs_portable", "scalars_portable", "nothing_portable", "float_portable",
    "numbers_mapped", "texts_mapped",
)  # fmt: skip
ALL = (
    *(f"{name}_{target}" for name in ARCHITECTURES for target in ("portable", "xnnpack", "int8")),
    "vision_dynamic",
    *SPECIAL,
)
EVERYTHING = os.environ.get("ETSCOPE_ORACLE") == "all"

_MAKERS = (*sorted(Path(__file__).parent.glob("zoo_*.py")), ROOT / "sample_traces/models.py")


@dataclass(frozen=True)
class Animal:
    """One program with what was exported and run of it."""

    name: str
    folder: Path

    @property
    def trace(self) -> Path:
        """Several inferences of each method, timing only."""
        return self.folder / "trace.etdp"

    @property
    def program(self) -> Path:
        """The .pte."""
        return self.folder / "program.pte"

    @property
    def record(self) -> Path | None:
        """The ETRecord; None: ExecuTorch could not save it."""
        path = self.folder / "record.etrecord"
        return path if path.exists() else None

    @cached_property
    def facts(self) -> Any:
        """What ExecuTorch says of it; see zoo_maker."""
        return json.loads((self.folder / "said.json").read_text())

    def opened(self) -> Recording:
        """The timing trace with its program and record."""
        return open_recording(self.trace, program=self.program, record=self.record)


def animals(*names: str) -> dict[str, Animal]:
    """These animals; those that are not there yet are made by a process of their own.

    Raises:
        RuntimeError: ExecuTorch refuses to make one; with what it printed last.
    """
    folder = ROOT / "build" / "zoo" / _content()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # Test files run side by side; the first that comes makes what all of them read.
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in names if not (folder / name).is_dir()]
        if missing:
            _make(folder, missing)
    return {name: Animal(name, folder / name) for name in names}


def _content() -> str:
    """Changes with the makers and with what they export by."""
    digest = hashlib.sha256()
    for maker in _MAKERS:
        digest.update(maker.read_bytes())
    digest.update(f"{version('executorch')} {version('torch')}".encode())
    return digest.hexdigest()[:16]


def _make(folder: Path, names: list[str]) -> None:
    paths = [str(ROOT / ".src"), str(ROOT / "tests"), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "oracle.zoo_maker", str(folder), *names],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the zoo cannot be made:\n{done.stderr[-4000:]}")
