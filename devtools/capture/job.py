"""What parent and child tell each other: a job folder with JSON and arrays, never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

INPUTS = "inputs.safetensors"
WALL = "wall.npy"
DUMP = "dump.etdp"
TENSORS = "dump.bin"

#: Starts a line of progress on the child's standard output; the rest is [done, in all].
PROGRESS = "@etscope-progress "

_JOB, _RESULT = "job.json", "result.json"


@dataclass(frozen=True)
class Job:
    """One pass. `kind` is untraced, timing, tensors or footprint."""

    kind: str
    program: str
    plan: list[tuple[str, int, int]]  # method, input set, how often in a row
    inputs: Mapping[str, dict[str, Any]]  # as in PackedInputs.sets
    warmup: int = 0
    threads: int | None = None
    debug_buffer_bytes: int = 0
    size_limit: int = 2**31

    def write(self, folder: Path) -> None:
        """Put the job into its folder."""
        (folder / _JOB).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Job:
        """The job of a folder."""
        return cls(**json.loads((folder / _JOB).read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Outcome:
    """What the child has to say when it ends in peace.

    `error` is what Python raised. `fits` says that nothing was run, because a
    dump can hold only that many inferences.
    """

    error: str | None = None
    fits: int | None = None
    threads: int | None = None

    def write(self, folder: Path) -> None:
        """Put the outcome beside the job."""
        (folder / _RESULT).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Outcome | None:
        """The outcome in a folder; None if the child left none."""
        path = folder / _RESULT
        if not path.is_file():
            return None
        return cls(**json.loads(path.read_text(encoding="utf-8")))
