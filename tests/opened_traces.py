"""Traces on disk for a library: a dump, a program, a bundle, and folders of them."""

from __future__ import annotations

import os
from pathlib import Path

from bundle_folder import bundle_folder, manifest
from program_builder import kernel, method, null, program
from traces import event, inference, trace_of_runs

from etscope.dashboard.library.library import Library
from etscope.etdump.columns import Trace
from etscope.etdump.manifest import InferenceRun
from etscope.etdump.writer import etdump_bytes

#: Long before any test runs, so that no file seems to be still written to.
OLD_NS = 10**18


def trace(inferences: int = 3, events: int = 2) -> Trace:
    """Inferences of some operators that take 10 ticks each."""
    calls = [event("OPERATOR_CALL", 10 * i, 10 * i + 10, instruction=i) for i in range(events)]
    runs = [inference(*calls, event("Method::execute", 0, 10 * events)) for _ in range(inferences)]
    return trace_of_runs(*runs)


def dump_bytes(inferences: int = 3, events: int = 2) -> bytes:
    """The same as an ETDump."""
    return bytes(etdump_bytes(trace(inferences, events)))


def program_bytes() -> bytes:
    """A program of two methods."""
    steps = [kernel(0, 0), kernel(0, 0)]
    add = [("aten::add", "out")]
    encode = method("encode", chains=[steps], operators=add, values=[null()])
    return program(encode, method("decode"))


def aged(path: Path) -> Path:
    """The file, written long ago."""
    os.utime(path, ns=(OLD_NS, OLD_NS))
    return path


def write(path: Path, content: bytes) -> Path:
    """A file that was written long ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return aged(path)


def bundle(place: Path, inferences: int = 3) -> Path:
    """A bundle folder with a trace and a program."""
    place.mkdir(parents=True, exist_ok=True)
    made = manifest(InferenceRun("encode", 0, inferences))
    folder = bundle_folder(place, made, trace(inferences), program_bytes())
    for path in folder.iterdir():
        aged(path)
    return folder


def opened_library(*paths: Path, **options: int) -> Library:
    """A library that has looked at its paths once."""
    library = Library(paths, **options)  # type: ignore[arg-type]
    library.refresh()
    return library


def keys(library: Library) -> dict[str, str]:
    """Name → key of everything that has one."""
    return {
        line.entry.name: line.entry.key for line in library.summaries()[1] if line.entry is not None
    }


def states(library: Library) -> dict[str, str]:
    """Name → state of every line."""
    return {Path(line.place).name: line.state for line in library.summaries()[1]}
