"""How far a capture is, on stderr: bars on a screen, one line per pass in a pipe."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from etscope.devtools.terminal import console, is_terminal, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: Called with (stage, steps done, steps in all), as `capture` does.
Report = Callable[[str, int, int], None]

_WORDS = {
    "export": "load and export",
    "untraced": "untraced pass",
    "timing": "timing pass",
    "tensors": "tensor pass",
    "footprint": "footprint pass",
    "calibration": "calibration",
}


@contextlib.contextmanager
def shown_progress() -> Iterator[Report]:
    """Gives what to call with every step."""
    if not is_terminal(sys.stderr):
        yield _Lines().report
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(sys.stderr)) as progress:
        yield _Bars(progress).report


class _Lines:
    """Names every stage when it begins, so that the last line tells where a capture hangs."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def report(self, stage: str, done: int, total: int) -> None:
        if stage in self._seen:
            return
        self._seen.add(stage)
        steps = f": {total:,} inferences" if total > 1 else ""
        say(_WORDS.get(stage, stage) + steps, stream=sys.stderr)
        sys.stderr.flush()


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def report(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            words = f"{_WORDS.get(stage, stage):<16}"
            self._tasks[stage] = self._progress.add_task(words, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)
