"""The columns of a timeline as tests read them: from its bytes and header, as a browser does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from latency_reports import mixed
from numpy.typing import NDArray
from traces import Run

from etscope.dashboard.timeline.columns import Timeline

_TYPES = {"f64": "<f8", "f32": "<f4", "u32": "<u4", "i32": "<i4", "u8": "u1"}


def column(timeline: Timeline, name: str) -> NDArray[Any]:
    """One column by its name."""
    kind, first, length = timeline.header["columns"][name]
    assert first % 8 == 0
    return np.frombuffer(timeline.data, _TYPES[kind], length, first)


def of_slices(timeline: Timeline, name: str) -> list[Any]:
    """A column of the keys, slice by slice."""
    found: list[Any] = column(timeline, name)[column(timeline, "key")].tolist()
    return found


def names_of_rows(timeline: Timeline) -> list[list[str]]:
    """The names of the slices, row by row."""
    texts = timeline.header["texts"]
    names = [texts[name] for name in of_slices(timeline, "key_name")]
    return [names[low:high] for low, high in pairwise(timeline.header["tracks"]["first"])]


def in_turn(count: int) -> list[Run]:
    """Inferences of 100 µs, each 200 µs after the one before: two operators and a delegate."""
    return [_later(mixed(), 200_000 * at) for at in range(count)]


def _later(run: Run, by: int) -> Run:
    moved = [replace(one, start=one.start + by, end=one.end + by) for one in run.events]
    return replace(run, events=tuple(moved))
