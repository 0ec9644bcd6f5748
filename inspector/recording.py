"""A trace with everything that travels with it: bundle, program, methods, inputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.bundle import Bundle, read_bundle
from etscope.etdump.columns import Ints, Ints32, Trace
from etscope.etdump.errors import EmptyTrace, TraceError
from etscope.etdump.program import Program, read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.record import Record, read_record
from etscope.inspector.blocks import Block, blocks_of
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.methods import (
    MethodsOfRuns,
    fault_of,
    inference_runs,
    methods_of_runs,
)


@dataclass(frozen=True, eq=False)
class Recording:
    """One opened trace and what is known about its runs.

    Attributes:
        notes: what could not be used or does not belong together, in sentences.
    """

    source: str
    trace: Trace
    bundle: Bundle | None
    program: Program | None
    methods: MethodsOfRuns
    notes: tuple[str, ...]
    record: Record | None = None

    @cached_property
    def inferences(self) -> Ints:
        """The runs that are inferences, ascending."""
        return inference_runs(self.trace)

    @cached_property
    def _scheduled(self) -> bool:
        return self.bundle is not None and len(self.bundle.inferences) == len(self.inferences)

    @cached_property
    def warmup(self) -> NDArray[np.bool_]:
        """Per run whether it was a warm-up; only a bundle's manifest says so."""
        out = np.zeros(len(self.trace.runs), np.bool_)
        if self.bundle is not None and self._scheduled:
            out[self.inferences] = self.bundle.is_warmup
        return out

    @cached_property
    def input_set(self) -> Ints32:
        """Per run the number of its inputs; -1: not known."""
        out = np.full(len(self.trace.runs), -1, np.int32)
        if self.bundle is not None and self._scheduled:
            out[self.inferences] = self.bundle.inference_input
        return out

    @property
    def record_unread(self) -> bool:
        """Whether the bundle has a record and it could not be read; a note says why."""
        return self.record is None and self.bundle is not None and self.bundle.record is not None

    @cached_property
    def correlation(self) -> Correlation:
        """The join of its events with the graphs of its record."""
        return Correlation(self.record, self.program)

    @cached_property
    def blocks(self) -> list[Block]:
        """The event blocks, methods kept apart."""
        known = any(name is not None for name in self.methods.method)
        return blocks_of(self.trace, self.methods.method if known else None)


def open_recording(
    path: str | PathLike[str],
    *,
    program: str | PathLike[str] | None = None,
    record: str | PathLike[str] | None = None,
    strict: bool = True,
) -> Recording:
    """Open a bundle folder or a bare ETDump.

    Args:
        program: a .pte to find methods and operators in, where there is no
            bundle or instead of the bundle's.
        record: an ETRecord, to join events with graphs; likewise.
        strict: as `read_etdump`.

    Raises:
        TraceError: the trace cannot be read. A program or record of the bundle
            that cannot be read becomes a note, one that was asked for does not.
    """
    place = Path(path)
    notes: list[str] = []
    bundle = read_bundle(place) if place.is_dir() else None
    trace_path = place
    if bundle is not None:
        if bundle.trace is None:
            raise EmptyTrace("the bundle holds no trace.etdp", path=place)
        trace_path = bundle.trace
        notes += [*bundle.manifest.notes, *bundle.faults]
    trace = read_etdump(trace_path, strict=strict)
    notes += [f"left out of a damaged trace: {loss.what}" for loss in trace.losses]
    found = _program(bundle, program, notes)
    known = _record(bundle, record, notes)
    methods = methods_of_runs(
        trace,
        found,
        bundle.inferences if bundle is not None else None,
        bundle.manifest.methods if bundle is not None else (),
    )
    notes += methods.notes
    if found is not None and (fault := fault_of(trace, found, methods)):
        notes.append(f"the program is not used: {fault}")
        found = None
    elif found is not None and "unmatched" in methods.how:
        notes.append("some runs fit no method of the program: they may not belong together")
    return Recording(fspath(path), trace, bundle, found, methods, tuple(notes), known)


def _program(
    bundle: Bundle | None, asked: str | PathLike[str] | None, notes: list[str]
) -> Program | None:
    if asked is not None:
        return read_program(asked)
    if bundle is None or bundle.program is None:
        return None
    try:
        return read_program(bundle.program)
    except TraceError as error:
        notes.append(f"the bundle's program is not used: {error}")
        return None


def _record(
    bundle: Bundle | None, asked: str | PathLike[str] | None, notes: list[str]
) -> Record | None:
    if asked is not None:
        return read_record(asked)
    if bundle is None or bundle.record is None:
        return None
    try:
        return read_record(bundle.record)
    except TraceError as error:
        notes.append(f"the bundle's record is not used: {error}")
        return None
