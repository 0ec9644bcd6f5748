"""Broken files end in a TraceError or a result that holds together: no crash, hang or flood.

Each reader runs in a process of its own with limits on time and memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fuzz.seeds import SAMPLES, handmade, samples
from fuzz.touch import READERS

ROOT = SAMPLES.parent
#: A reader that kills its process again and again is reported by the first few cases.
MOST_CRASHES = 5


def _run(reader: str, first: int, last: int, save: Path, seeds: list[str]) -> tuple[Any, str]:
    """(lines of the worker, how it died or nothing)."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / ".src"), str(ROOT / "tests")]),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.worker", reader, str(first), str(last), str(save), *seeds],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    died = f"the process ended with {done.returncode}\n{done.stderr[-2000:]}"
    return lines, died if done.returncode else ""


def _break(reader: str, count: int, save: Path, seeds: list[str]) -> tuple[list[str], int, int]:
    """(faults, files read, files refused) of `count` broken files."""
    faults: list[str] = []
    first = read = refused = 0
    for _ in range(MOST_CRASHES):
        lines, died = _run(reader, first, count, save, seeds)
        faults += [f"{place(line)}: {line['fault']}" for line in lines if "fault" in line]
        read += sum(line.get("read", 0) for line in lines)
        refused += sum(line.get("refused", 0) for line in lines)
        if not died:
            break
        begun = [line for line in lines if "at" in line]
        if not begun:
            pytest.fail(f"the worker did not start: {died}")
        (save / "case").rename(save / f"fault_{begun[-1]['at']}")
        faults.append(f"{place(begun[-1])}: {died}")
        first = begun[-1]["at"] + 1
    return faults, read, refused


def place(line: dict[str, Any]) -> str:
    number = line.get("case", line.get("at"))
    return f"fault_{number}, from {line['seed']} by {line['how']}"


@pytest.mark.fuzz
@pytest.mark.parametrize("reader", READERS)
def test_broken_files(reader: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if not samples(reader):
        pytest.fail(f"sample_traces/ holds no file for {reader!r}: make them with `make samples`")
    real = samples(reader, request.config.getoption("--fuzz-seeds"))
    seeds = [str(path) for path in handmade(reader, tmp_path) + real]
    count = request.config.getoption("--fuzz-count")
    faults, read, refused = _break(reader, count, tmp_path, seeds)
    assert not faults, f"{len(faults)} faults, inputs in {tmp_path}:\n" + "\n".join(faults[:3])
    assert read + refused == count
    assert read
    # What cannot be joined is told in a note: the trace can be shown all the same.
    assert refused or reader == "joined record"
