"""The program that a command was given: opened, or one sentence on what it is instead."""

from __future__ import annotations

from pathlib import Path

from etscope.etdump.bundle import read_bundle
from etscope.etdump.errors import MissingFile, NotATrace
from etscope.etdump.file_kind import FileKind, identify
from etscope.etdump.program import Program, read_program

_GIVE = "Give the .pte or .bpte that the export wrote, or the bundle of a run of it."

#: What to do with a file that is something else.
_CURES = {
    FileKind.ETDUMP: "Where its time goes says: etscope inspect {path}",
    FileKind.TENSOR_DATA: "These are weights of a program; give the .pte beside it.",
    FileKind.EXPORTED_PROGRAM: "Lower and run it first: etscope run {path}",
}


def open_program(path: Path) -> Program:
    """Open the program of a .pte, a .bpte or a bundle folder.

    Raises:
        TraceError: it cannot be read, or is something else; the text says what and what to do.
    """
    kind = identify(path)
    if kind in (FileKind.BUNDLE, FileKind.FOLDER):
        found = read_bundle(path).program
        if found is None:
            cure = "Record it again with etscope run, or give the .pte itself."
            raise MissingFile("the bundle holds no program", path=path, cure=cure)
        return read_program(found)
    if kind not in (FileKind.PROGRAM, FileKind.BUNDLED_PROGRAM):
        words = f"this is no program but: {kind.value}"
        raise NotATrace(words, path=path, cure=_CURES.get(kind, _GIVE).format(path=path))
    return read_program(path)
