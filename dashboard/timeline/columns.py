"""The timeline of a recording as columns, and those as bytes with a header in JSON.

All columns are little-endian and begin at a multiple of eight bytes, so that a browser
looks at them in place. Times are ticks of the trace's clock since `origin`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.timeline.gather import Gathered, gathered
from etscope.dashboard.timeline.keys import GROUPS, KINDS
from etscope.dashboard.timeline.mips import FIRST_LEVEL, levels_of
from etscope.dashboard.timeline.tracks import MOST_DEPTHS, Tracks, tracks_of
from etscope.etdump.columns import Ints, Words
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.recording import Recording
from etscope.inspector.units import TimeScale
from etscope.inspector.wording import counted

FORMAT, VERSION = "etscope.timeline", 1
_TYPES = {"f8": "f64", "f4": "f32", "u4": "u32", "u2": "u16", "u1": "u8", "i4": "i32"}
#: Flags of a run.
INFERENCE, WARMUP = 1, 2


@dataclass(frozen=True, eq=False)
class Timeline:
    """Everything that is drawn, as bytes. The same recording always gives the same.

    Attributes:
        header: what the columns are, and the names; small beside them.
        data: the columns, one after the other.
    """

    header: dict[str, Any]
    data: bytes

    def __len__(self) -> int:
        """How many slices there are."""
        return int(self.header["slices"])

    @cached_property
    def key(self) -> str:
        """A hash of all of it, to keep it by: 64 hexadecimal digits."""
        digest = hashlib.sha256(self.header_json.encode("ascii"))
        digest.update(self.data)
        return digest.hexdigest()

    @cached_property
    def header_json(self) -> str:
        """The header as text; ASCII only."""
        return json.dumps(self.header, separators=(",", ":"), allow_nan=False, sort_keys=True)


def timeline_of(report: LatencyReport, source: TimeScale = TimeScale.NS) -> Timeline:
    """The timeline of the recording that a report is about; rows are those of the report.

    Args:
        source: the unit of the trace's clock, which the file does not say.
    """
    found = gathered(report, source)
    tracks = tracks_of(found.slices, found.lanes)
    origin = _origin(tracks)
    columns = _slice_columns(tracks, origin) | _key_columns(found)
    columns |= _run_columns(report.recording)
    levels = levels_of(tracks)
    for number, level in enumerate(levels):
        columns[f"covered{number}"] = level.covered
        columns[f"longest{number}"] = level.longest
    data, places = _packed(columns)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "clock": {"unit": source.value, "origin": str(origin)},
        "span": _span(tracks, origin),
        "slices": len(tracks.slices),
        "columns": places,
        "texts": list(found.keys.texts),
        "kinds": list(KINDS),
        "groups": list(GROUPS),
        "methods": [latency.method for latency in report.methods],
        "lanes": [lane.to_json() for lane in found.lanes],
        "tracks": {
            "lane": tracks.lane.tolist(),
            "depth": tracks.depth.tolist(),
            "first": tracks.first.tolist(),
        },
        "levels": {"first": FIRST_LEVEL, "count": len(levels)},
        "notes": _notes(found, tracks),
    }
    return Timeline(header, data)


def _origin(tracks: Tracks) -> int:
    start = tracks.slices.start
    return int(start.min()) if len(start) else 0


def _since(start: Words, origin: int) -> NDArray[np.float64]:
    return np.asarray((start - np.uint64(origin)).astype(np.float64))


def _span(tracks: Tracks, origin: int) -> float:
    """Ticks from the first start to the last end."""
    if not len(tracks.slices):
        return 0.0
    return float((_since(tracks.slices.start, origin) + tracks.slices.duration).max())


def _slice_columns(tracks: Tracks, origin: int) -> dict[str, NDArray[Any]]:
    slices = tracks.slices
    return {
        "start": _since(slices.start, origin),
        "duration": slices.duration,
        "key": slices.key,
        "run": slices.run,
    }


def _key_columns(found: Gathered) -> dict[str, NDArray[Any]]:
    keys = found.keys
    signed = {"block": keys.block, "row": keys.row, "name": keys.name, "event": keys.event}
    signed |= {"module": keys.module, "source": keys.source}
    columns: dict[str, NDArray[Any]] = {
        f"key_{name}": np.array(column, np.int32) for name, column in signed.items()
    }
    columns["key_kind"] = np.array(keys.kind, np.uint8)
    columns["key_group"] = np.array(keys.group, np.uint8)
    columns["key_step"] = np.array(keys.step, np.float64)
    return columns


def _run_columns(recording: Recording) -> dict[str, NDArray[Any]]:
    """Per run of the trace: which inference it is (-1: none), what it ran on, what it counts as."""
    runs = len(recording.trace.runs)
    number = np.full(runs, -1, np.int32)
    number[recording.inferences] = np.arange(len(recording.inferences))
    flags = np.zeros(runs, np.uint8)
    flags[recording.inferences] = INFERENCE
    flags[recording.warmup] |= WARMUP
    return {"run_number": number, "run_input": recording.input_set, "run_flags": flags}


def _packed(columns: dict[str, NDArray[Any]]) -> tuple[bytes, dict[str, list[Any]]]:
    """The columns one after the other, and of each [type, first byte, length]."""
    parts: list[bytes] = []
    places: dict[str, list[Any]] = {}
    at = 0
    for name, column in columns.items():
        raw = column.astype(column.dtype.newbyteorder("<")).tobytes()
        places[name] = [_TYPES[column.dtype.str[1:]], at, len(column)]
        parts += [raw, bytes(-len(raw) % 8)]
        at += len(raw) + -len(raw) % 8
    return b"".join(parts), places


def _notes(found: Gathered, tracks: Tracks) -> list[str]:
    """What is not shown as it was read, in sentences."""
    out = []
    if found.untimed:
        events = counted(found.untimed, "event")
        out.append(f"{events} ended before their start and have no time: they are not drawn.")
    if tracks.too_deep:
        events = counted(tracks.too_deep, "event")
        out.append(f"{events} lie more than {MOST_DEPTHS} deep and are not drawn.")
    out += _lane_notes(found, tracks.first, tracks.lane)
    return out


def _lane_notes(found: Gathered, first: Ints, lane: Sequence[int] | Ints) -> list[str]:
    out = []
    counts = np.zeros(len(found.lanes), np.int64)
    np.add.at(counts, np.asarray(lane, np.int64), np.diff(first))
    for number, one in enumerate(found.lanes):
        if one.kind == "overlapping" and counts[number]:
            events = counted(int(counts[number]), "event")
            out.append(
                f"{one.name}: {events} lie across others of their row, in rows of their own."
            )
        if one.moved:
            moved = counted(one.moved, "call")
            out.append(
                f"{one.name}: the events of {moved} were read off another clock and are moved to "
                "the start of their call. Only their lengths and distances are measured."
            )
    return out
