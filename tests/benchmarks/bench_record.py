"""Opening ETRecords, beside executorch's parse_etrecord, in one process."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.report import Row, table

_SAMPLES = Path(__file__).parents[2] / "sample_traces"
_BOUND = 10
_FIRST_USE = """
import sys
from etscope.etdump.record import read_record
record = read_record(sys.argv[1])
record.edge_program(record.methods[0])
print("torch" in sys.modules or "executorch" in sys.modules)
"""


def _everything(path: Path) -> int:
    """Parse all that a record holds; the number of nodes."""
    record = import_module("etscope.etdump.record").read_record(path)
    graphs = [record.edge_program(method) for method in record.methods]
    graphs += [record.extra(name) for name in record.extras]
    graphs += [record.exported_program] if record.exported_program is not None else []
    _ = (record.debug_handles, record.delegates, record.output_counts, record.export_graph_id)
    return sum(map(len, graphs))


def _seconds(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        at = time.process_time()
        work()
        return time.process_time() - at

    return median(once() for _ in range(times))


def _whole(path: Path) -> Row:
    parse = import_module("executorch.devtools").parse_etrecord
    parse(str(path))
    theirs = _seconds(lambda: parse(str(path)), 3)
    nodes = _everything(path)
    ours = max(_seconds(lambda: _everything(path), 9), 1e-9)
    what = f"whole ETRecord, {path.parent.stem}, {nodes} nodes"
    ratio = theirs / ours
    return Row(what, f"{ours * 1e3:.1f} ms", f"{theirs * 1e3:.0f} ms", ratio,
               f"at least {_BOUND}x", ratio >= _BOUND)  # fmt: skip


def _process(script: str, path: Path) -> tuple[float, str]:
    at = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-c", script, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - at, done.stdout.strip()


def _new_process(path: Path) -> Row:
    ours, heavy = _process(_FIRST_USE, path)
    script = "import sys; from executorch.devtools import parse_etrecord as p; p(sys.argv[1])"
    theirs, _ = _process(script, path)
    what = "new process to edge graph" + ("" if heavy == "False" else " (TORCH WAS IMPORTED)")
    ratio = theirs / ours
    return Row(what, f"{ours:.2f} s", f"{theirs:.1f} s", ratio, f"at least {_BOUND}x",
               heavy == "False" and ratio >= _BOUND)  # fmt: skip


def measure() -> list[Row]:
    """One row per sample and one for a process of its own; needs executorch."""
    warnings.simplefilter("ignore")
    paths = sorted(_SAMPLES.glob("*.etscope/record.etrecord"))
    largest = max(paths, key=lambda path: path.stat().st_size)
    return [*(_whole(path) for path in paths), _new_process(largest)]


def main() -> None:
    """Print the rows."""
    print(table(measure()))


if __name__ == "__main__":
    main()
