"""What an Inspector opens: a dump or a bundle, with the program that tells its methods apart.

What reads bundles and programs is imported where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from etscope.etdump.columns import Trace
from etscope.etdump.errors import EmptyTrace, TraceError
from etscope.etdump.reader import read_etdump
from etscope.inspector.blocks import Block, blocks_of

if TYPE_CHECKING:
    from etscope.etdump.bundle import Bundle
    from etscope.etdump.program import Program


@dataclass(frozen=True, eq=False)
class OpenedTrace:
    """A trace, its blocks, and what came with it. `notes`: what was left aside, in sentences."""

    trace: Trace
    blocks: list[Block]
    bundle: Bundle | None
    program: Program | None
    notes: tuple[str, ...]


def open_trace(
    source: str | PathLike[str] | bytes,
    program: str | PathLike[str] | Program | None,
    *,
    strict: bool,
) -> OpenedTrace:
    """Open a dump (a file or its bytes) or a bundle folder.

    Args:
        program: the .pte that ran; None: that of the bundle, if it has one.

    Raises:
        TraceError: the trace or the given program cannot be read. A program of a
            bundle that cannot be read, or did not run, becomes a note.
    """
    bundle = None if isinstance(source, bytes) else _bundle(source)
    if bundle is not None and bundle.trace is None:
        raise EmptyTrace("the bundle holds no trace.etdp", path=bundle.folder)
    place = source if bundle is None or bundle.trace is None else bundle.trace
    trace = read_etdump(place, strict=strict)
    if bundle is None and program is None:
        return OpenedTrace(trace, blocks_of(trace), None, None, ())
    from etscope.inspector.methods import fault_of, methods_of_runs

    found, notes = _program(bundle, program)
    schedule = None if bundle is None else bundle.inferences
    names = () if bundle is None else bundle.manifest.methods
    methods = methods_of_runs(trace, found, schedule, names)
    if found is not None and (fault := fault_of(trace, found, methods)):
        notes.append(f"the program is not used: {fault}")
        found = None
    known = any(name is not None for name in methods.method)
    blocks = blocks_of(trace, methods.method if known else None)
    return OpenedTrace(trace, blocks, bundle, found, tuple(notes))


def _bundle(source: str | PathLike[str]) -> Bundle | None:
    if not Path(source).is_dir():
        return None
    from etscope.etdump.bundle import read_bundle

    return read_bundle(source)


def _program(
    bundle: Bundle | None, asked: str | PathLike[str] | Program | None
) -> tuple[Program | None, list[str]]:
    from etscope.etdump.program import Program, read_program

    if isinstance(asked, Program):
        return asked, []
    if asked is not None:
        return read_program(asked), []
    if bundle is None or bundle.program is None:
        return None, []
    try:
        return read_program(bundle.program), []
    except TraceError as error:
        return None, [f"the bundle's program is not used: {error}"]
