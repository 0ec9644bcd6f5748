"""How long it takes to write an ETDump, and to find the shapes of its runs."""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from benchmarks.report import Row, table

from etscope.etdump.columns import Trace
from etscope.etdump.shapes import find_shapes, trace_of
from etscope.etdump.writer import write_etdump

EVENTS = 1_000_000
_PER_RUN = 80
_REPEATS = 5
_NAMES = [f"native_call_aten::operator_{i}.out" for i in range(40)]


def made(*, irregular: bool) -> Trace:
    """A million events in runs of 80, which all repeat each other, or all differ."""
    random = np.random.default_rng(0)
    runs = EVENTS // _PER_RUN

    def column(low: int, high: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if irregular:
            return random.integers(low, high, EVENTS)
        return np.tile(random.integers(low, high, _PER_RUN), runs)

    start = 1000 * np.arange(EVENTS)
    return trace_of(
        [*_NAMES, "Execute"], np.full(runs, len(_NAMES)), np.full(runs, _PER_RUN),
        kind=np.zeros(EVENTS), name=column(0, 40), chain=np.zeros(EVENTS),
        instruction=column(0, 37), delegate_id=column(-1, 2), delegate_name=column(-1, 3),
        start=start, end=start + 500,
    )  # fmt: skip


def _ns_per_event(call: Callable[[], object]) -> float:
    """Median CPU time: the machine may be busy with other things."""
    spent = []
    for _ in range(_REPEATS):
        begin = time.process_time_ns()
        call()
        spent.append(time.process_time_ns() - begin)
    return median(spent) / EVENTS


def _peak_mb(call: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def _row(what: str, ours: float, bound: float, unit: str) -> Row:
    return Row(
        what, f"{ours:.0f} {unit}", f"{bound:.0f} {unit}", ours / bound, "at most 1x", ours <= bound
    )


def measure() -> list[Row]:
    """One row per promise; the peer is the bound itself."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.etdp"
        for irregular, how in ((False, "regular"), (True, "all runs differ")):
            trace = made(irregular=irregular)
            spent = _ns_per_event(partial(write_etdump, trace, path))
            rows.append(_row(f"write 1M events, {how}", spent, 500, "ns/event"))
        peak = _peak_mb(partial(write_etdump, trace, path))
        rows.append(_row(f"write {path.stat().st_size / 1e6:.0f} MB, memory", peak, 64, "MB"))
    events = made(irregular=False).events
    edges = np.arange(0, EVENTS + 1, _PER_RUN)
    columns = (events.kind, events.name, events.chain, events.instruction)
    ids = (events.delegate_id, events.delegate_name)
    spent = _ns_per_event(lambda: find_shapes(*columns, *ids, edges))
    rows.append(_row("find the shapes of 1M events", spent, 60, "ns/event"))
    return rows


def main() -> None:
    """Print the table."""
    print(table(measure()))


if __name__ == "__main__":
    main()
