"""What is in an ETDump, what was lost, what was never recorded, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from etscope.devtools.diagnosis.check import Check, State, about_file
from etscope.etdump.columns import Kind, Trace
from etscope.etdump.errors import EmptyTrace, TraceError
from etscope.etdump.file_kind import FileKind

KIND = FileKind.ETDUMP.value

BUILD_FLAGS = (
    "Build the runtime with -DEXECUTORCH_BUILD_DEVTOOLS=ON -DEXECUTORCH_ENABLE_EVENT_TRACER=ON "
    "(in Python: load the program with enable_etdump=True), run an inference, then write the dump."
)
LOG_TENSORS = (
    "To log them, set a debug buffer and the level kIntermediateOutputs before the run "
    "(in Python: debug_buffer_size=...)."
)


def examine_etdump(path: Path) -> list[Check]:
    """Say what an ETDump holds, what was lost and what was never recorded."""
    from etscope.etdump.reader import read_etdump

    framing = _framing(path)
    try:
        trace = read_etdump(path, strict=False)
    except EmptyTrace as error:
        message = f"an ETDump ({framing}), but {error.message}."
        return [about_file(path, KIND, "broken", message, BUILD_FLAGS, rule="trace-empty")]
    except TraceError as error:
        where = "" if error.offset is None else f" at byte {error.offset}"
        message = f"an ETDump ({framing}) that cannot be read: {error.message}{where}."
        cure = error.cure
        return [about_file(path, KIND, "broken", message, cure, rule="trace-readable")]
    return [_contents(path, trace, framing), *_losses(path, trace), *_absences(path, trace)]


def _framing(path: Path) -> str:
    """Whether the size prefix is there and true."""
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[8:12] != b"ED00":
        return "without size prefix"
    told, real = int.from_bytes(head[:4], "little") + 4, path.stat().st_size
    return "with size prefix" if told == real else f"whose prefix tells {told} bytes of {real}"


def _counts(trace: Trace) -> dict[str, int]:
    """Events by kind."""
    counts = np.zeros(len(Kind), np.int64)
    for shape, runs in zip(trace.shapes, trace.runs_of_shape, strict=True):
        counts += len(runs) * np.bincount(shape.kind, minlength=len(Kind))[: len(Kind)]
    return {kind.name.lower(): int(counts[kind]) for kind in Kind}


def _run_counts(trace: Trace) -> dict[str, int]:
    """Runs by name, in the order of the file."""
    names, first, counts = np.unique(trace.runs.name, return_index=True, return_counts=True)
    order = np.argsort(first)
    return {trace.text(int(names[i])) or "(no name)": int(counts[i]) for i in order}


def _contents(path: Path, trace: Trace, framing: str) -> Check:
    events, runs = _counts(trace), _run_counts(trace)
    by_name = ", ".join(f"{count} {name}" for name, count in runs.items())
    by_kind = ", ".join(f"{count} {kind}" for kind, count in events.items())
    return about_file(
        path,
        KIND,
        "ok",
        f"ETDump {framing}: {len(trace.runs)} runs ({by_name}), {len(trace)} events ({by_kind}).",
        size_bytes=path.stat().st_size,
        runs=runs,
        events=events,
        tensors=len(trace.values.tensor),
        schema_version=trace.version,
    )


def _losses(path: Path, trace: Trace) -> list[Check]:
    return [
        about_file(
            path,
            KIND,
            "broken",
            f"lost: {loss.what}" + ("." if loss.offset is None else f" (byte {loss.offset})."),
            TraceError.default_cure,
            rule="trace-losses",
            offset=loss.offset,
            events=loss.events,
        )
        for loss in trace.losses
    ]


def _absences(path: Path, trace: Trace) -> list[Check]:
    """What a reader would look for in vain."""
    events, runs = _counts(trace), _run_counts(trace)
    found: list[tuple[State, str, str, str]] = []
    if "Execute" not in runs:
        message = "no inference was recorded, only the loading of the program."
        cure = "Run the method before the dump is written, with the same loaded program."
        found.append(("missing", message, cure, "no-inference"))
    elif not events["profile"]:
        message = "no times were recorded: the profiling level was off."
        found.append(("missing", message, BUILD_FLAGS, "no-times"))
    if not events["debug"]:
        found.append(("note", "no tensors were logged.", LOG_TENSORS, "no-tensors"))
    return [
        about_file(path, KIND, state, message, cure, rule=rule)
        for state, message, cure, rule in found
    ]
