"""Loading a .pt2 (torch.export.save) without running what a stranger put beside the graph.

torch.export.load unpickles some members, loads compiled libraries, and hands
symbolic expressions to an evaluator; all three are looked at first, and guards,
which are Python text, are dropped. The graph itself names functions of torch
and will be run: a program of people whom you do not trust stays a program.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etscope.etdump.errors import CaptureError, UsageError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

# Pickled objects, and libraries that loading would run.
_CODE = re.compile(r"(^|/)(custom_obj_|opaque_obj_)|/aotinductor/|\.(so|dylib|dll|pyd)$")

_EXPRESSION = re.compile(rb'"expr_str"\s*:\s*"((?:[^"\\]|\\.)*)"')
# Sizes (s0, Symbol('s0', integer=True)), numbers, and functions with a capital (Mul, Max, Mod):
# no attribute, no other text, and none of Python's own functions, which are in lower case.
_HARMLESS = re.compile(
    rb"(?:Symbol\('\w+'|[a-z_]+=(?:True|False)|[A-Z]\w*|[a-z]+\d+|\d+(?:\.\d+)?"
    rb"|[\s+\-*/%(),<>=&|~^!])*"
)

_FORCE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"


def load_pt2(path: Path) -> ExportedProgram:
    """The program of a .pt2 file.

    Raises:
        UsageError: the file is none, or holds code that loading it would run.
        CaptureError: torch cannot load it.
    """
    import torch

    _refuse_code(path)
    try:
        with _weights_only():
            program: ExportedProgram = torch.export.load(path)
    except Exception as why:
        first = (str(why).strip().splitlines() or [type(why).__name__])[0]
        raise CaptureError(
            f"{path}: torch.export.load of torch {torch.__version__} cannot load it ({first}). "
            "Save it again with torch.export.save of the same version."
        ) from why
    program._guards_code = []
    return program


def _refuse_code(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if _CODE.search(entry.filename):
                    raise UsageError(f"{path}: member {entry.filename} is code, not a graph.")
                if entry.filename.endswith(".json"):
                    _refuse_expressions(path, archive.read(entry))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as why:
        raise UsageError(f"{path}: not a .pt2 file of torch.export.save ({why}).") from why


def _refuse_expressions(path: Path, text: bytes) -> None:
    for expression in _EXPRESSION.findall(text):
        if not _HARMLESS.fullmatch(expression):
            shown = expression[:60].decode("utf-8", "replace")
            raise UsageError(f"{path}: the size {shown!r} is not arithmetic, so it is not loaded.")


@contextmanager
def _weights_only() -> Iterator[None]:
    """Make every torch.load inside refuse pickled code, whatever its caller asks for."""
    before = os.environ.get(_FORCE)
    os.environ[_FORCE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_FORCE]
        else:
            os.environ[_FORCE] = before
