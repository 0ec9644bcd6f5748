"""The bottom of the report: how it was recorded, what was lost, how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import markup
from etscope.etdump.manifest import Manifest
from etscope.inspector.latency_report import LatencyReport

#: A manifest may come from anywhere and be of any size.
_ENTRIES = 40
_DEPTH = 4
_TEXT = 300
_NOTES = 200


def environment(report: LatencyReport) -> str:
    """What the manifest says about the run, as tables of two columns."""
    bundle = report.recording.bundle
    if bundle is None:
        return (
            "<p>This is a bare trace: nothing tells which runtime made it, on which machine, with "
            "which inputs and how much warm-up. Record a bundle to know.</p>"
        )
    manifest = bundle.manifest
    groups: list[tuple[str, Any]] = [
        ("Run", _run(manifest)),
        ("Runtime", manifest.runtime),
        ("Host", manifest.host),
        ("Model", manifest.model),
        ("Inputs", manifest.inputs),
        ("Passes", {name: _outcome(manifest, name) for name in manifest.passes}),
        ("Tools", manifest.tool),
        ("Files", {name: f"{e.bytes:,} bytes, sha256 {e.sha256}" for name, e in _files(manifest)}),
    ]
    return "".join(
        f"<section><h3>{name}</h3>{_pairs(name, value)}</section>"
        for name, value in groups
        if value
    )


def _files(manifest: Manifest) -> list[tuple[str, Any]]:
    return sorted(manifest.files.items())


def _run(manifest: Manifest) -> dict[str, Any]:
    warm = sum(run.count for run in manifest.inferences if run.warmup)
    counted = sum(run.count for run in manifest.inferences if not run.warmup)
    return {
        "recorded": manifest.created,
        "methods": list(manifest.methods),
        "inferences": f"{counted:,} counted, {warm:,} warm-up",
        "input sets": len({(run.method, run.input_set) for run in manifest.inferences}),
        "clock": manifest.clock,
    }


def _outcome(manifest: Manifest, name: str) -> dict[str, Any]:
    outcome = manifest.passes[name]
    values = {
        "status": outcome.status,
        "reason": outcome.reason,
        "buffer planned [bytes]": outcome.buffer_bytes_planned,
        "buffer used [bytes]": outcome.buffer_bytes_used,
        "tries": outcome.tries,
    }
    return {key: value for key, value in values.items() if value is not None}


def _pairs(caption: str, value: Any) -> str:
    lines = list(_flat("", value, _DEPTH))
    rows = "".join(
        f"<div><dt><bdi>{markup(key, 120)}</bdi></dt>"
        f"<dd><bdi>{markup(text, _TEXT)}</bdi></dd></div>"
        for key, text in lines[:_ENTRIES]
    )
    more = len(lines) - _ENTRIES
    note = f"<p>{more} more entries are in manifest.json.</p>" if more > 0 else ""
    return f'<dl class="pairs" aria-label="{caption}">{rows}</dl>{note}'


def _flat(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """(dotted name, text) of every value; what lies too deep is one text."""
    if isinstance(value, Mapping) and depth:
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner, depth - 1)
        return
    if isinstance(value, Sequence) and not isinstance(value, str) and depth:
        if all(isinstance(one, str | int | float | bool) for one in value):
            yield path, ", ".join(str(one) for one in value[:_ENTRIES]) + _more(value)
            return
        for number, inner in enumerate(value[: _ENTRIES + 1]):
            yield from _flat(f"{path}[{number}]", inner, depth - 1)
        return
    yield path, "none" if value is None else _scalar(value)


def _more(value: Sequence[Any]) -> str:
    return f" … {len(value) - _ENTRIES} more" if len(value) > _ENTRIES else ""


def _scalar(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def losses(report: LatencyReport) -> str:
    """What could not be read or used, in full sentences; nothing, where nothing was lost."""
    notes = list(dict.fromkeys(report.recording.notes))
    if not notes:
        return "<p>Nothing was lost, and nothing in the recording contradicts itself.</p>"
    items = "".join(f"<li>{markup(note, 1000)}</li>" for note in notes[:_NOTES])
    more = len(notes) - _NOTES
    rest = f"<p>{more} more notes are in the JSON report.</p>" if more > 0 else ""
    return f"<ul>{items}</ul>{rest}"


def coverage_table(report: LatencyReport) -> str:
    """Every count of the coverage, as the JSON report names it."""
    rows = [
        [f"<code>{markup(key)}</code>", markup(_count(value), _TEXT)]
        for key, value in report.coverage.items()
        if key not in ("lost", "notes")
    ]
    return plain_table("Coverage", ["what", "count"], rows)


def _count(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join("unknown" if one is None else _count(one) for one in value[:20])
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
