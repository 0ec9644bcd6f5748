"""Opening and aggregating real dumps, beside executorch.devtools and beside a plain read()."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.real_dumps import real_dump
from benchmarks.report import Row, table

_IN_PROCESS = (("regular", 100_000, 300), ("regular", 300_000, 300), ("irregular", 100_000, 50))
_WHOLE = (1_000, 100_000)
_LARGE = 10_000_000

_OURS = """
import sys
from etscope.inspector import Inspector
blocks = Inspector(sys.argv[1]).event_blocks
print(len([block.statistics for block in blocks]))
"""
_REAL = """
import sys, warnings
warnings.simplefilter("ignore")
from executorch.devtools import Inspector
print(len(Inspector(sys.argv[1]).to_dataframe()))
"""
_BESIDE_READ = """
import json, sys, time
from etscope.inspector import Inspector

def anonymous():
    for line in open("/proc/self/status"):
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024

path, figures = sys.argv[1], []
for _ in range(4):
    at = time.process_time()
    size = len(open(path, "rb").read())
    read, at, before = time.process_time() - at, time.process_time(), anonymous()
    inspector = Inspector(path)
    statistics = [block.statistics for block in inspector.event_blocks]
    taken = time.process_time() - at
    events = len(inspector.trace)
    figures.append((taken / read, taken / events * 1e9, (anonymous() - before) / events))
    del inspector, statistics
print(json.dumps({"events": events, "bytes": size, "figures": figures[1:]}))
"""


def _cpu() -> float:
    """Processor seconds of this process and its children: the real Inspector runs flatc."""
    return sum(os.times()[:4])


def _in_process(path: Path, kind: str, bound: int) -> Row:
    real = import_module("executorch.devtools").Inspector
    ours = import_module("etscope.inspector").Inspector
    import_module("pandas")
    at = _cpu()
    wanted = real(str(path)).to_dataframe()
    theirs, times = _cpu() - at, []
    for _ in range(5):
        at = _cpu()
        frame = ours(str(path)).to_dataframe()
        times.append(_cpu() - at)
    same = all(
        list(frame[c]) == list(wanted[c]) for c in ("event_name", "raw", "p50 (ms)", "avg (ms)")
    )
    events = len(ours(str(path)).trace)
    taken = max(median(times), 1e-9)
    name = f"open + aggregate + frame, {events:,} {kind} events"
    name += "" if same else " (FIGURES DIFFER)"
    ratio = theirs / taken
    wanted_text = f"at least {bound}x"
    return Row(name, f"{taken * 1e3:.1f} ms", f"{theirs:.2f} s", ratio, wanted_text,
               same and ratio >= bound)  # fmt: skip


def _process_seconds(script: str, *arguments: str) -> float:
    before = os.times()
    command = [sys.executable, "-c", script, *arguments]
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def _whole(path: Path, events: int) -> Row:
    theirs = _process_seconds(_REAL, str(path))
    ours = median(_process_seconds(_OURS, str(path)) for _ in range(3))
    name = f"whole process, {events:,} events"
    ratio = theirs / ours
    return Row(name, f"{ours:.2f} s", f"{theirs:.1f} s", ratio, "at least 25x", ratio >= 25)


def _import() -> Row:
    theirs = _process_seconds("import executorch.devtools")
    ours = median(_process_seconds("from etscope.inspector import Inspector") for _ in range(5))
    name = "import Inspector"
    ratio = ours / theirs
    return Row(name, f"{ours:.2f} s", f"{theirs:.1f} s", ratio, "at most 0.05", ratio <= 0.05)


def _beside_read(path: Path) -> list[Row]:
    command = [sys.executable, "-c", _BESIDE_READ, str(path)]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ratio, nanoseconds, memory = (median(column) for column in zip(*out["figures"], strict=True))
    name = f"{out['events']:,} events, {out['bytes'] / 1e6:.0f} MB"
    return [
        Row(f"open + aggregate / read(), {name}", f"{nanoseconds:.0f} ns/event", "read()", ratio,
            "at most 3x", ratio <= 3),
        Row(f"anonymous memory, {name}", f"{memory:.1f} B/event", "-", memory,
            "at most 40 B/event", memory <= 40),
    ]  # fmt: skip


def measure() -> list[Row]:
    """Every promise about reading; needs the real runtime to make its files."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [_import()]
        rows += [
            _in_process(real_dump(folder, kind, events), kind, bound)
            for kind, events, bound in _IN_PROCESS
        ]
        rows += [_whole(real_dump(folder, "regular", events), events) for events in _WHOLE]
        return rows + _beside_read(real_dump(folder, "regular", _LARGE))


def main() -> None:
    """Print the rows."""
    print(table(measure()))


if __name__ == "__main__":
    main()
