"""The roll-up report: verdict, coverage and confidence first, then the tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.rollups import ROLLUPS
from etscope.inspector.rollups.table import Entry, Rollup
from etscope.inspector.rollups.verdict import verdict
from etscope.inspector.wording import counted, finite

SCHEMA = "etscope.rollup"
VERSION = 1
#: What an entry may join by, in the order of the JSON rows.
_KEYS = (
    *("chain", "instruction", "op", "module", "module_type"),
    *("source", "file", "function", "category", "backend"),
)


@dataclass(frozen=True, eq=False)
class RollupReport:
    """The time of every kind of inference of a recording, summed by one thing."""

    report: LatencyReport
    by: str  # one of ROLLUPS
    rollups: list[Rollup]  # one per method of the report
    verdict: str
    confidence: str

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per entry of each kind of inference; absent figures are None."""
        return [
            _row(rollup, number, at, entry)
            for number, rollup in enumerate(self.rollups)
            for at, entry in enumerate(rollup.entries)
        ]

    def to_json(self) -> dict[str, Any]:
        """The machine-readable report; see docs/schemas/rollup.json."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": self.report.source(),
            "by": self.by,
            "verdict": self.verdict,
            "confidence": self.confidence,
            "coverage": self._coverage(),
            "findings": [asdict(finding) for finding in self.report.findings],
            "rows": self.rows(),
        }

    def _coverage(self) -> dict[str, Any]:
        known = self.report.coverage
        same = ("inferences", "inferences_counted", "warmup_left_out", "record", "program")
        return {
            **{key: known[key] for key in same},
            "methods": [_covered(rollup, at) for at, rollup in enumerate(self.rollups)],
            "notes": [*known["notes"], *known["join_notes"]],
        }


def rollup_report(report: LatencyReport, by: str) -> RollupReport:
    """Sum the times of a latency report by op, module, category, source or delegate."""
    rollups = [
        ROLLUPS[by](latency, origins)
        for latency, origins in zip(report.methods, report.origins, strict=True)
    ]
    blind = needs_record(by) and report.recording.record is None
    sentence = verdict(rollups[0], blind=blind) if rollups else report.verdict
    if len(rollups) > 1:
        sentence += f" {counted(len(rollups) - 1, 'more kind')} of inference below."
    return RollupReport(report, by, rollups, sentence, _confidence(report, by, rollups))


def needs_record(by: str) -> bool:
    """Whether a roll-up rests on the join with a record."""
    return by in ("module", "source")


def _confidence(report: LatencyReport, by: str, rollups: list[Rollup]) -> str:
    """That of the times; and where a mapping is in doubt, how much of it."""
    if not rollups or not needs_record(by):
        return report.confidence
    sure = rollups[0].sure
    whole = sum(sure.values())
    if not whole > 0 or sure["exact"] >= 0.995 * whole:
        return report.confidence
    parts = [f"{time / whole:.0%} {word}" for word, time in sure.items() if time > 0]
    return f"{report.confidence}; mapping: {', '.join(parts)}"


def _covered(rollup: Rollup, number: int) -> dict[str, Any]:
    out = {
        "method": rollup.method,
        "block": number,
        f"method_{rollup.unit}": finite(rollup.whole),
        "method_timed": rollup.timed,
        "named_share": finite(rollup.named),
        "events_beside_method": rollup.beside,
    }
    return out | {
        f"mapped_{word}_share": finite(rollup.share(time)) for word, time in rollup.sure.items()
    }


def _row(rollup: Rollup, number: int, at: int, entry: Entry) -> dict[str, Any]:
    unit = rollup.unit
    # What a clock cannot tell from nothing is not nothing.
    own = None if entry.own_below else finite(entry.own)
    total = None if entry.below else finite(entry.total)
    return {
        "method": rollup.method,
        "block": number,
        "row": at,
        "parent": entry.parent,
        "level": entry.level,
        "kind": "remainder" if entry.remainder else "entry",
        "name": entry.name,
        "detail": entry.detail,
        **{key: entry.keys.get(key) for key in _KEYS},
        "calls": entry.calls,
        "operators": entry.operators,
        "events_without_time": entry.untimed,
        f"self_{unit}": own,
        f"total_{unit}": total,
        "self_share": None if own is None else finite(rollup.share(own)),
        "share": None if total is None else finite(rollup.share(total)),
        f"self_at_most_{unit}": None if entry.own_below is None else finite(entry.own_below),
        f"at_most_{unit}": None if entry.below is None else finite(entry.below),
    }
