"""How much of a method was mapped: shares of time, events, operators and bytes.

Every row of the tree lies in one bucket with its own time, so that buckets add
up to the method. Buckets say how rows were mapped, or why not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.own_time import own_times

#: More bytes than any tensor has.
_MOST = 2**60
#: Rows that time an operator; the others are what is around operators.
_OPERATORS = ("operator", "kernel", "delegated")


@dataclass(frozen=True)
class Bucket:
    """Rows of one method that were mapped the same way, or not mapped for one reason.

    `time` is per inference, measured, each row's own (without what lies inside
    it). `bytes_written` is planned: what the operators write, by the program or graph;
    None: not known for any of them.
    """

    name: str
    kind: str  # mapped, unmapped, overhead or unexplained
    reason: str
    time: float
    events: float  # per inference
    operators: int  # rows that are an operator, kernels not counted twice
    bytes_written: int | None


@dataclass(frozen=True)
class Ledger:
    """The buckets of one method. Their times sum to `whole`."""

    buckets: tuple[Bucket, ...]
    whole: float  # of the method, per inference
    unit: str

    def share(self, bucket: Bucket) -> float:
        """Derived: a bucket's time as a share of the method's; NaN where it was not timed."""
        return bucket.time / self.whole if self.whole else float("nan")

    @property
    def operator_time(self) -> float:
        """The time in operators, mapped or not."""
        return sum(b.time for b in self.buckets if b.kind in ("mapped", "unmapped"))

    def mapped_share(self, what: str = "time") -> float:
        """Derived: how much of the operators is mapped to a line; `what` is a field of Bucket.

        NaN where there is nothing to map.
        """
        operators = [b for b in self.buckets if b.kind in ("mapped", "unmapped")]
        whole = sum(getattr(b, what) or 0 for b in operators)
        mapped = sum(getattr(b, what) or 0 for b in operators if b.kind == "mapped")
        return mapped / whole if whole else float("nan")


def ledger_of(latency: MethodLatency, origins: Origins) -> Ledger:
    """Count what was mapped in one method.

    Args:
        origins: of the rows of `latency`.
    """
    times = own_times(latency)
    written = bytes_written(origins)
    timed_inside = set(latency.rows.parent.tolist())
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row in np.flatnonzero(times.counted).tolist():
        key = _bucket_of(latency, origins, row, row in timed_inside)
        groups.setdefault(key, []).append(row)
    buckets = [
        _bucket(latency, key, members, times.own, written) for key, members in groups.items()
    ]
    if times.timed:
        why = "time of the method in none of its events"
        rest = times.whole - float(sum(bucket.time for bucket in buckets))
        buckets.append(Bucket("unexplained", "unexplained", why, rest, 0.0, 0, None))
    order = {"mapped": 0, "unmapped": 1, "overhead": 2, "unexplained": 3}
    buckets.sort(key=lambda bucket: (order[bucket.kind], -bucket.time))
    return Ledger(tuple(buckets), times.whole, latency.unit)


def _bucket_of(
    latency: MethodLatency, origins: Origins, row: int, timed_inside: bool
) -> tuple[str, str, str]:
    """(kind, name, reason) of one row; `timed_inside`: whether others lie in it."""
    kind = latency.rows.kind[row]
    origin = origins[row]
    if kind == "delegate" and not timed_inside:
        why = "the backend timed none of the operations inside"
        return ("mapped" if origin.source is not None else "unmapped"), "whole delegates", why
    if kind == "delegate":
        return "overhead", "delegate calls", "outside of the operations that the delegate timed"
    if kind == "control":
        return "overhead", "control flow", "jumps, moves and frees of the runtime"
    if kind not in _OPERATORS:
        return "overhead", "around operators", "events of the runtime that run no operator"
    if origin.source is not None:
        how, sure = How(origin.how), Confidence(origin.confidence)
        return "mapped", f"{how.phrase}, {sure.word}", ""
    if origin.how >= How.HANDLE:
        return "unmapped", "no source line", "the graph has no line for this node"
    return "unmapped", "not mapped", _general(origin.reason)


def _general(reason: str) -> str:
    """A reason without what is particular to one row, so that alike rows are one bucket."""
    return reason.partition(":")[0] if reason.startswith("the graph has no") else reason


def _bucket(
    latency: MethodLatency,
    key: tuple[str, str, str],
    members: list[int],
    own: np.ndarray[tuple[int], np.dtype[np.float64]],
    written: Ints,
) -> Bucket:
    kind, name, reason = key
    rows = latency.rows
    counted = kind in ("mapped", "unmapped")
    operators = [row for row in members if counted and rows.kind[row] != "kernel"]
    known = [int(written[row]) for row in operators if written[row] >= 0]
    return Bucket(
        name=name,
        kind=kind,
        reason=reason,
        time=float(own[members].sum()),
        events=float(rows.calls[members].sum()),
        operators=len(operators),
        bytes_written=sum(known) if known else None,
    )


def bytes_written(origins: Origins) -> Ints:
    """Per row the bytes that it writes; -1: not known. Planned.

    By the program for an instruction (upper bounds where shapes are dynamic),
    by the graph inside a delegate (a symbolic size as in the example inputs).
    """
    return np.array([_bytes_of(origins, row) for row in range(len(origins))], np.int64)


def _bytes_of(origins: Origins, row: int) -> int:
    inside = origins[row].how in (How.BLOB, How.DELEGATE_MAP)
    if not inside and origins.plan is not None and origins.instruction is not None:
        return _planned(origins.plan, int(origins.instruction[row]))
    graph, node = origins.graph, int(origins.node[row])
    return -1 if graph is None or node < 0 else _of_node(graph, node)


def _planned(plan: Method, instruction: int) -> int:
    """Bytes of the tensors that a kernel call gives back: its last argument."""
    if instruction < 0 or plan.instructions.kind[instruction] != InstructionKind.KERNEL_CALL:
        return -1
    arguments = plan.instructions.arguments_of(instruction)
    tensors = plan.values.tensors_of(int(arguments[-1])) if len(arguments) else arguments[:0]
    sizes = plan.values.tensors.size_bytes[tensors].tolist()
    return _told(sizes) if sizes else -1


def _of_node(graph: ProgramGraph, node: int) -> int:
    values = graph.values
    written = []
    for value in range(int(graph.nodes.values[node]), int(graph.nodes.values[node + 1])):
        scalar = SCALAR_TYPES.get(int(values.scalar_type[value]))
        sizes = values.sizes[values.dims[value] : values.dims[value + 1]].tolist()
        known = scalar is not None and min(sizes, default=0) >= 0
        written.append(math.prod(sizes) * scalar.item_size if known and scalar else -1)
    return _told(written)


def _told(sizes: list[int]) -> int:
    """The sum of sizes; -1 where one is not known, or no file could hold that."""
    total = sum(sizes)
    return total if min(sizes, default=-1) >= 0 and total < _MOST else -1
