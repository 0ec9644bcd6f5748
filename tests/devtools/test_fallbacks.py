"""`etscope fallbacks`: text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fallback_models import island, island_events, island_record, island_report
from fallback_models import report_of as joined
from jsonschema import Draft202012Validator
from latency_reports import delegate, method, operator, report_of
from program_builder import free
from project import ROOT, tracked
from traces import event, trace_of_runs

from etscope.devtools import cli, fallback_text, terminal
from etscope.devtools.fallback_text import print_fallbacks
from etscope.etdump.writer import write_etdump
from etscope.inspector.fallbacks.report import fallback_report

Run = Callable[..., tuple[int, str, str]]
SAMPLES = sorted({path.parent for path in tracked("sample_traces/*.etscope/*")})


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `etscope fallbacks`; gives the exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["fallbacks", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def faults(document: Any) -> list[str]:
    schema = json.loads((ROOT / "docs" / "schemas" / "fallbacks.json").read_text("utf-8"))
    errors = Draft202012Validator(schema).iter_errors(document)
    return [f"{error.json_path}: {error.message}" for error in errors]


def test_the_report_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_fallbacks(fallback_report(island_report()))
    out = capsys.readouterr().out
    assert out.splitlines()[0] == (
        "1 operator outside of 2 delegates takes 0.04 ms, 40% of forward (measured); inside they "
        "could save at most 0.0344 ms (estimated)."
    )
    assert "m.py:4: XnnpackBackend has no configuration for log1p" in out
    assert "around: 2 layout changes, 0.00800 ms (measured)" in out
    assert out.index("findings") < out.index("source lines") < out.index("each operator")


def test_a_narrow_screen_folds_and_leaves_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (terminal, fallback_text):
        monkeypatch.setattr(room, "is_terminal", lambda *_: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((80, 24)))
    monkeypatch.setenv("COLUMNS", "80")
    print_fallbacks(fallback_report(island_report()))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("≤ 0.0344" in line for line in lines)


def test_json_fits_its_schema_and_says_where(run: Run, tmp_path: Path) -> None:
    report = fallback_report(island_report()).to_json()
    assert faults(report) == []
    (row,) = report["rows"]
    assert (row["op"], row["source"], row["module"]) == ("aten::log1p.out", "m.py:4", "mid")
    assert row["gain_estimated_ms"] == pytest.approx(
        row["per_inference_ms"]
        - row["inside_estimated_ms"]
        + row["edges_ms"]
        + row["calls_saved_ms"]
    )


def test_conversions_are_named_by_chain_and_instruction() -> None:
    made = island(before=[free(3)])
    events = [replace(one, chain=1) if one.chain == 0 else one for one in island_events()]
    events.insert(0, event("FREE_CALL", 0, 0, instruction=0))
    (row,) = fallback_report(joined(made, None, events)).to_json()["rows"]
    assert (row["chain"], row["instruction"]) == (1, 1)
    assert [(one["chain"], one["instruction"]) for one in row["around"]] == [(1, 0), (1, 2)]


def test_where_no_delegate_was_looked_at_nothing_is_estimated(run: Run) -> None:
    document = json.loads(run(ROOT / "sample_traces" / "transformer_kv.etscope", "--json")[1])
    for block in document["coverage"]["methods"]:
        assert (block["inside_estimated"], block["gain_estimated_ms"]) == (0, None)
    keys = ("gain_estimated_ms", "inside_estimated_ms", "edges_ms", "calls_saved_ms")
    assert {row[key] for row in document["rows"] for key in keys} == {None}


@pytest.mark.parametrize("bundle", SAMPLES, ids=lambda path: path.name)
def test_the_samples_fit_the_schema(bundle: Path, run: Run) -> None:
    code, out, _ = run(ROOT / bundle, "--json")
    document = json.loads(out)
    assert (code, faults(document)) == (0, [])
    for block in document["coverage"]["methods"]:
        rows = [row for row in document["rows"] if row["block"] == block["block"]]
        assert len(rows) == block["operators"]
        total = sum(row["per_inference_ms"] for row in rows)
        assert total == pytest.approx(block["outside_ms"])
        assert block["outside_ms"] == pytest.approx(block["share"] * block["method_ms"])


def test_a_row_per_operator_as_csv(run: Run) -> None:
    code, out, _ = run(ROOT / "sample_traces" / "convnet_portable.etscope", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (0, 14)
    assert {row["reason"] for row in rows} == {"no_delegate"}


def test_a_bare_trace_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    calls = method(100, *delegate(0, 0, 10, "conv"), *operator("a.out", 1, 10, 60))
    write_etdump(trace_of_runs(calls, calls), path)
    code, out, _ = run(path)
    assert code == 0
    assert "no program: --program X.pte" in out
    assert "no ETRecord: --record X.etrecord" in out
    assert "not in the files" in out


def test_nothing_outside_and_nothing_timed(capsys: pytest.CaptureFixture[str]) -> None:
    inside = report_of(method(100, *delegate(0, 0, 50, "conv")))
    print_fallbacks(fallback_report(inside))
    print_fallbacks(fallback_report(report_of()))
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "Nothing of the method ran outside of delegates."
    assert any(line.startswith("No inference was timed") for line in out)


def test_the_rest_of_a_table_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    calls = [event for at in range(4) for event in operator("a.out", at, 10 * at, 10 * at + 9)]
    print_fallbacks(fallback_report(report_of(method(100, *calls))), top=1)
    assert "… 3 more operators, 27.0% of the time: --top 0" in capsys.readouterr().out


def test_text_from_a_trace_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    print_fallbacks(fallback_report(report_of(method(100, *operator("\x1b[2J", 0, 0, 50)))))
    assert "\x1b" not in capsys.readouterr().out


def test_one_place_for_two_documents_is_refused(run: Run) -> None:
    code, _, err = run(ROOT / "sample_traces" / "convnet_portable.etscope", "--json", "--csv")
    assert code == 2
    assert "stdout" in err


def test_the_record_and_program_of_a_bare_trace(tmp_path: Path) -> None:
    without = fallback_report(joined(island(), None, island_events())).to_json()
    with_record = fallback_report(joined(island(), island_record(), island_events())).to_json()
    assert without["rows"][0]["source"] is None
    assert with_record["rows"][0]["source"] == "m.py:4"
    assert faults(without) == []
