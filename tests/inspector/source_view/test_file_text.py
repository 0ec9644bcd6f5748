"""Which lines of a file are shown."""

from __future__ import annotations

from etscope.inspector.source_view.file_text import FileText, recorded_text, shown_lines

SOURCE = """import torch


class Net:
    \"\"\"A net.\"\"\"

    def __init__(self):
        pass

    def forward(
        self,
        x,
    ):
        y = x
        if y:
            y = f(y)

        return y


class Other:
    pass
"""
WHOLE = FileText("m.py", dict(enumerate(SOURCE.splitlines(), 1)), True, "")


def test_lines_around_a_figure_are_shown_with_the_heads_that_it_lies_under() -> None:
    assert shown_lines(WHOLE, [16], 1) == [4, None, 10, None, 15, 16]


def test_a_head_over_several_lines_is_still_the_head() -> None:
    assert shown_lines(WHOLE, [14], 0) == [4, None, 10, None, 14]


def test_what_lies_under_another_class_has_its_head() -> None:
    assert shown_lines(WHOLE, [22], 0) == [21, 22]


def test_all_lines_on_request() -> None:
    assert shown_lines(WHOLE, [16], None) == list(range(1, 23))


def test_lines_beyond_the_file_are_shown_without_text() -> None:
    assert shown_lines(WHOLE, [1, 99, -3], 0) == [-3, None, 1, None, 99]


def test_of_a_file_that_is_not_there_the_recorded_lines_are_shown() -> None:
    text = recorded_text("m.py", {3: "a = 1", 4: "", 9: "b = 2"}, "not here")
    assert text.lines == {3: "a = 1", 9: "b = 2"}
    assert shown_lines(text, [3, 4, 9], 5) == [3, 4, None, 9]


def test_nothing_to_show() -> None:
    assert shown_lines(recorded_text("m.py", {}, ""), [], 2) == []
