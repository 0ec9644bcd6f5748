"""What ran outside of delegates: what it costs, why, and what moving it inside could save."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.fallbacks.ledger import Fallback, falling
from etscope.inspector.fallbacks.lines import FallbackLine, lines_of
from etscope.inspector.fallbacks.reasons import IDLE
from etscope.inspector.findings import Case, Finding
from etscope.inspector.wording import base_name, counted, figure

#: A cost below this share of the method is not worth a finding.
_LITTLE = 0.02

_ADVICE = {
    "operator": "Write it with operators that the backend takes, or lower it to another backend.",
    "dtype": "Cast it to a type that the backend takes, or compute it once outside of the model.",
    "shape": "Export with the shape that the backend takes, or reshape before it.",
    "argument": "Call it with arguments that the backend takes.",
    "weights": "Give it constant weights, or write it as an operator of two activations.",
    "custom": "Give its kernel to the backend, or write it with standard operators.",
    "buffer": "Keep the state outside of the model, or make it smaller.",
    "differs": "Write it as those of the same operator that were delegated.",
    "never": "Ask the backend's partitioner why, with its logging on.",
    "unknown": "Ask the backend's partitioner why, with its logging on.",
}
_IDLE_ADVICE = (
    "Write the line so that the export leaves it out: torch.matmul of more than three dimensions "
    "expands its operands even where that changes nothing, torch.bmm does not."
)


def portable_beside_delegates(case: Case) -> Iterator[Finding]:
    """Operators outside of delegates in a method that has some."""
    ledger, latency = case.fallbacks, case.latency
    share = ledger.share
    if not ledger.delegate_calls or not ledger.rows or not share >= 0:
        return
    ordered = sorted(ledger.rows, key=lambda row: falling(row.time))
    names = list(dict.fromkeys(row.operator for row in ordered))[:3]
    many = counted(len(ordered), "operator")
    verb = "takes" if len(ordered) == 1 else "take"
    reasons = {
        kind: sum(row.reason.kind == kind for row in ordered)
        for kind in dict.fromkeys(row.reason.kind for row in ordered)
    }
    yield Finding(
        "portable_beside_delegates",
        "high" if share >= 0.4 else "medium" if share >= 0.1 else "low",
        f"{many} outside of {counted(ledger.delegate_calls, 'delegate')} {verb} {share:.0%} "
        f"of {case.name}; most of it: {', '.join(names)}",
        {
            "share": share,
            "operators": len(ordered),
            "instructions": [int(latency.rows.instruction[row.row]) for row in ordered],
            "reasons": reasons,
        },
        "etscope fallbacks lists them all, with the reason and what moving each could save.",
    )


def top_fallback(case: Case) -> Iterator[Finding]:
    """The source line whose operators could gain the most inside of a delegate."""
    ledger = case.fallbacks
    if not ledger.delegate_calls or not case.latency.mean > 0:
        return
    lines = [line for line in lines_of(ledger, case.origins) if _can_move(line)]
    if not lines or not case.share(lines[0].gain) >= _LITTLE:
        return
    line, gain, time = lines[0], lines[0].gain, lines[0].time
    first = line.rows[0]
    about = "at most " if line.at_most else "about "
    yield Finding(
        "top_fallback",
        "high" if case.share(gain) >= 0.3 else "medium" if case.share(gain) >= 0.1 else "low",
        f"{_title(line)} ran outside of delegates in {figure(time)} "
        f"{ledger.unit}, {case.share(time):.0%} of {case.name}; inside it could save {about}"
        f"{figure(gain)} {ledger.unit} (estimated). Why: {first.reason.text}",
        {
            "source": case.origins.source(first.row),
            "module": case.origins.module(first.row),
            "instructions": [int(case.latency.rows.instruction[row.row]) for row in line.rows],
            f"gain_estimated_{ledger.unit}": gain,
            f"per_inference_{ledger.unit}": time,
            "reason": first.reason.kind,
            "basis": first.gain.basis,
        },
        _IDLE_ADVICE if IDLE in first.reason.text else _ADVICE.get(first.reason.kind, ""),
    )


def delegated_elsewhere(case: Case) -> Iterator[Finding]:
    """An operator that the same backend runs in another place of the method."""
    rows = [row for row in case.fallbacks.rows if row.reason.kind == "differs"]
    rows.sort(key=lambda row: parts_of(row.operator)[1])
    for name, some in groupby(rows, key=lambda row: parts_of(row.operator)[1]):
        alike = list(some)
        time = float(sum(np.nan_to_num(row.time) for row in alike))
        if not case.share(time) >= _LITTLE:
            continue
        first = max(alike, key=lambda row: float(np.nan_to_num(row.time)))
        where = case.place(first.row)
        yield Finding(
            "delegated_elsewhere",
            "low",
            f"{name}{f' at {where}' if where else ''} stayed outside "
            f"({case.share(time):.0%} of {case.name}), but {first.reason.text}",
            {"instructions": [int(case.latency.rows.instruction[r.row]) for r in alike]},
            _ADVICE["differs"],
        )


def wide_types(case: Case) -> Iterator[Finding]:
    """Operators that stayed outside for the type of their elements."""
    rows = [row for row in case.fallbacks.rows if row.reason.kind == "dtype"]
    time = float(sum(np.nan_to_num(row.time) for row in rows))
    if not rows or not case.share(time) >= _LITTLE:
        return
    rows.sort(key=lambda row: falling(row.time))
    types = list(dict.fromkeys(word for row in rows for word in row.types))
    strange = [word for word in types if word not in ("float32", "float16")]
    where = case.place(rows[0].row)
    yield Finding(
        "wide_types",
        "medium" if case.share(time) >= 0.1 else "low",
        f"{counted(len(rows), 'operator')} on {', '.join(strange or types)} "
        f"{'takes' if len(rows) == 1 else 'take'} {case.share(time):.0%} of {case.name} outside of "
        f"delegates; most of it {rows[0].operator}{f', {where}' if where else ''}",
        {
            "types": types,
            "share": case.share(time),
            "instructions": [int(case.latency.rows.instruction[row.row]) for row in rows],
        },
        "Compute positions, masks and indices once outside of the model, or in a type that the "
        "backend takes.",
    )


def no_delegate(case: Case) -> Iterator[Finding]:
    """A method that was not lowered to any backend, and what one could take of it."""
    ledger = case.fallbacks
    bundle = case.recording.bundle
    reference = bundle is not None and bundle.manifest.runtime.get("name") == "reference"
    if ledger.delegate_calls or ledger.backends or not ledger.rows or reference:
        return
    if not ledger.share >= 0:
        return
    open_rows = tuple(row for row in ledger.rows if not _in_body(case, row))
    takers = {name for row in open_rows for name in row.takers}
    best = max(takers, key=lambda name: _taken(open_rows, name), default=None)
    share = _taken(open_rows, best) / case.latency.mean if best is not None else 0.0
    known = ""
    evidence: dict[str, Any] = {"operators": len(ledger.rows), "share": ledger.share}
    if best is not None:
        some = sum(best in row.takers for row in open_rows)
        known = (
            f"; by the rules of its partitioner, {best} takes {some} of them, "
            f"{share:.0%} of {case.name}"
        )
        evidence |= {"takers": best, "taken": some, "taken_share": share}
    if bodies := len(ledger.rows) - len(open_rows):
        known += f"; not counted: {bodies} in branches or loops, which lowering does not enter"
        evidence["in_bodies"] = bodies
    yield Finding(
        "no_delegate",
        "medium" if share >= 0.5 else "low",
        f"{case.name} calls no delegate: its {counted(len(ledger.rows), 'operator')} "
        f"{'runs' if len(ledger.rows) == 1 else 'run'} on the runtime's own kernels{known}",
        evidence,
        "Lower the model to a backend, with its partitioner in to_edge_transform_and_lower.",
    )


def _in_body(case: Case, row: Fallback) -> bool:
    """Whether an operator is in a branch or the body of a loop: there it is not lowered."""
    graph, node = case.origins.graph, int(case.origins.node[row.row])
    return graph is not None and node >= 0 and int(graph.nodes.scope[node]) >= 0


def _taken(rows: tuple[Fallback, ...], name: str) -> float:
    return float(sum(np.nan_to_num(row.time) for row in rows if name in row.takers))


def _can_move(line: FallbackLine) -> bool:
    return any(row.reason.kind != "runtime" for row in line.rows)


def _title(line: FallbackLine) -> str:
    """ "models.py:56 in layers.0 (log1p, where; 6 operators)"."""
    some = ", ".join(line.operators[:3]) + (" …" if len(line.operators) > 3 else "")
    first = line.rows[0].operator
    several = counted(len(line.rows), "operator")
    many = f"; {several}" if len(line.rows) > 1 else ""
    if line.source is None:
        return f"{first}{f' ({several})' if many else ''}"
    where = f" in {line.module}" if line.module else ""
    return f"{base_name(line.source)}{where} ({some}{many})"
