"""Colours for Python: every character kept, the right parts coloured, and fast on anything."""

from __future__ import annotations

import pytest
from project import ROOT

from etscope.dashboard.python_spans import coloured


def kinds(line: str) -> list[tuple[str, str]]:
    """The parts of one line that have a colour."""
    return [part for part in coloured([line])[0] if part[1]]


@pytest.mark.parametrize("name", ["sample_traces/models.py", "dashboard/python_spans.py"])
def test_nothing_is_lost(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").split("\n")
    assert ["".join(text for text, _ in parts) for parts in coloured(lines)] == lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = 1.5e-3 + 0xFF # a 'note'", ["number", "number", "comment"]),
        ("def f(x): return 'it\\'s'", ["keyword", "definition", "keyword", "string"]),
        ("@torch.no_grad()", ["decorator"]),
        ("y = a @ b.T", []),
        ("s = rb'x' + f\"{y}\"", ["string", "string"]),
        ("name1 = layer10(x2)", []),
        ("s = 'no end", ["string"]),
    ],
)
def test_parts_have_their_kinds(line: str, expected: list[str]) -> None:
    assert [kind for _, kind in kinds(line)] == expected


def test_a_text_over_several_lines_is_one() -> None:
    assert coloured(['x = """a', "", "b # no comment", '""" # comment']) == [
        [("x = ", ""), ('"""a', "string")],
        [],
        [("b # no comment", "string")],
        [('"""', "string"), (" ", ""), ("# comment", "comment")],
    ]


def test_no_lines() -> None:
    assert coloured([]) == [[]]
    assert coloured([""]) == [[]]
