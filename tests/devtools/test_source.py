"""`etscope source`: which file, which method, what goes to the screen and to documents."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from latency_reports import method, mixed, operator
from project import ROOT
from source_views import Places, frame, origin, view_of

from etscope.devtools import cli
from etscope.devtools.source_choice import chosen_file, chosen_method, same_file
from etscope.devtools.source_listing import ListedLine, listing, print_listing, time_text
from etscope.etdump.errors import UsageError
from etscope.inspector.source_view.file_text import FileText, recorded_text

SAMPLES = ROOT / "sample_traces"
DECODER = SAMPLES / "transformer_kv.etscope"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def source(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `etscope source` in the folder of the samples; exit code, stdout and stderr."""
    monkeypatch.chdir(SAMPLES)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["source", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def listed(out: str) -> dict[int, str]:
    """By line number what a listing in a pipe says about it."""
    head, *rows = out[out.index("self (") :].partition("\n\n")[0].splitlines()
    end = head.index("line") + len("line")
    return {int(row[end - 4 : end]): row for row in rows if row[end - 4 : end].strip()}


def test_verdict_coverage_and_confidence_come_first(source: Run) -> None:
    code, out, err = source("transformer_kv.etscope")
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()[:3]
    assert re.match(
        r"models\.py:75 takes [34]\d\.\d% of forward: \d+ of \d+ us \(derived: means", first
    )
    assert second.startswith("coverage: 100.0% of operator time stands on 12 lines of 1 file")
    assert third.startswith("confidence: high: of the time on lines ")


def test_the_file_is_shown_with_time_before_and_operators_after_each_line(source: Run) -> None:
    _, out, _ = source("transformer_kv.etscope")
    rows = listed(out)
    assert "return x + self.feed(self.feed_norm(x))" in rows[75]
    assert re.match(r" *\d+\.\d+ +[34]\d\.\d%", rows[75])
    assert "addmm ×4" in rows[75]
    assert rows[73].strip().startswith("73  ")
    assert "⋮" in out
    # Line 95 only calls: no time of its own, nearly everything through it.
    assert re.match(r" +\d+\.\d+ +8\d\.\d% +95 ", rows[95])


def test_the_parts_end_in_the_method(source: Run) -> None:
    _, out, _ = source("convnet_int8_xnnpack.etscope")
    table = out[out.index("why on no line") :].splitlines()[1:5]
    names = [re.split(r"  +", line)[0] for line in table]
    assert names == ["on lines of source", "delegate calls", "unexplained", "forward"]
    times = [float(re.split(r"  +", line)[1]) for line in table]
    assert sum(times[:3]) == pytest.approx(times[3], abs=0.002)


def test_times_below_the_clock_are_no_zeros(source: Run) -> None:
    _, out, _ = source("convnet_xnnpack.etscope")
    assert re.match(r" +<2 ", listed(out)[36])
    _, text, _ = source("convnet_xnnpack.etscope", "--json")
    row = next(row for row in json.loads(text)["rows"] if row["line"] == 36)
    assert (row["self_ms"], row["self_share"], row["self_at_most_ms"]) == (None, None, 0.002)
    assert (row["total_ms"], row["share"], row["at_most_ms"]) == (None, None, 0.002)
    other = next(row for row in json.loads(text)["rows"] if row["self_ms"])
    assert (other["self_at_most_ms"], other["at_most_ms"]) == (None, None)


@pytest.mark.parametrize(("options", "count"), [((), 3), (("--top", 5), 5), (("--top", 0), 12)])
def test_so_many_of_the_hottest_lines_are_told_about(
    source: Run, options: tuple[object, ...], count: int
) -> None:
    _, out, _ = source("transformer_kv.etscope", *options)
    told = out[out.index("behind the hottest lines") :].partition("\n\n")[0].splitlines()
    assert sum(line.startswith("  models.py:") for line in told) == count


def test_a_file_and_a_method_are_chosen(source: Run) -> None:
    code, out, _ = source("two_methods.etscope", "models.py", "--method", "decode")
    assert code == 0
    assert out.startswith("models.py:120 takes")
    assert "other methods: encode (--method NAME)" in out


def test_what_was_not_recorded_is_refused_with_what_was(source: Run) -> None:
    code, _, err = source("two_methods.etscope", "odels.py")
    assert code == 2
    assert err == (
        "etscope: no line of odels.py has a time. Files that have: sample_traces/models.py.\n"
    )
    code, _, err = source("two_methods.etscope", "--method", "train")
    assert code == 2
    assert "Methods: encode, decode." in err


def test_a_changed_file_is_not_shown(source: Run, tmp_path: Path, monkeypatch: Any) -> None:
    shutil.copytree(DECODER, tmp_path / "a" / "x.etscope")
    (tmp_path / "models.py").write_text("changed = True\n")
    monkeypatch.chdir(tmp_path)
    _, out, _ = source(tmp_path / "a" / "x.etscope")
    assert "changed since the export" in out
    assert "changed = True" not in out
    assert "return x + self.feed(self.feed_norm(x))" in out
    _, out, _ = source(tmp_path / "a" / "x.etscope", "--root", SAMPLES, "--all-lines")
    assert 'f"""' not in out
    assert '"""The small models behind the sample traces' in out


def test_a_bare_trace_takes_its_record_and_program(source: Run) -> None:
    folder = Path("convnet_xnnpack.etscope")
    trace, record = folder / "trace.etdp", folder / "record.etrecord"
    code, out, _ = source(trace, "--record", record, "--program", folder / "program.pte")
    assert code == 0
    assert out.startswith("models.py:20 takes")
    code, out, _ = source(trace)
    assert code == 0
    assert "high: 100.0% of the operator time" in out
    assert "Give the ETRecord of the export with --record." in out
    code, _, err = source(trace, "--record", trace)
    assert code == 2
    assert "leave --record out" in err


def test_json_has_a_row_per_line_and_its_parts_add_up(source: Run) -> None:
    code, out, _ = source("two_methods.etscope", "--json")
    assert code == 0
    report = json.loads(out)
    assert (report["schema"], report["version"]) == ("etscope.source", 1)
    assert [row["source"] for row in report["rows"]] == [
        "sample_traces/models.py:108",
        "sample_traces/models.py:120",
    ]
    for method_ in report["coverage"]["methods"]:
        rows = [row for row in report["rows"] if row["block"] == method_["block"]]
        parts = [row["self_ms"] for row in rows]
        parts += [bucket["self_ms"] for bucket in method_["remainder"]]
        assert sum(parts) == pytest.approx(method_["method_ms"])
    _, out, _ = source("two_methods.etscope", "--json", "--method", "encode")
    assert {row["method"] for row in json.loads(out)["rows"]} == {"encode"}


def test_documents_are_written_beside_the_text(source: Run, tmp_path: Path) -> None:
    page, rows = tmp_path / "x.html", tmp_path / "x.json"
    code, out, _ = source("many_inputs.etscope", "--html", page, "--json", rows)
    assert code == 0
    assert out.endswith(f"written: {rows}, {page}\n")
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert json.loads(rows.read_text("utf-8"))["rows"]
    code, _, err = source("many_inputs.etscope", "--html", "-")
    assert (code, "give --html a FILE" in err) == (2, True)


@pytest.mark.parametrize(
    ("value", "untold", "text"),
    [(1.5, 0.0, "1.50"), (0.0, 0.002, "<0.002"), (0.0, float("inf"), "-"), (1.0, 0.002, "1.00")],
)
def test_a_time_below_the_clock_is_no_zero_as_text(value: float, untold: float, text: str) -> None:
    assert time_text(value, untold, 2) == text


# ----------------------------------------------------------------- which file


@pytest.mark.parametrize(
    ("recorded", "named", "same"),
    [
        ("a/b/net.py", "net.py", True),
        ("a/b/net.py", "b/net.py", True),
        ("a/b/net.py", "./a/b/net.py", True),
        ("net.py", "project/net.py", True),
        ("C:\\x\\net.py", "x/net.py", True),
        ("a/b/net.py", "et.py", False),
        ("a/b/net.py", "c/net.py", False),
        ("a/net.py", "", False),
    ],
)
def test_a_path_is_named_by_its_end(recorded: str, named: str, same: bool) -> None:
    assert same_file(recorded, named) is same


def test_a_name_that_fits_several_files_is_refused() -> None:
    places: Places = {0: origin(frame(1, file="a/net.py")), 2: origin(frame(1, file="b/net.py"))}
    view = view_of(mixed(), mixed(), places=places)
    with pytest.raises(UsageError, match=r"may be b/net\.py, a/net\.py: give more of the path"):
        chosen_file(view, "net.py")
    assert chosen_file(view, "a/net.py") == "a/net.py"
    assert chosen_file(view, None) == "b/net.py"


def test_of_a_file_the_kind_of_inference_that_has_it_is_shown() -> None:
    other = method(10, *operator("relu.out", 7, 0, 10))
    places: Places = {0: origin(frame(1)), 7: origin(frame(1, file="other.py"))}
    view = view_of(mixed(), mixed(), other, other, places=places)
    assert chosen_method(view, None, None) is view.methods[0]
    assert chosen_method(view, None, "other.py") is view.methods[1]


# ----------------------------------------------------------------- on a screen


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_screen(
    rows: list[ListedLine], monkeypatch: pytest.MonkeyPatch, width: int, colour: bool = False
) -> str:
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    if colour:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", screen)
    print_listing(rows, "us")
    return screen.getvalue() if colour else re.sub("\x1b\\[[\\d;]*m", "", screen.getvalue())


@pytest.fixture
def rows() -> list[ListedLine]:
    """A file of five lines; the third takes long, and is long."""
    content = [
        "def forward(self, x):",
        "    # quiet",
        "    y = a_name_of_some_length(x, another_name_of_some_length, 12345)",
        "",
        "    return y",
    ]
    text = FileText("model.py", dict(enumerate(content, 1)), True, "")
    places: Places = {0: origin(frame(5)), 2: origin(frame(3))}
    view = view_of(mixed(), mixed(), places=places)
    return listing(view.methods[0], text, None)


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_screen(
    rows: list[ListedLine], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    out = on_screen(rows, monkeypatch, width)
    assert all(len(line) <= width for line in out.splitlines())
    assert "12345)" in out
    assert ("mul" in out) is (width == 120)
    bars = [line.count("█") for line in out.splitlines()]
    assert max(bars) == (8 if width == 120 else 4)


def test_a_line_with_time_folds_and_one_without_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "    value = " + " + ".join(f"number_{n}" for n in range(12))
    rows = [ListedLine(1, long), ListedLine(2, long, time="1.0", share="1%", total="1.0")]
    cut, *folded = on_screen(rows, monkeypatch, 80).splitlines()[1:]
    assert cut.endswith("…")
    assert len(folded) == 3
    assert "number_11" in folded[-1]
    longer = ListedLine(1, long * 3, time="1.0", share="1%", total="1.0")
    _, *folded = on_screen([longer], monkeypatch, 80).splitlines()
    assert len(folded) == 3
    assert folded[-1].endswith("…")


def test_source_is_coloured_on_a_screen_only(
    rows: list[ListedLine],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_listing(rows, "us")
    assert "\x1b" not in capsys.readouterr().out
    assert "\x1b" in on_screen(rows, monkeypatch, 80, colour=True)


def test_what_a_record_quotes_cannot_move_the_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = frame(3, "x = 1 \x1b[2J\u202e # \x07")
    view = view_of(mixed(), mixed(), places={0: origin(hostile)})
    text = recorded_text("model.py", view.snippets["model.py"], "")
    rows = listing(view.methods[0], text, 2)
    out = on_screen(rows, monkeypatch, 80)
    assert "\x1b" not in out
    assert "\\x1b[2J\\u202e" in out
