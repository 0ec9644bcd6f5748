"""Everything that is said about the memory of a broken program, held against itself."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np

from etscope.etdump.program import read_program
from etscope.etdump.record import Record, read_record
from etscope.inspector.memory.ledger import Source
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.report import memory_report

_SAMPLES = Path(__file__).parents[2] / "sample_traces"


@cache
def _record() -> Record:
    return read_record(_SAMPLES / "convnet_portable.etscope/record.etrecord")


def touch_memory(data: bytes) -> None:
    """Report on a program alone, every third time with a record of another one too.

    A second report doubles the time. Raises TraceError where the program is refused.
    """
    program = read_program(data)
    for record in (None, _record())[: 1 if crc32(data) % 3 else 2]:
        report = memory_report(program, record=record)
        assert json.dumps(report.to_json({}), allow_nan=False)
        assert all(size > 0 for size in report.totals.values())
        arenas = sum(memory.plan.planned_bytes for memory in report.methods)
        assert report.totals.get(Source.ARENA, 0) == arenas
        assert all(finding.message for finding in report.findings)
        for memory in report.methods:
            _touch_plan(memory)
            _touch_rest(memory)


def _touch_plan(memory: MethodMemory) -> None:
    plan = memory.plan
    for use in plan.arenas:
        assert 0 <= use.peak_bytes <= use.size_bytes
        assert (use.live_bytes >= 0).all()
        assert (use.live_bytes <= use.summed_bytes).all()
        assert len(use.live_bytes) == plan.instructions + 2
    assert plan.peak_bytes <= plan.planned_bytes
    rows = np.arange(len(plan))
    assert (plan.shows[plan.shows] == plan.shows).all()
    assert (plan.first[plan.shows] == plan.first).all()
    assert (plan.last[plan.shows] == plan.last).all()
    assert ((plan.first >= -1) & (plan.last <= plan.instructions)).all()
    assert (plan.producer < plan.instructions).all()
    assert set(plan.alive_at(plan.peak_step).tolist()) <= set(rows.tolist())


def _touch_rest(memory: MethodMemory) -> None:
    plan, traffic = memory.plan, memory.traffic
    for column in traffic:
        assert len(column) == plan.instructions
        assert (column >= 0).all()
    held = sum(holder.size_bytes for holder in memory.peak.holders)
    assert held - memory.peak.shared_bytes == memory.peak.peak_bytes == plan.peak_bytes
    for found in memory.overwritten:
        assert found.move < found.writer < found.last
        assert max(found.result, found.moved_to, found.by) < len(plan)
    assert len(memory.places) == len(plan)
    coverage = memory.places.coverage
    assert 0 <= coverage.placed_bytes <= coverage.size_bytes
    assert memory.allocator.with_lookup_bytes >= memory.allocator.size_bytes > 0
    for row in range(len(plan)):
        assert memory.label(row)
        assert memory.type_text(row)
    for step in range(-1, plan.instructions + 1):
        memory.place_of_step(step), memory.step_text(step)
