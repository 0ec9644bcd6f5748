"""How much of a method was mapped: shares of time, events, operators and bytes.

Every row of the tree lies in one bucket with its own time, so that buckets add
up to the method. Buckets say how rows were mapped, or why not.
"""

from __future__ import annotations

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
    rows = latency.rows
    own = np.nan_to_num(rows.total - rows.inner)
    if len(rows) and rows.kind[0] == "method":
        own[0] = 0.0  # what is left of the method itself is `unexplained`
    written = bytes_written(origins)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row in range(len(rows)):
        if rows.kind[row] != "method":
            groups.setdefault(_bucket_of(latency, origins, row), []).append(row)
    buckets = [_bucket(latency, key, members, own, written) for key, members in groups.items()]
    whole = latency.mean
    if np.isfinite(whole):
        rest = whole - float(sum(bucket.time for bucket in buckets))
        why = "time of the method in none of its events"
        buckets.append(Bucket("unexplained", "unexplained", why, rest, 0.0, 0, None))
    else:
        whole = float(sum(bucket.time for bucket in buckets))
    order = {"mapped": 0, "unmapped": 1, "overhead": 2, "unexplained": 3}
    buckets.sort(key=lambda bucket: (order[bucket.kind], -bucket.time))
    return Ledger(tuple(buckets), whole, latency.unit)


def _bucket_of(latency: MethodLatency, origins: Origins, row: int) -> tuple[str, str, str]:
    """(kind, name, reason) of one row."""
    kind = latency.rows.kind[row]
    origin = origins[row]
    if kind == "delegate" and not len(latency.rows.children(row)):
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
    return int(plan.values.tensors.size_bytes[tensors].sum()) if len(tensors) else -1


def _of_node(graph: ProgramGraph, node: int) -> int:
    values, total = graph.values, 0
    for value in range(int(graph.nodes.values[node]), int(graph.nodes.values[node + 1])):
        scalar = SCALAR_TYPES.get(int(values.scalar_type[value]))
        sizes = values.sizes[values.dims[value] : values.dims[value + 1]]
        if scalar is None or (sizes < 0).any():
            return -1
        total += int(np.prod(sizes)) * scalar.item_size
    return total
