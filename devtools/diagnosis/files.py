"""What is in this file, what is not, and why."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from pathlib import Path

from etscope.devtools.diagnosis.check import Check, State, about_file
from etscope.devtools.diagnosis.trace_file import BUILD_FLAGS, LOG_TENSORS, examine_etdump
from etscope.etdump.errors import TraceError
from etscope.etdump.file_kind import FileKind, identify

#: Kinds that need no more than a word: what can be done with them, and what to do instead.
_WORDS: dict[FileKind, tuple[State, str, str | None]] = {
    FileKind.EMPTY: (
        "broken",
        (
            "empty: the file was opened and nothing was written, as by a runtime built without "
            "event tracing, or by one that ended before the dump was written."
        ),
        BUILD_FLAGS,
    ),
    FileKind.ETDUMP_TEXT: (
        "note",
        "an ETDump printed as base64, as a device does over its serial line.",
        "Decode it: base64 -d FILE > trace.etdp",
    ),
    FileKind.PICKLE: ("note", "a pickle: opening one runs code, so etscope never does.", None),
    FileKind.TORCH_SAVE: (
        "note",
        "a file of torch.save: weights or tensors, neither a program nor a trace.",
        "Export the model: torch.export.save(torch.export.export(model, inputs), 'model.pt2')",
    ),
    FileKind.FOLDER: (
        "note",
        "a folder without a manifest.json, so no bundle.",
        "Give the NAME.etscope folder that `etscope run` wrote, or single files.",
    ),
    FileKind.DEVICE: (
        "note",
        "a pipe or a device, no file.",
        "Write what comes through it to a file, and give that one.",
    ),
    FileKind.TEXT: ("note", "text; no trace.", "Give the file that the runtime wrote."),
    FileKind.ARCHIVE: ("note", "a zip archive of a kind that etscope does not know.", None),
}


def examine_file(path: Path) -> list[Check]:
    """Say what a file or folder is and, for a trace, what it holds and why it lacks the rest.

    Raises:
        OSError: it cannot be read.
    """
    kind = identify(path)
    look = _LOOKS.get(kind)
    if look is not None:
        return look(path)
    state, message, cure = _WORDS.get(kind, ("ok", f"{kind.value}.", None))
    size = None if path.is_dir() else path.stat().st_size
    return [about_file(path, kind.value, state, message, cure, size_bytes=size)]


def _shifted(path: Path) -> list[Check]:
    with path.open("rb") as stream:
        start = stream.read(4096).find(b"ED00") - 8
    message = f"an ETDump that seems to begin at byte {start}, behind something else."
    cure = f"Cut the rest off: tail -c +{start + 1} FILE > trace.etdp"
    return [about_file(path, FileKind.ETDUMP_SHIFTED.value, "broken", message, cure, start=start)]


def _program(path: Path) -> list[Check]:
    from etscope.etdump.program import read_program

    try:
        program = read_program(path)
    except TraceError as error:
        message = f"a program that cannot be read: {error.message}."
        return [about_file(path, FileKind.PROGRAM.value, "broken", message, error.cure)]
    names = [method.name for method in program.methods]
    message = f"ExecuTorch program with {len(names)} methods ({', '.join(names)})."
    size = path.stat().st_size
    return [about_file(path, FileKind.PROGRAM.value, "ok", message, size_bytes=size, methods=names)]


def _bundle(path: Path) -> list[Check]:
    from etscope.etdump.bundle import read_bundle

    try:
        bundle = read_bundle(path, verify=True)
    except TraceError as error:
        return [about_file(path, FileKind.BUNDLE.value, "broken", f"{error.message}.", error.cure)]
    files = list(bundle.manifest.files)
    message = f"bundle of {len(files)} files, each as it was recorded: {', '.join(files)}."
    checks = [about_file(path, FileKind.BUNDLE.value, "ok", message, files=files)]
    for name, outcome in bundle.manifest.passes.items():
        if outcome.status in ("failed", "partial"):
            message = (
                f"the {name} pass ended {outcome.status}: {outcome.reason or 'no reason told'}"
            )
            checks.append(
                about_file(path, FileKind.BUNDLE.value, "note", message, rule="capture-pass")
            )
    for dump in (bundle.trace, bundle.debug_trace):
        checks += examine_file(dump) if dump is not None else []
    if bundle.debug_trace is not None:
        # The tensors of a bundle have a dump of their own; the other one is not to have any.
        checks = [check for check in checks if check.rule != "no-tensors"]
    return checks


def _raw(path: Path) -> list[Check]:
    """Bytes without an identifier: a debug buffer is just tensors, end to end."""
    size, used = path.stat().st_size, _used_bytes(path)
    if not used:
        message = f"{size} bytes, all zero: a debug buffer into which nothing was logged."
        return [
            about_file(
                path, FileKind.UNKNOWN.value, "missing", message, LOG_TENSORS, size_bytes=size
            )
        ]
    message = f"no identifier: {size} bytes, the last {size - used} zero; may be a debug buffer."
    cure = "It can be read only together with the ETDump of the same run."
    return [
        about_file(
            path, FileKind.UNKNOWN.value, "note", message, cure, size_bytes=size, used_bytes=used
        )
    ]


def _used_bytes(path: Path, piece: int = 2**20) -> int:
    """Position behind the last byte that is not zero."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = os.fstat(stream.fileno()).st_size
        while end:
            begin = max(0, end - piece)
            kept = len(data[begin:end].rstrip(b"\0"))
            if kept:
                return begin + kept
            end = begin
    return 0


_LOOKS: dict[FileKind, Callable[[Path], list[Check]]] = {
    FileKind.ETDUMP: examine_etdump,
    FileKind.ETDUMP_SHIFTED: _shifted,
    FileKind.PROGRAM: _program,
    FileKind.BUNDLE: _bundle,
    FileKind.UNKNOWN: _raw,
}
