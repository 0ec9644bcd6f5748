"""The latency report: verdict, coverage and confidence first, then findings, waterfall, rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from etscope.inspector.categories import category_of_event
from etscope.inspector.correlate.coverage import mapping_coverage
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.ledger import Ledger, ledger_of
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.durations import Clock
from etscope.inspector.fallbacks.ledger import FallbackLedger
from etscope.inspector.fallbacks.reading import fallbacks_of
from etscope.inspector.findings import Case, Finding, Rule, find
from etscope.inspector.latency import MethodLatency, latencies
from etscope.inspector.recording import Recording
from etscope.inspector.row_figures import row_figures
from etscope.inspector.rules import DEFAULT_RULES
from etscope.inspector.rules.cost import alike, outweighed
from etscope.inspector.waterfall import Part, waterfall
from etscope.inspector.wording import counted, figure, finite

SCHEMA = "etscope.latency"
VERSION = 1


@dataclass(frozen=True, eq=False)
class LatencyReport:
    """Everything there is to say about the time of one recording."""

    recording: Recording
    methods: list[MethodLatency]
    origins: list[Origins]  # one per method, row for row with its rows
    ledgers: list[Ledger]  # one per method: how much of it was mapped
    fallbacks: list[FallbackLedger]  # one per method: what ran outside of delegates
    waterfalls: list[list[Part]]  # one per method
    verdict: str
    confidence: str
    coverage: dict[str, Any]
    findings: list[Finding]

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per event of each kind of inference; absent figures are None."""
        return [row for number in range(len(self.methods)) for row in self._rows(number)]

    def _rows(self, number: int) -> list[dict[str, Any]]:
        latency, origins = self.methods[number], self.origins[number]
        rows, out = latency.rows, []
        for row in range(len(rows)):
            out.append(
                {
                    "method": latency.method,
                    "block": number,
                    "row": row,
                    "parent": int(rows.parent[row]),
                    "chain": int(rows.chain[row]),
                    "instruction": int(rows.instruction[row]),
                    "delegate_id": rows.delegate_id[row],
                    "node": origins.node_name(row),
                    "op": rows.op[row],
                    "node_op": origins.op(row),
                    "module": origins.module(row),
                    "source": origins.source(row),
                    "category": category_of_event(rows.event[row], rows.op[row], origins.op(row)),
                    "mapped_by": How(origins[row].how).phrase,
                    "mapping_confidence": origins[row].confidence.word,
                    "mapping_reason": origins[row].reason,
                    "debug_handles": list(origins[row].handles),
                    "kind": rows.kind[row],
                    "event": rows.event[row],
                    "backend": rows.backend[row],
                    "calls": float(rows.calls[row]),
                    "count": int(rows.statistics.count[row]),
                    **row_figures(latency, row),
                }
            )
        return out

    def source(self) -> dict[str, Any]:
        """What the report is of: the path as it was given, hashes as a bundle lists them."""
        manifest = self.recording.bundle.manifest if self.recording.bundle else None
        hashes = {name: e.sha256 for name, e in manifest.files.items()} if manifest else {}
        return {"path": self.recording.source, "sha256": hashes}

    def to_json(self) -> dict[str, Any]:
        """The machine-readable report; see docs/schemas/latency.json."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": self.source(),
            "verdict": self.verdict,
            "confidence": self.confidence,
            "coverage": self.coverage,
            "findings": [asdict(finding) for finding in self.findings],
            "waterfall": [
                {"method": latency.method, "unit": latency.unit, "parts": _parts(parts)}
                for latency, parts in zip(self.methods, self.waterfalls, strict=True)
            ],
            "rows": self.rows(),
        }


def _parts(parts: list[Part]) -> list[dict[str, Any]]:
    return [asdict(part) | {"value": finite(part.value)} for part in parts]


def latency_report(
    recording: Recording,
    clock: Clock | None = None,
    rules: tuple[Rule, ...] = DEFAULT_RULES,
) -> LatencyReport:
    """Answer "where does the time go" for one recording."""
    methods = latencies(recording, clock)
    join = recording.correlation
    origins = [join.of_rows(item.method, item.block.slots, item.rows) for item in methods]
    ledgers = [ledger_of(item, of) for item, of in zip(methods, origins, strict=True)]
    fallbacks = [
        fallbacks_of(item, of, recording.program) for item, of in zip(methods, origins, strict=True)
    ]
    cases = [Case(recording, *parts) for parts in zip(methods, origins, fallbacks, strict=True)]
    return LatencyReport(
        recording=recording,
        methods=methods,
        origins=origins,
        ledgers=ledgers,
        fallbacks=fallbacks,
        waterfalls=[waterfall(recording, latency) for latency in methods],
        verdict=_verdict(methods, cases),
        confidence=_confidence(recording, methods),
        coverage=_coverage(recording, methods) | mapping_coverage(recording, methods, ledgers),
        findings=find(cases, rules),
    )


def _verdict(methods: list[MethodLatency], cases: list[Case]) -> str:
    timed = [latency for latency in methods if len(latency.samples)]
    if not timed and any(len(latency.rows) for latency in methods):
        return "No method was timed as a whole: there are times of operators, but no shares."
    if not timed:
        return "No inference was timed: there is nothing to say about where the time goes."
    main = timed[0]
    rows = main.rows
    name = main.method or "the method"
    median = float(rows.statistics.p50[0])
    basis = f"p50 of {counted(len(main.runs), 'inference')}, measured"
    text = f"{name} takes {figure(median)} {main.unit} ({basis})"
    known = rows.top[np.isfinite(rows.share[rows.top])]
    if len(known):
        row = int(known[np.argmax(rows.share[known])])
        what = rows.backend[row] or rows.op[row] or rows.event[row]
        text += f"; {rows.share[row]:.0%} of it in {what} at instruction {rows.instruction[row]}"
        case = cases[methods.index(main)]
        where = case.place(row)
        text += f", {where}" if where else ""
        _, together = alike(case, row)
        if outweighed(float(rows.share[row]), together):
            text += f"; all {what} together {together:.0%}"
    more = len(timed) - 1
    return text + (f". {counted(more, 'more kind')} of inference below." if more else ".")


def _confidence(recording: Recording, methods: list[MethodLatency]) -> str:
    if not methods:
        return "none: no inference in the trace"
    fewest = min(len(latency.runs) for latency in methods)
    if recording.trace.losses:
        return "low: the trace is damaged and was read in part"
    if fewest < 10:
        return f"low: only {counted(fewest, 'inference')} of a kind"
    if recording.bundle is None:
        return "medium: no manifest, so warm-up and inputs of the inferences are not known"
    return "high: warm-up left out, inputs known"


def _coverage(recording: Recording, methods: list[MethodLatency]) -> dict[str, Any]:
    trace = recording.trace
    lost = [loss.what for loss in trace.losses]
    empty = np.diff(trace.runs.first_event)[recording.inferences] == 0
    return {
        "events": len(trace),
        "runs": len(trace.runs),
        "inferences": len(recording.inferences),
        "inferences_counted": sum(len(latency.runs) for latency in methods),
        "warmup_left_out": sum(latency.warmup_runs for latency in methods),
        "inferences_without_events": int(empty.sum()),
        "methods_known": sum(latency.method is not None for latency in methods),
        "methods_by": sorted({latency.how for latency in methods}),
        "not_nesting": sum(latency.not_nesting for latency in methods),
        "values_logged": len(trace.values),
        "time_explained_share": [
            finite(1 - latency.unexplained / latency.mean if latency.mean else float("nan"))
            for latency in methods
        ],
        "operators_unnamed": sum(
            op is None and kind == "operator"
            for latency in methods
            for op, kind in zip(latency.rows.op, latency.rows.kind, strict=True)
        ),
        "lost": lost,
        "notes": list(recording.notes),
    }
