"""The drawing of bytes in use: what is shown of many steps, and where the peak is marked."""

from __future__ import annotations

import numpy as np
import pytest
from planned_programs import chain_program

from etscope.devtools.memory_timeline import drawing, drawn_columns, print_timeline
from etscope.etdump.program import read_program
from etscope.inspector.memory.report import memory_report


def test_few_steps_are_wide_and_many_show_their_most() -> None:
    assert drawn_columns(np.array([1, 2]), 9) == ([1] * 4 + [2] * 4, [2, 6])
    live = np.arange(100)
    live[37] = 500
    bars, column = drawn_columns(live, 10)
    assert len(bars) == 10
    assert bars[column[37]] == 500
    assert bars[-1] == 99


def test_a_drawing_is_as_high_as_the_arena() -> None:
    assert drawing([16, 8, 1, 0], 16, rows=2) == ["█┄┄┄", "██▁"]
    assert drawing([12], 16, rows=2) == ["▄", "█"]
    assert drawing([1], 2**62, rows=2) == ["┄", "▁"]


def test_the_peak_is_marked_below_its_step(capsys: pytest.CaptureFixture[str]) -> None:
    print_timeline(memory_report(read_program(chain_program())).main)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "6,144 ┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄"
    assert lines[5] == "      │      ██████▄▄▄▄▄▄"
    assert lines[-2] == "    0 └────────────────────────"
    assert lines[-1] == "                ▲ 3,072 at instruction 0 (aten::add.out)"
