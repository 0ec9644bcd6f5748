"""Text for a screen and for a pipe."""

from __future__ import annotations

import io

import pytest

from etscope.devtools.terminal import Column, say, say_json, table
from etscope.etdump.printable import printable


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


COLUMNS = (Column("operator"), Column("time (ms)", right=True))


def test_piped_tables_are_plain_aligned_and_whole() -> None:
    stream = io.StringIO()
    table(COLUMNS, [("conv" * 60, 1.5), ("add", None)], stream=stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "operator".ljust(240) + "  time (ms)"
    assert lines[1] == "conv" * 60 + "        1.5"
    assert lines[2] == "add".ljust(240) + "          -"


def test_a_terminal_gets_a_drawn_table_with_every_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Screen()
    table([Column("operator", style="bold"), "time"], [("[red]conv", 1.5)], stream=stream)
    text = stream.getvalue()
    assert "─" in text
    assert "\x1b[1m" in text
    assert "[red]conv" in text


def test_a_dumb_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream = Screen()
    say("careful", style="red", stream=stream)
    assert stream.getvalue() == "careful\n"


def test_names_from_a_file_cannot_move_the_cursor() -> None:
    stream = io.StringIO()
    table(["name"], [("\x1b[2Jwiped\nout",)], stream=stream)
    assert stream.getvalue() == "name\n\\x1b[2Jwiped\\nout\n"
    assert printable("größe µs") == "größe µs"


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells in a table of 2 columns"):
        table(COLUMNS, [("conv",)], stream=io.StringIO())


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        say_json({"rows": [float("nan")]})
