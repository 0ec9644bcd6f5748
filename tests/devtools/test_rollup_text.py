"""Roll-ups on a screen and in a pipe: trees that hang together, what is left out, what fits."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest
from origins_builder import Row, latency_and_origins, method, operator
from project import ROOT

from etscope.devtools.rollup_rows import choose
from etscope.devtools.rollup_text import RollupLayout, print_rollups
from etscope.devtools.time_unit import clock_for
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rollups import ROLLUPS
from etscope.inspector.rollups.report import rollup_report
from etscope.inspector.rollups.table import Rollup

TREE = (
    method(100),
    operator("x", 30, "a.b.c"),
    operator("x", 20, "a.d"),
    operator("x", 15, "e.f.g"),
    operator("x", 5, "e"),
    operator("y", 2, reason="there is no ETRecord"),
)


def modules(*rows: Row) -> Rollup:
    return ROLLUPS["module"](*latency_and_origins(*rows))


def drawn(rollup: Rollup, **how: object) -> list[str]:
    """Guides and names of the lines."""
    lines = choose(rollup, **how).lines  # type: ignore[arg-type]
    return [line.guide + line.entry.name for line in lines]


# ----------------------------------------------------------------- which lines


def test_a_tree_has_guides_and_a_chain_that_only_passes_time_on_is_one_line() -> None:
    assert drawn(modules(*TREE)) == [
        "(root)",
        "├─ a",
        "│  ├─ a.b.c",
        "│  └─ a.d",
        "└─ e",
        "   └─ e.f.g",
        "(not mapped: there is no ETRecord)",
        "(unexplained)",
    ]


def test_a_line_brings_those_above_it_and_what_is_cut_is_counted() -> None:
    found = modules(*TREE)
    assert drawn(found, top=3) == [
        "(root)",
        "└─ a",
        "   └─ a.b.c",
        "(not mapped: there is no ETRecord)",
        "(unexplained)",
    ]
    chosen = choose(found, top=3)
    assert (chosen.cut, chosen.cut_time) == (3, 40)


def test_depth_folds_time_into_the_lines_above() -> None:
    chosen = choose(modules(*TREE), depth=1)
    assert [line.entry.name for line in chosen.lines][:3] == ["(root)", "a", "e"]
    assert chosen.lines[1].entry.total == 50
    assert (chosen.cut, chosen.deeper) == (0, 5)


def test_siblings_are_sorted_and_what_completes_the_sum_comes_last() -> None:
    found = modules(*TREE, operator("x", 1, "aa"))
    assert drawn(found, sort="name", depth=1) == [
        "(root)",
        "├─ a",
        "├─ aa",
        "└─ e",
        "(not mapped: there is no ETRecord)",
        "(unexplained)",
    ]
    flat = ROLLUPS["op"](*latency_and_origins(*TREE, operator("y", 1), *[operator("z", 1)] * 9))
    assert drawn(flat, sort="calls")[0] == "z"


# ----------------------------------------------------------------- screen and pipe


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def decoder() -> LatencyReport:
    recording = open_recording(ROOT / "sample_traces" / "transformer_kv.etscope")
    return latency_report(recording, clock_for(recording, "ns", "us"))


def on_screen(
    report: LatencyReport, monkeypatch: pytest.MonkeyPatch, width: int, by: str, **layout: int
) -> list[str]:
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", screen)
    print_rollups(rollup_report(report, by), RollupLayout(**layout))  # type: ignore[arg-type]
    return re.sub(r"\x1b\[\d*m", "", screen.getvalue()).splitlines()


@pytest.mark.parametrize("by", ROLLUPS)
@pytest.mark.parametrize("width", [80, 120])
def test_a_screen_is_never_too_narrow(
    decoder: LatencyReport, monkeypatch: pytest.MonkeyPatch, by: str, width: int
) -> None:
    lines = on_screen(decoder, monkeypatch, width, by)
    assert max(map(len, lines)) <= width
    assert any("(unexplained)" in line for line in lines)
    # One line per row: nothing is folded.
    table = lines[next(i for i, line in enumerate(lines) if " ───" in line) + 1 :]
    rows = [line for line in table if line.strip() and "…" not in line[:2]]
    assert all("%" in line for line in rows)


def test_names_in_a_tree_do_not_repeat_those_above(
    decoder: LatencyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_screen(decoder, monkeypatch, 120, "module")
    assert re.match(r"layers\.0 takes 4\d% of forward: \d+ of \d+ us per inference", lines[0])
    (layer,) = [line for line in lines if "├─ 0 " in line and "DecoderLayer" in line]
    assert layer.rstrip()[-1] in "▏▎▍▌▋▊▉█"
    assert any(re.search("│  [├└]─ attention .*CachedAttention", line) for line in lines)
    assert any(line.startswith("… ") and "--top 0" in line for line in lines)


def test_code_says_more_than_a_bar(decoder: LatencyReport, monkeypatch: pytest.MonkeyPatch) -> None:
    (narrow,) = [line for line in on_screen(decoder, monkeypatch, 80, "source") if "─ :75 " in line]
    (wide,) = [line for line in on_screen(decoder, monkeypatch, 120, "source") if "─ :75 " in line]
    assert "return x + self" in narrow
    assert "█" not in narrow
    assert re.search(r"forward +return x \+ self\.feed\(self\.feed_norm\(x\)\).*█", wide)


def test_a_pipe_gets_whole_names_and_all_rows(
    decoder: LatencyReport, capsys: pytest.CaptureFixture[str]
) -> None:
    print_rollups(rollup_report(decoder, "module"))
    out = capsys.readouterr().out
    assert re.search(r"^ +layers\.0\.attention\.qkv +Linear +1 +2 +\d", out, re.MULTILINE)
    assert "├" not in out
    assert "--top 0" not in out


def test_times_below_the_clock_of_a_backend_are_no_zeros(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recording = open_recording(ROOT / "sample_traces" / "convnet_int8_xnnpack.etscope")
    report = latency_report(recording, clock_for(recording, "ns", "us"))
    lines = on_screen(report, monkeypatch, 120, "op")
    (linear,) = [line for line in lines if "Fully Connected" in line]
    assert re.search(r" <1 +<\d\.\d%", linear)
    assert "aten.linear.default" in linear
    (head,) = [line for line in on_screen(report, monkeypatch, 120, "module") if "─ head" in line]
    assert re.search(r"<(\d) +<\1 +<\d\.\d%", head)


def test_without_a_record_it_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = ROOT / "sample_traces" / "transformer_kv.etscope" / "trace.etdp"
    print_rollups(rollup_report(latency_report(open_recording(bare)), "module"))
    out = capsys.readouterr().out
    assert out.startswith("None of the time of the method can be given to a module: there is no")
    assert "no ETRecord, so no modules: --record X.etrecord tells them" in out
    assert "in modules: 0.0% of the method" in out


def test_a_path_is_cut_at_its_start(
    decoder: LatencyReport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = rollup_report(decoder, "source")
    rows = [method(9), operator("x", 5, line=3)]
    latency, origins = latency_and_origins(*rows, unit="us")
    long = Path(*["folder"] * 20, "model.py").as_posix()
    frame = origins.rows[1].source
    assert frame is not None
    moved = origins.rows[1]._replace(source=frame._replace(file=long))
    object.__setattr__(origins, "rows", (origins.rows[0], moved))
    found.rollups[:] = [ROLLUPS["source"](latency, origins)]
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", screen)
    print_rollups(found)
    assert re.search(r"…[/folder]+/model\.py ", screen.getvalue())
