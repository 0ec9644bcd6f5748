"""What can still be read of a damaged dump.

Two ways, and the one that yields more events wins: the runs that are still
whole, and a scan of the whole file for profile events, which needs neither
the root nor the runs. The scan is what saves a dump that the runtime broke by
logging a half-precision tensor: its tables are all there, only unreachable.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from etscope.etdump import schema
from etscope.etdump.columns import Bytes, Loss, Trace
from etscope.etdump.errors import EmptyTrace, TraceError
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.reader import assemble, open_root
from etscope.etdump.runs import RunReader, RunTables
from etscope.etdump.scan import find_profile_events, rebuild
from etscope.etdump.strings import StringTable

#: Once this many runs turned out bad, those around the next one are not looked at one by one.
_MOST_LOSSES = 16


def salvage(data: Bytes, path: str | None, error: TraceError) -> Trace:
    """The best that can be had of a dump that `error` says is damaged.

    Raises:
        TraceError: `error` itself, when not a single event can be read.
    """
    whole = _whole_runs(data, path)
    buffer = FlatBuffer(data, path=path)
    found = find_profile_events(buffer)
    readable = 0 if whole is None else int((whole.end > 0).sum())
    if whole is not None and readable >= len(found):
        best = whole
    elif len(found):
        best = rebuild(buffer, found)
    elif isinstance(error, EmptyTrace):  # the file is whole: there was nothing to lose
        raise error
    else:
        raise type(error)(
            f"{error.message}, and not one event can be found in it",
            path=path,
            offset=error.offset,
            cure="Record the trace again, or copy it again in binary mode.",
        )
    return replace(best, losses=(Loss(error.message, error.offset), *best.losses))


def _whole_runs(data: Bytes, path: str | None) -> Trace | None:
    """The runs that can be read from end to end; None when there is none."""
    buffer = FlatBuffer(data, path=path)
    strings = StringTable(buffer)
    try:
        root, version = open_root(buffer, whole=False)
        starts, counts = buffer.vectors(buffer.references(root, schema.ETDump.RUNS), 4, "the runs")
    except TraceError:
        return None
    slots = buffer.items(starts, counts, 4, "the runs")
    tables, lost = _readable_runs(buffer, strings, slots)
    if not len(tables):
        return None
    try:
        reader = RunReader(buffer, strings, RunTables.read(buffer, strings, tables))
        reader.read_all()
        trace = assemble(reader, version=version, path=path)
    except TraceError:  # the good ones together claim more than the file holds
        return None
    return replace(trace, losses=tuple(lost)) if len(trace) else None


def _readable_runs(
    buffer: FlatBuffer, strings: StringTable, slots: Positions
) -> tuple[Positions, list[Loss]]:
    """(tables of the runs that can be read, what is wrong with the others)."""
    good: list[int] = []
    lost: list[Loss] = []

    def examine(some: Positions) -> None:
        # Halving finds a few bad runs among a million in little time.
        pending = [some]
        while pending:
            part = pending.pop()
            problem = _problem(buffer, strings, part)
            if problem is None:
                good.extend(buffer.follow(part).tolist())
            elif len(part) > 1 and len(lost) >= _MOST_LOSSES:
                lost.append(Loss(f"{len(part)} runs: {problem.message}", problem.offset))
            elif len(part) > 1:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
            else:
                lost.append(Loss(f"a run: {problem.message}", problem.offset))

    for low in range(0, len(slots), 256):
        examine(slots[low : low + 256])
    return np.array(good, np.int64), lost


def _problem(buffer: FlatBuffer, strings: StringTable, slots: Positions) -> TraceError | None:
    """Why these runs cannot all be read; None when they can."""
    trial = FlatBuffer(buffer.data, path=buffer.path)
    try:
        runs = RunTables.read(trial, StringTable(trial), trial.follow(slots))
        reader = RunReader(trial, StringTable(trial), runs)
        reader.read_any(np.arange(len(slots)))
        if not int(reader.first_event[-1]) or not _plausible(reader):
            return trial.corrupt("no event in it is one", int(slots[0]))
    except TraceError as error:
        return error
    return None


def _plausible(reader: RunReader) -> bool:
    """Whether what was read as runs was written as such, not some other table."""
    names = reader.strings.strings
    events = np.concatenate([shape.name for shape in reader.shapes])
    texts = [names[index] for index in np.unique(events[events >= 0]).tolist()]
    return all(_is_text(text) for text in texts)


def _is_text(text: str) -> bool:
    return text.isprintable() and "\\x" not in text
