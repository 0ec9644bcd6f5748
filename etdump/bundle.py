"""A bundle: the folder NAME.etscope/ that holds one capture and travels as a whole.

Nothing in it is believed: names cannot leave the folder, and counts are bounded.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints32
from etscope.etdump.errors import CorruptTrace, NotATrace, TraceError
from etscope.etdump.manifest import FileEntry, InferenceRun, Manifest, read_manifest

MANIFEST = "manifest.json"
TRACE = "trace.etdp"
DEBUG_TRACE = "debug.etdp"
DEBUG_BUFFER = "debug.bin"
PROGRAM = "program.pte"
RECORD = "record.etrecord"
INPUTS = "inputs.safetensors"

_CHUNK = 2**20


@dataclass(frozen=True, eq=False)
class Schedule:
    """One row per inference, in the order of the "Execute" runs of a dump. Shape (inferences,)."""

    method: Ints32  # index into Manifest.methods
    input_set: Ints32
    is_warmup: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.method)


def _schedule(runs: tuple[InferenceRun, ...], methods: tuple[str, ...]) -> Schedule:
    count = np.array([run.count for run in runs], dtype=np.int64)
    index = {name: position for position, name in enumerate(methods)}
    method = np.array([index[run.method] for run in runs], dtype=np.int32)
    input_set = np.array([run.input_set for run in runs], dtype=np.int32)
    warmup = np.array([run.warmup for run in runs], dtype=np.bool_)
    return Schedule(np.repeat(method, count), np.repeat(input_set, count), np.repeat(warmup, count))


@dataclass(frozen=True, eq=False)
class Bundle:
    """One opened bundle: its folder, its manifest, and where its files are (None: not in it)."""

    folder: Path
    manifest: Manifest
    trace: Path | None
    debug_trace: Path | None
    debug_buffer: Path | None
    program: Path | None
    record: Path | None
    inputs: Path | None
    faults: tuple[str, ...] = ()  # files that are missing or changed, a sentence each

    @cached_property
    def inferences(self) -> Schedule:
        """The inferences of `trace`, warm-up included."""
        return _schedule(self.manifest.inferences, self.manifest.methods)

    @cached_property
    def tensor_inferences(self) -> Schedule:
        """The inferences of `debug_trace`."""
        return _schedule(self.manifest.tensor_inferences, self.manifest.methods)

    @property
    def inference_method(self) -> Ints32:
        """For each "Execute" run of `trace` its method, as an index into Manifest.methods."""
        return self.inferences.method

    @property
    def inference_input(self) -> Ints32:
        """For each "Execute" run of `trace` its input set."""
        return self.inferences.input_set

    @property
    def is_warmup(self) -> NDArray[np.bool_]:
        """For each "Execute" run of `trace` whether it was a warm-up."""
        return self.inferences.is_warmup


def is_bundle(path: str | PathLike[str]) -> bool:
    """Whether this is a folder with a manifest that we can read. Never raises a TraceError."""
    manifest = Path(path) / MANIFEST
    try:
        if not manifest.is_file():
            return False
        read_manifest(manifest)
    except (TraceError, OSError, ValueError):
        return False
    return True


def read_bundle(path: str | PathLike[str], *, verify: bool = False) -> Bundle:
    """Open a bundle folder.

    A file that is missing, or has another size than it was recorded with, is
    one of the bundle's `faults`; what does not need it goes on.

    Args:
        verify: compare every file with its recorded hash, and refuse what differs.

    Raises:
        NotATrace: no folder, no manifest, or one of another kind or version.
        TraceError: the manifest or a file of the bundle is not what it should be.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise NotATrace("this is not a folder, so no bundle", path=folder)
    if not (folder / MANIFEST).is_file():
        raise NotATrace(
            f"the folder has no {MANIFEST}, so it is no bundle",
            path=folder,
            cure="Give the NAME.etscope folder that `etscope run` wrote, or one trace file.",
        )
    _member(folder, MANIFEST)
    manifest = read_manifest(folder / MANIFEST)
    faults = []
    for name, entry in manifest.files.items():
        found = _member(folder, name)
        if found is None and verify:
            message = f"the bundle lists {name}, but does not hold it"
            raise CorruptTrace(message, path=folder, cure="Copy the whole folder again.")
        if found is None:
            faults.append(f"the bundle lists {name}, but does not hold it")
        elif verify:
            _compare(found, entry)
        elif found.stat().st_size != entry.bytes:
            faults.append(f"{name} is not as it was recorded: its size differs")
    names = (TRACE, DEBUG_TRACE, DEBUG_BUFFER, PROGRAM, RECORD, INPUTS)
    trace, debug_trace, debug_buffer, program, record, inputs = (
        _member(folder, name) for name in names
    )
    return Bundle(
        folder, manifest, trace, debug_trace, debug_buffer, program, record, inputs, tuple(faults)
    )


def _member(folder: Path, name: str) -> Path | None:
    """The path of a file of the bundle, None where there is none.

    A link may not leave the folder, and a pipe or device may not pose as a file:
    opening one could wait forever.
    """
    path = folder / name
    try:
        if not path.exists():
            if path.is_symlink():
                raise CorruptTrace(f"{name} is a link to nothing", path=folder)
            return None
        inside = path.resolve().is_relative_to(folder.resolve())
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, RuntimeError) as why:  # RuntimeError: links in a ring, before Python 3.13
        raise CorruptTrace(f"{name} cannot be looked at ({why})", path=folder) from why
    if not inside or not regular:
        fault = "is not a plain file" if inside else "is a link that leaves the bundle"
        raise CorruptTrace(f"{name} {fault}", path=folder, cure="Copy the file itself there.")
    return path


def sha256(path: Path) -> str:
    """The hexadecimal SHA-256 of a file, read in small pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def _compare(path: Path, entry: FileEntry) -> None:
    cure = "Copy the bundle again; the file changed after it was recorded."
    size = path.stat().st_size
    if size != entry.bytes:
        message = f"the file has {size} bytes, the manifest says {entry.bytes}"
        raise CorruptTrace(message, path=path, cure=cure)
    if sha256(path) != entry.sha256:
        raise CorruptTrace("the content is not what was recorded", path=path, cure=cure)
