"""Runs that did the same, together: the event blocks of a trace, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Trace
from etscope.inspector.signatures import Signature, Slot, slots_of


@dataclass(frozen=True, eq=False)
class Part:
    """The runs of a block that have one shape, with where its slots are in them."""

    runs: Ints  # ascending
    slots: tuple[Slot, ...]


@dataclass(frozen=True, eq=False)
class Block:
    """Runs with the same name, method and sequence of slots.

    Usually one part; several where a loop ran a different number of times.
    """

    trace: Trace
    name: str
    bundled_input: int
    method: str | None  # None: not known
    parts: tuple[Part, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The rows of the event table."""
        return self.parts[0].slots

    @cached_property
    def runs(self) -> Ints:
        """All runs of the block, ascending."""
        return np.sort(np.concatenate([part.runs for part in self.parts]))

    @cached_property
    def positions(self) -> Ints | None:
        """Row of each slot in a run (-1: no timing); None unless all have one sample a run."""
        if len(self.parts) > 1 or any(len(slot.profile) > 1 for slot in self.slots):
            return None
        return np.array([slot.profile[0] if slot.profile else -1 for slot in self.slots], np.int64)

    def rows(self, slot: int) -> Ints:
        """Every timing of a slot as rows of the trace's events, run after run."""
        return self._in_run_order([part.slots[slot].profile for part in self.parts])

    def logged_rows(self, slot: int, run: int) -> Ints:
        """The debug events of a slot in one run, as rows of the trace's events."""
        for part in self.parts:
            if run in part.runs:
                first = int(self.trace.runs.first_event[run])
                return first + np.array(part.slots[slot].debug, np.int64)
        return np.zeros(0, np.int64)

    def _in_run_order(self, places: list[tuple[int, ...]]) -> Ints:
        first = self.trace.runs.first_event
        rows = [
            (first[part.runs][:, None] + np.array(place, np.int64)).ravel()
            for part, place in zip(self.parts, places, strict=True)
        ]
        # Events are numbered run by run, so ascending rows are runs in order.
        return np.sort(np.concatenate(rows)) if len(rows) > 1 else rows[0]


def output_flags(trace: Trace) -> dict[int, NDArray[np.bool_]]:
    """For each run that logged values: which of its events are outputs of the program."""
    values = trace.values
    if not len(values):
        return {}
    edges = trace.runs.first_event
    runs = np.searchsorted(edges, values.event, side="right") - 1
    flags: dict[int, NDArray[np.bool_]] = {}
    for run in np.unique(runs).tolist():
        flags[run] = np.zeros(int(edges[run + 1] - edges[run]), np.bool_)
    for run, event in zip(
        runs[values.is_output].tolist(), values.event[values.is_output].tolist(), strict=True
    ):
        flags[run][event - int(edges[run])] = True
    return flags


def blocks_of(trace: Trace, methods: list[str | None] | None = None) -> list[Block]:
    """Group the runs of a trace, in the order in which each group first ran.

    Args:
        methods: the method of each run where that is known; runs of different
            methods are kept apart even if they did the same.
    """
    found: dict[tuple[object, ...], dict[int, list[Ints]]] = {}
    slots: dict[int, tuple[Slot, ...]] = {}
    signatures: dict[tuple[Signature, ...], int] = {}
    block_runs = []
    for variant, (shape, flags, runs) in enumerate(_variants(trace)):
        slots[variant] = slots_of(trace.shapes[shape], trace.strings, flags)
        key = tuple(slot.signature for slot in slots[variant])
        number = signatures.setdefault(key, len(signatures))
        for group, some in _split(trace, runs, methods):
            found.setdefault((*group, number), {}).setdefault(variant, []).append(some)
    for (name, bundled, method, _), variants in found.items():
        parts = tuple(Part(np.concatenate(runs), slots[v]) for v, runs in variants.items())
        text = trace.text(name) or "" if isinstance(name, int) else ""
        block_runs.append(
            Block(
                trace=trace,
                name=text,
                bundled_input=bundled if isinstance(bundled, int) else -1,
                method=method if isinstance(method, str) else None,
                parts=parts,
            )
        )
    return sorted(block_runs, key=lambda block: int(block.runs[0]))


def _variants(trace: Trace) -> list[tuple[int, NDArray[np.bool_], Ints]]:
    """(shape, output flags, runs): runs of one shape may log different things as outputs."""
    flags = output_flags(trace)
    out = []
    for shape, runs in enumerate(trace.runs_of_shape):
        if not len(trace.shapes[shape]):
            continue
        none = np.zeros(len(trace.shapes[shape]), np.bool_)
        if not flags:
            out.append((shape, none, runs))
            continue
        kinds: dict[bytes, list[int]] = {}
        for run in runs.tolist():
            kinds.setdefault(flags.get(run, none).tobytes(), []).append(run)
        for pattern, some in kinds.items():
            out.append((shape, np.frombuffer(pattern, np.bool_), np.array(some, np.int64)))
    return out


def _split(
    trace: Trace, runs: Ints, methods: list[str | None] | None
) -> list[tuple[tuple[int, int, str | None], Ints]]:
    """Runs of one shape by run name, bundled input and method."""
    name, bundled = trace.runs.name[runs], trace.runs.bundled_input[runs]
    if methods is None and (name == name[0]).all() and (bundled == bundled[0]).all():
        return [((int(name[0]), int(bundled[0]), None), runs)]
    of_run = [None] * len(runs) if methods is None else [methods[run] for run in runs.tolist()]
    groups: dict[tuple[int, int, str | None], list[int]] = {}
    keys = zip(name.tolist(), bundled.tolist(), of_run, strict=True)
    for key, run in zip(keys, runs.tolist(), strict=True):
        groups.setdefault(key, []).append(run)
    return [(key, np.array(some, np.int64)) for key, some in groups.items()]
