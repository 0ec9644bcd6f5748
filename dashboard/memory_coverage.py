"""The coverage of a memory report in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from etscope.dashboard.wording import digits, percent

_WORDS = {
    "methods": "methods looked at",
    "methods_left_out": "methods of the program that were not looked at",
    "values_planned": "values that the plan places",
    "values_upper_bound": "of them with the largest shape there can be",
    "values_untouched": "of them used by no instruction",
    "values_unplanned": "inputs and outputs that the caller places",
    "values_placed": "planned values with a known node or line of the model",
    "bytes_planned": "bytes of planned values",
    "bytes_placed": "of them with a known node or line of the model",
    "delegates": "delegates",
    "delegates_inside_unknown": "backends whose own memory is not in the file",
    "delegate_calls_guessed": "calls of delegates of which what they write is guessed",
    "temp_allocator": "the temp allocator",
    "footprint": "memory of the process",
    "roofline_time_share": "time of operators whose arithmetic and bytes are counted",
    "allocation_events": "allocations that the runtime recorded",
}


def coverage_words(coverage: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was looked at, and how much of it is known; notes are told elsewhere."""
    for key, value in coverage.items():
        if key != "notes":
            yield _WORDS.get(key, key.replace("_", " ")), _text(key, value)


def _text(key: str, value: object) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value[:20]) or "none"
    if isinstance(value, float):
        return (percent(value) if key.endswith("_share") else None) or digits(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
