"""The fallback report: verdict, coverage and confidence first, then the ledger of each method."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from etscope.etdump.methods import Method
from etscope.inspector.fallbacks.around import Around
from etscope.inspector.fallbacks.ledger import Fallback, FallbackLedger
from etscope.inspector.fallbacks.lines import FallbackLine, lines_of
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.wording import counted, figure, finite

SCHEMA = "etscope.fallbacks"
VERSION = 1
#: Findings that are about the ledger.
RULES = (
    "top_fallback",
    "portable_beside_delegates",
    "no_delegate",
    "delegated_elsewhere",
    "wide_types",
    "boundary_conversions",
    "quantize_dequantize",
    "tiny_partitions",
    "delegate_overhead",
)


@dataclass(frozen=True, eq=False)
class FallbackReport:
    """What ran outside of delegates in one recording, and why."""

    report: LatencyReport
    lines: list[list[FallbackLine]]  # one list per method of the report

    @property
    def findings(self) -> list[Any]:
        """The findings that are about the ledger."""
        return [one for one in self.report.findings if one.rule in RULES]

    @property
    def verdict(self) -> str:
        """One sentence, about the kind of inference with the most time."""
        if not self.report.fallbacks:
            return "No inference was timed: there is nothing to say about what ran where."
        name = self.report.methods[0].method or "the method"
        return _verdict(self.report.fallbacks[0], name)

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per operator outside of delegates of each kind of inference."""
        return [
            self._row(number, row)
            for number, ledger in enumerate(self.report.fallbacks)
            for row in ledger.rows
        ]

    def to_json(self) -> dict[str, Any]:
        """The machine-readable report; see docs/schemas/fallbacks.json."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": self.report.source(),
            "verdict": self.verdict,
            "confidence": self.report.confidence,
            "coverage": self._coverage(),
            "findings": [asdict(finding) for finding in self.findings],
            "lines": [
                _line_json(self.report, number, line)
                for number, lines in enumerate(self.lines)
                for line in lines
            ],
            "rows": self.rows(),
        }

    def _coverage(self) -> dict[str, Any]:
        known = self.report.coverage
        return {
            **{k: known[k] for k in ("inferences", "inferences_counted", "record", "program")},
            "methods": [self._covered(number) for number in range(len(self.report.methods))],
            "notes": [*known["notes"], *known["join_notes"]],
        }

    def _covered(self, number: int) -> dict[str, Any]:
        ledger, latency = self.report.fallbacks[number], self.report.methods[number]
        unit = ledger.unit
        return {
            "method": latency.method,
            "block": number,
            "backends": list(ledger.backends),
            "delegate_calls": ledger.delegate_calls,
            "operators": len(ledger.rows),
            "islands": len(ledger.islands),
            f"method_{unit}": finite(latency.mean),
            f"outside_{unit}": finite(ledger.time),
            "share": finite(ledger.share),
            f"gain_estimated_{unit}": finite(ledger.gain),
            "reason_known": sum(row.reason.kind != "unknown" for row in ledger.rows),
            "inside_estimated": sum(math.isfinite(row.gain.inside) for row in ledger.rows),
        }

    def _row(self, number: int, row: Fallback) -> dict[str, Any]:
        latency, origins = self.report.methods[number], self.report.origins[number]
        unit, rows, gain = latency.unit, latency.rows, row.gain
        return {
            "method": latency.method,
            "block": number,
            "row": row.row,
            "chain": int(rows.chain[row.row]),
            "instruction": int(rows.instruction[row.row]),
            "op": row.operator,
            "node": origins.node_name(row.row),
            "module": origins.module(row.row),
            "source": origins.source(row.row),
            "calls": float(rows.calls[row.row]),
            f"per_inference_{unit}": finite(row.time),
            "share": finite(row.share),
            "dtypes": list(row.types),
            "reason": row.reason.kind,
            "reason_text": row.reason.text,
            "island": None if row.island < 0 else row.island,
            "island_members": self._members(number, row),
            f"gain_estimated_{unit}": finite(gain.value),
            "gain_at_most": gain.at_most,
            f"inside_estimated_{unit}": finite(gain.inside),
            f"edges_{unit}": finite(gain.edges),
            f"calls_saved_{unit}": finite(gain.calls),
            "gain_basis": gain.basis,
            "around": [_around_json(one, origins.plan, unit) for one in row.around],
            "takers": list(row.takers),
        }

    def _members(self, number: int, row: Fallback) -> int | None:
        islands = self.report.fallbacks[number].islands
        return len(islands[row.island].members) if row.island >= 0 else None


def fallback_report(report: LatencyReport) -> FallbackReport:
    """The ledger of a latency report, with its lines."""
    pairs = zip(report.fallbacks, report.origins, strict=True)
    return FallbackReport(report, [lines_of(ledger, origins) for ledger, origins in pairs])


def _verdict(ledger: FallbackLedger, name: str) -> str:
    if not ledger.rows:
        return f"Nothing of {name} ran outside of delegates."
    many = counted(len(ledger.rows), "operator")
    if not math.isfinite(ledger.share):
        what = "they were" if math.isfinite(ledger.whole) else "the method was"
        return f"{many} of {name} ran outside of delegates; {what} not timed."
    took = f"{figure(ledger.time)} {ledger.unit}, {ledger.share:.0%} of {name} (measured)"
    if not ledger.delegate_calls:
        return f"{name} calls no delegate: {many} take {took}."
    text = f"{many} outside of {counted(ledger.delegate_calls, 'delegate')} "
    text += f"{'takes' if len(ledger.rows) == 1 else 'take'} {took}"
    if not ledger.gain > 0:
        return f"{text}."
    most = "at most" if any(row.gain.at_most for row in ledger.rows) else "about"
    return f"{text}; inside they could save {most} {figure(ledger.gain)} {ledger.unit} (estimated)."


def _line_json(report: LatencyReport, number: int, line: FallbackLine) -> dict[str, Any]:
    latency = report.methods[number]
    unit, instruction = latency.unit, latency.rows.instruction
    return {
        "method": latency.method,
        "block": number,
        "source": line.source,
        "module": line.module,
        "ops": list(line.operators),
        "instructions": sorted({int(instruction[row.row]) for row in line.rows}),
        f"per_inference_{unit}": finite(line.time),
        "share": finite(line.time / latency.mean) if latency.mean else None,
        f"gain_estimated_{unit}": finite(line.gain),
        "gain_at_most": line.at_most,
        "reasons": list(dict.fromkeys(row.reason.kind for row in line.rows)),
    }


def _around_json(one: Around, plan: Method | None, unit: str) -> dict[str, Any]:
    table = None if plan is None else plan.instructions
    return {
        "kind": one.kind,
        "op": one.operation,
        "chain": -1 if table is None else int(table.chain[one.instruction]),
        "instruction": -1 if table is None else int(table.instruction[one.instruction]),
        "inside_delegate": one.inside,
        "row": None if one.row < 0 else one.row,
        "below_resolution": one.below is not None,
        f"per_inference_{unit}": finite(one.time),
    }
