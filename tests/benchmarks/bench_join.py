"""A trace opened with its ETRecord, up to a DataFrame with operators, stacks and modules."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median

from benchmarks.report import Row, table

_SAMPLES = Path(__file__).parents[2] / "sample_traces"
#: Samples that the real Inspector can join: one method, called forward.
_NAMES = ("convnet_portable", "convnet_int8_xnnpack", "transformer_kv")
_BOUND = 5


def _seconds(work: Callable[[], object], times: int) -> float:
    def once() -> float:
        at = time.process_time()
        work()
        return time.process_time() - at

    work()
    return median(once() for _ in range(times))


def _frame(inspector: type, bundle: Path) -> int:
    """Rows of the frame of a trace with its record."""
    made = inspector(
        etdump_path=str(bundle / "trace.etdp"), etrecord=str(bundle / "record.etrecord")
    )
    return len(made.to_dataframe())


def _row(name: str) -> Row:
    bundle = _SAMPLES / f"{name}.etscope"
    ours = import_module("etscope.inspector").Inspector
    theirs = import_module("executorch.devtools").Inspector
    rows = _frame(ours, bundle)
    fast = max(_seconds(lambda: _frame(ours, bundle), 9), 1e-9)
    slow = _seconds(lambda: _frame(theirs, bundle), 3)
    ratio = slow / fast
    what = f"trace with ETRecord to DataFrame, {name}, {rows} rows"
    return Row(what, f"{fast * 1e3:.0f} ms", f"{slow * 1e3:.0f} ms", ratio, f"at least {_BOUND}x",
               ratio >= _BOUND)  # fmt: skip


def measure() -> list[Row]:
    """One row per sample; needs executorch."""
    warnings.simplefilter("ignore")
    return [_row(name) for name in _NAMES]


def main() -> None:
    """Print the rows."""
    print(table(measure()))


if __name__ == "__main__":
    main()
