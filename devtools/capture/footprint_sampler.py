"""The resident pages of another process over time, read in a thread of this one.

From outside, because the bindings hold the interpreter of the process that runs
the model: a thread in there would stand still whenever there is something to see.
"""

from __future__ import annotations

import os
from threading import Event, Thread
from time import monotonic_ns

from etscope.etdump.footprint import Samples

INTERVAL_S = 0.002

#: So many readings are held; then every other one goes, and readings come half as often.
ROOM = 20_000

Reading = tuple[int, int]  # monotonic ns, bytes


class RssSampler:
    """Reads from `start` to `stop`, or until the process is gone.

    Readings equal to both their neighbours are not kept.
    """

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self._stop = Event()
        self._thread: Thread | None = None

    def start(self, pid: int) -> None:
        """Begin to read the pages of a process."""
        self._thread = Thread(target=self._run, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, pid: int) -> None:
        interval = INTERVAL_S
        while size := _resident_bytes(pid):
            self._add(monotonic_ns(), size)
            if len(self.readings) > ROOM:
                del self.readings[1:-1:2]
                interval *= 2
            if self._stop.wait(interval):
                break

    def _add(self, now: int, size: int) -> None:
        kept = self.readings
        if len(kept) >= 2 and kept[-1][1] == kept[-2][1] == size:
            kept.pop()
        kept.append((now, size))


def _resident_bytes(pid: int) -> int:
    """0 when the process is gone."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0 if os.path.isdir("/proc/self") else _elsewhere(pid)
    except (OSError, ValueError, IndexError):
        return 0


def _elsewhere(pid: int) -> int:
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def samples_of(readings: list[Reading], origin_ns: int, border_ns: int, most: int) -> Samples:
    """At most `most` readings, a quarter of them from before `border_ns`, in ms since `origin_ns`.

    Loading libraries takes most of the time, and what happens after it is what matters.
    """
    before = [row for row in readings if row[0] < border_ns]
    after = [row for row in readings if row[0] >= border_ns]
    kept = _thinned(before, most // 4) + _thinned(after, most - most // 4)
    return Samples(
        tuple(max(round((at - origin_ns) / 1e6, 3), 0.0) for at, _ in kept),
        tuple(size for _, size in kept),
    )


def _thinned(readings: list[Reading], most: int) -> list[Reading]:
    """The largest of each group of neighbours, in at most so many groups of equal size."""
    step = -(-len(readings) // max(most, 1)) or 1
    groups = (readings[begin : begin + step] for begin in range(0, len(readings), step))
    return [max(group, key=lambda row: row[1]) for group in groups]
