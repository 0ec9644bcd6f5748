"""`etscope inspect --by`: real bundles end to end, documents, options that exclude each other."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project import ROOT

from etscope.inspector.rollups import ROLLUPS

SAMPLES = ROOT / "sample_traces"
Run = Callable[..., tuple[int, str, str]]


def rows_of(inspect: Run, *arguments: object) -> list[dict[str, Any]]:
    code, out, _ = inspect(*arguments, "--json")
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)["rows"]
    return found


@pytest.mark.parametrize("by", ROLLUPS)
@pytest.mark.parametrize("name", ["convnet_xnnpack", "transformer_kv", "two_methods"])
def test_the_rows_of_a_method_add_up_to_it(inspect: Run, name: str, by: str) -> None:
    code, out, err = inspect(SAMPLES / f"{name}.etscope", "--by", by, "--json")
    found = json.loads(out)
    assert (code, err, found["schema"], found["by"]) == (0, "", "etscope.rollup", by)
    for method in found["coverage"]["methods"]:
        rows = [row for row in found["rows"] if row["block"] == method["block"]]
        whole = method["method_ms"]
        assert sum(row["self_ms"] or 0 for row in rows) == pytest.approx(whole)
        tops = [row["total_ms"] or 0 for row in rows if row["level"] == 0]
        assert sum(tops) == pytest.approx(whole)
        assert rows[-1]["name"] == "(unexplained)"
        named = sum(row["self_share"] or 0 for row in rows if row["kind"] == "entry")
        assert named == pytest.approx(method["named_share"])


def test_every_method_has_its_modules(inspect: Run) -> None:
    rows = rows_of(inspect, SAMPLES / "two_methods.etscope", "--by", "module")
    found = {(row["method"], row["module"]) for row in rows if row["kind"] == "entry"}
    assert {("encode", "wide"), ("encode", "narrow"), ("decode", "wide")} <= found
    assert ("decode", "narrow") not in found


def test_operations_inside_a_delegate_have_modules_and_lines(inspect: Run) -> None:
    bundle = SAMPLES / "convnet_xnnpack.etscope"
    modules = {row["module"]: row for row in rows_of(inspect, bundle, "--by", "module")}
    assert modules["stem.conv"]["share"] > 0.1
    assert modules["stem.conv"]["module_type"].endswith("Conv2d")
    lines = {row["source"] for row in rows_of(inspect, bundle, "--by", "source")}
    assert "sample_traces/models.py:20" in lines


def test_a_record_beside_a_bare_trace_tells_the_modules(inspect: Run) -> None:
    bundle = SAMPLES / "transformer_kv.etscope"
    bare = bundle / "trace.etdp"
    without = rows_of(inspect, bare, "--by", "module")
    assert {row["kind"] for row in without} == {"remainder"}
    files = ("--program", bundle / "program.pte", "--record", bundle / "record.etrecord")
    with_record = rows_of(inspect, bare, "--by", "module", *files)
    paths = {row["module"] for row in with_record}
    assert {"", "layers", "layers.0.attention.qkv"} <= paths


def test_the_text_leads_with_the_answer(inspect: Run) -> None:
    code, out, _ = inspect(SAMPLES / "transformer_kv.etscope", "--by", "category")
    lines = out.splitlines()
    assert code == 0
    start = r"data movement takes 7\d% of forward: \d+ of \d+ us per inference"
    assert re.match(start, lines[0])
    assert out.index("coverage:") < out.index("in categories: 9")
    assert (
        out.index("in categories")
        < out.index("confidence in the times: high")
        < out.index("category ")
    )


def test_csv_has_a_line_per_entry(inspect: Run) -> None:
    _, out, _ = inspect(SAMPLES / "transformer_kv.etscope", "--by", "op", "--csv", "--unit", "us")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (rows[0]["op"], rows[0]["operators"]) == ("aten::permute_copy.out", "15.0")
    totals = [float(row["total_us"]) for row in rows]
    assert totals[0] == max(totals) > 100


def test_a_finding_still_fails_where_asked(inspect: Run) -> None:
    bundle = SAMPLES / "transformer_kv.etscope"
    assert inspect(bundle, "--by", "op", "--fail-on", "medium")[0] == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--depth", 2), "--depth is that of a tree: say which with --by"),
        (("--by", "op", "--sort", "p50"), "--by cannot be sorted by p50"),
        (("--by", "op", "--all"), "--all is for the table of operators"),
        (("--by", "luck"), "'luck' is not one of"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(
    inspect: Run, options: tuple[object, ...], sentence: str
) -> None:
    code, out, err = inspect(SAMPLES / "two_methods.etscope", *options)
    assert (code, out) == (2, "")
    assert sentence in " ".join(err.split())


def test_a_record_that_is_none_is_blamed(inspect: Run, tmp_path: Path) -> None:
    place = tmp_path / "x.etrecord"
    place.write_bytes(b"no record at all")
    code, out, err = inspect(SAMPLES / "two_methods.etscope", "--record", place)
    assert (code, out) == (2, "")
    assert str(place) in err
    assert "or leave --record out" in err
    place.write_bytes((SAMPLES / "two_methods.etscope" / "record.etrecord").read_bytes()[:900])
    code, out, err = inspect(SAMPLES / "two_methods.etscope", "--record", place)
    assert (code, out) == (2, "")
    assert "byte 900: it is cut off or damaged" in err
    assert "Copy it again in binary mode" in err
