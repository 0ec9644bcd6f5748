"""The source view for machines: one row per line, the remainder in the coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from etscope.inspector.correlate.ledger import Bucket
from etscope.inspector.source_view.line_figures import OperatorUse
from etscope.inspector.source_view.verdict import (
    confidence,
    confidence_parts,
    findings,
    verdict,
)
from etscope.inspector.source_view.view import MethodLines, SourceView
from etscope.inspector.wording import finite

SCHEMA = "etscope.source"
VERSION = 1

#: Whether a line of a method's file is wanted.
Choice = Callable[[MethodLines, str], bool]


def source_json(view: SourceView, choice: Choice = lambda lines, file: True) -> dict[str, Any]:
    """The machine-readable source view; see docs/schemas/source.json.

    Args:
        choice: of which methods and files to give the rows. Coverage is that of all.
    """
    recording = view.report.recording
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "source": view.report.source(),
        "verdict": verdict(view.methods[0] if view.methods else None),
        "confidence": confidence(view),
        "coverage": {
            "record": recording.record is not None,
            "program": recording.program is not None,
            "methods": [_coverage(lines, block) for block, lines in enumerate(view.methods)],
            "notes": view.notes,
        },
        "findings": [asdict(finding) for finding in findings(view)],
        "files": [
            _file(lines, block, file)
            for block, lines in enumerate(view.methods)
            for file in lines.files
        ],
        "rows": [
            _row(view, lines, block, number)
            for block, lines in enumerate(view.methods)
            for file in lines.files
            if choice(lines, file)
            for number in lines.lines_of(file).tolist()
        ],
    }


def _coverage(lines: MethodLines, block: int) -> dict[str, Any]:
    unit = lines.latency.unit
    on_lines = float(lines.self_time.sum())
    return {
        "method": lines.latency.method,
        "block": block,
        f"method_{unit}": finite(lines.whole),
        "method_timed": lines.times.timed,
        "events_beside_method": lines.beside,
        f"on_lines_{unit}": on_lines,
        "on_lines_share": finite(lines.share(on_lines)),
        "mapped_time_share": finite(lines.ledger.mapped_share("time")),
        "mapping_confidence": {
            word: finite(share) for word, share in confidence_parts(lines).items()
        },
        "remainder": [_bucket(lines, bucket) for bucket in lines.remainder],
    }


def _bucket(lines: MethodLines, bucket: Bucket) -> dict[str, Any]:
    return {
        "name": bucket.name,
        "kind": bucket.kind,
        "reason": bucket.reason,
        f"self_{lines.latency.unit}": bucket.time,
        "self_share": finite(lines.share(bucket.time)),
        "operators": bucket.operators,
    }


def _file(lines: MethodLines, block: int, file: str) -> dict[str, Any]:
    time = lines.file_time(file)
    return {
        "method": lines.latency.method,
        "block": block,
        "file": file,
        f"self_{lines.latency.unit}": time,
        "self_share": finite(lines.share(time)),
        "lines": len(lines.lines_of(file)),
    }


def _row(view: SourceView, lines: MethodLines, block: int, number: int) -> dict[str, Any]:
    unit, index = lines.latency.unit, lines.index
    file, line = index.files[int(index.file[number])], int(index.line[number])
    own, total = float(lines.self_time[number]), float(lines.total_time[number])
    # What a clock cannot tell from nothing is not 0.
    own_most = None if own else float(lines.untold[number]) or None
    most = None if total else float(lines.untold_total[number]) or None
    events, sure = index.rows_of(number), lines.lowest[number]
    return {
        "method": lines.latency.method,
        "block": block,
        "file": file,
        "line": line,
        "source": index.place(number),
        "function": index.function[number],
        "text": view.snippets.get(file, {}).get(line, ""),
        f"self_{unit}": own if own_most is None else None,
        f"total_{unit}": total if most is None else None,
        "self_share": finite(lines.share(own)) if own_most is None else None,
        "share": finite(lines.share(total)) if most is None else None,
        f"self_at_most_{unit}": None if own_most is None else finite(own_most),
        f"at_most_{unit}": None if most is None else finite(most),
        "calls": float(lines.calls[number]),
        "ops": [_use(use, unit) for use in lines.operators(number)],
        "modules": lines.modules(number),
        "mapped_by": lines.grounds(number),
        "mapping_confidence": sure.word if len(events) else None,
        "events": events.tolist(),
    }


def _use(use: OperatorUse, unit: str) -> dict[str, Any]:
    return {
        "op": use.name,
        "backend": use.backend,
        "delegated": use.delegated,
        "places": use.rows,
        "calls": use.calls,
        f"self_{unit}": use.time or None,
    }
