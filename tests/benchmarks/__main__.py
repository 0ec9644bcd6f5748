"""Runs every benchmark and prints one table: `python -m benchmarks [NAME ...]`.

A missed bound is shown, never an exit code: a busy machine must not fail a build.
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from pathlib import Path

from benchmarks.report import Row, table


def names() -> list[str]:
    """The topics: bench_reader.py is `reader`."""
    return sorted(path.stem.removeprefix("bench_") for path in _here().glob("bench_*.py"))


def _here() -> Path:
    return Path(__file__).resolve().parent


def _measured(topic: str) -> tuple[list[Row], bool]:
    """The rows of one topic, and whether it could be measured at all."""
    print(f"measuring {topic} ...", file=sys.stderr, flush=True)
    try:
        return list(import_module(f"benchmarks.bench_{topic}").measure()), True
    except Exception:
        traceback.print_exc()
        return [], False


def main(wanted: list[str]) -> int:
    """Measure `wanted` topics, or all; 2 for an unknown topic, 1 if one broke down."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are: {', '.join(names())}")
        return 2
    measured = {topic: _measured(topic) for topic in wanted or names()}
    rows = [row for found, _ in measured.values() for row in found]
    broken = [topic for topic, (_, whole) in measured.items() if not whole]
    print(table(rows) if rows else "nothing was measured")
    missed = sum(not row.ok for row in rows)
    print(f"\n{len(rows)} bounds: {len(rows) - missed} hold, {missed} missed on this machine")
    if broken:
        print(f"not measured, because it broke down: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
