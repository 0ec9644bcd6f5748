"""Time summed by module, operator, category, line and delegate: the parts add up to the method."""

from __future__ import annotations

import pytest
from origins_builder import Row, latency_and_origins, method, operator

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.rollups import ROLLUPS
from etscope.inspector.rollups.table import Entry, Rollup

NAN = float("nan")


def summed(by: str, *rows: Row, unit: str = "ms") -> Rollup:
    return ROLLUPS[by](*latency_and_origins(*rows, unit=unit))


def totals(rollup: Rollup) -> dict[str, float]:
    """The entries by name, indented by level, in their order."""
    return {"  " * entry.level + entry.name: entry.total for entry in rollup.entries}


def one(rollup: Rollup, name: str) -> Entry:
    (entry,) = [entry for entry in rollup.entries if entry.name == name]
    return entry


DELEGATED = (
    method(100),
    Row("delegate", 60, backend="Gpu", module="", instruction=3),
    Row("delegated", 30, 1, op="conv #1", module="a", line=4, backend="Gpu"),
    Row("delegated", 10, 1, op="conv #2", module="b", line=5, backend="Gpu"),
    operator("aten::add.out", 25, "b", line=5),
    Row("kernel", 20, 4, op="aten::add.out", module="b", line=5),
)


# ----------------------------------------------------------------- modules


def test_modules_are_a_tree_of_exact_paths() -> None:
    found = summed(
        "module",
        method(100),
        operator("x", 10, "layer1"),
        operator("x", 20, "layer10"),
        operator("x", 30, "layer1.norm"),
        operator("x", 5, ""),
    )
    assert totals(found) == {
        "(root)": 65,
        "  layer1": 40,
        "    layer1.norm": 30,
        "  layer10": 20,
        "(unexplained)": 35,
    }
    assert (one(found, "layer1").own, one(found, "layer1").operators) == (10, 2)
    assert one(found, "layer1").keys["module_type"] == "model.Layer1"


def test_calls_of_a_module_in_one_place_are_one_entry_that_counts_them() -> None:
    rows = [operator("x", 10, "shared", call=number) for number in (0, 0, 1, 2)]
    found = summed("module", method(50), *rows)
    assert totals(found)["  shared"] == 40
    assert (one(found, "shared").calls, one(found, "shared").operators) == (3, 4)


def test_a_list_of_modules_stands_above_what_it_holds() -> None:
    some = [operator("x", 10 * n, f"layers.{n}") for n in (1, 2)]
    found = summed("module", method(50), *some, operator("x", 5, "blocks.0"))
    assert totals(found) == {
        "(root)": 35,
        "  layers": 30,
        "    layers.2": 20,
        "    layers.1": 10,
        "  blocks.0": 5,  # alone in its list, which would say nothing more
        "(unexplained)": 15,
    }
    assert (one(found, "layers").calls, one(found, "layers").own) == (None, 0)


def test_a_delegate_call_around_its_operations_lies_in_the_module_that_holds_them() -> None:
    found = summed("module", *DELEGATED)
    assert totals(found) == {
        "(root)": 85,
        "  b": 35,
        "  a": 30,
        "  (Gpu overhead)": 20,
        "(unexplained)": 15,
    }
    assert one(found, "(root)").own == 0
    assert found.named == pytest.approx(0.65)


def test_what_is_not_mapped_says_why() -> None:
    found = summed(
        "module",
        method(100),
        operator("x", 10, reason="there is no ETRecord"),
        operator("x", 20, reason="the record has no method a: nor b"),
        operator("x", 30, line=7),
        Row("control", 1),
        Row("other", 2),
        Row("delegate", 5, backend="Npu"),
    )
    assert totals(found) == {
        "(no module)": 30,
        "(not mapped: the record has no method a)": 20,
        "(not mapped: there is no ETRecord)": 10,
        "(Npu, not timed inside)": 5,
        "(around operators)": 2,
        "(control flow)": 1,
        "(unexplained)": 32,
    }
    assert all(entry.remainder for entry in found.entries)
    assert found.named == 0


# ----------------------------------------------------------------- operators and categories


def test_an_operator_and_its_kernel_are_one_and_numbers_of_backends_are_not_types() -> None:
    found = summed("op", *DELEGATED)
    assert totals(found) == {
        "conv": 40,
        "aten::add.out": 25,
        "(Gpu overhead)": 20,
        "(unexplained)": 15,
    }
    assert [one(found, name).operators for name in ("conv", "aten::add.out")] == [2, 1]
    assert one(found, "conv").keys["backend"] == "Gpu"
    assert one(found, "aten::add.out").keys["backend"] is None


def test_what_lies_in_a_kernel_counts_as_its_operator() -> None:
    found = summed(
        "op",
        method(50),
        operator("aten::add.out", 40),
        Row("kernel", 30, 1, op="aten::add.out"),
        Row("operator", 10, 2, op="a scope of my own"),
    )
    assert totals(found) == {"aten::add.out": 40, "(unexplained)": 10}
    assert one(found, "aten::add.out").operators == 1


def test_calls_are_per_inference() -> None:
    found = summed("op", method(50), operator("a", 10, calls=2.5), operator("a", 10))
    assert one(found, "a").operators == 3.5


def test_categories_hold_their_operators() -> None:
    found = summed("category", *DELEGATED, Row("control", 3, op="JF_CALL"))
    assert totals(found) == {
        "convolution": 40,
        "  conv": 40,
        "elementwise": 25,
        "  aten::add.out": 25,
        "control": 3,
        "  JF_CALL": 3,
        "(Gpu overhead)": 20,
        "(unexplained)": 12,
    }


def test_an_operator_without_a_name_is_a_remainder() -> None:
    nameless = Row("operator", 10)
    latency, origins = latency_and_origins(method(20), nameless)
    latency.rows.event[1] = "OPERATOR_CALL"
    found = ROLLUPS["op"](latency, origins)
    assert totals(found) == {"(operators without a name)": 10, "(unexplained)": 10}


# ----------------------------------------------------------------- source lines


def test_lines_stand_under_their_file() -> None:
    found = summed("source", *DELEGATED)
    assert totals(found) == {
        "model.py": 65,
        "  model.py:5": 35,
        "  model.py:4": 30,
        "(Gpu overhead)": 20,
        "(unexplained)": 15,
    }
    assert one(found, "model.py:5").keys["function"] == "forward"
    assert one(found, "model.py:5").detail == "line 5"


def test_a_delegate_of_one_line_that_says_nothing_of_its_inside_belongs_to_it() -> None:
    found = summed("source", method(10), Row("delegate", 8, backend="Npu", line=9))
    assert totals(found) == {"model.py": 8, "  model.py:9": 8, "(unexplained)": 2}


# ----------------------------------------------------------------- delegates


def test_delegates_against_what_runs_outside() -> None:
    found = summed("delegate", *DELEGATED, operator("aten::mul.out", 5, instruction=4))
    assert totals(found) == {
        "Gpu": 60,
        "  call at instruction 3": 60,
        "    operations inside": 40,
        "    overhead": 20,
        "outside of delegates": 30,
        "  kernels": 20,
        "  dispatch": 5,
        "  not broken down": 5,
        "(unexplained)": 10,
    }
    call = one(found, "call at instruction 3")
    assert (call.keys["instruction"], call.keys["module"], call.calls) == (3, "", 1)


def test_operations_that_add_up_to_more_than_their_call_leave_a_negative_rest() -> None:
    found = summed(
        "op", method(50), Row("delegate", 20, backend="Gpu"), Row("delegated", 26, 1, op="conv")
    )
    assert totals(found) == {
        "conv": 26,
        "(Gpu overhead)": -6,
        "(unexplained)": 30,
    }


# ----------------------------------------------------------------- what is not known


def test_without_a_time_of_the_method_there_are_no_shares_and_nothing_unexplained() -> None:
    found = summed("op", operator("a", 10, parent=-1), operator("b", 30, parent=-1))
    assert totals(found) == {"b": 30, "a": 10}
    assert (found.whole, found.timed) == (40, False)
    assert found.share(10) != found.share(10)


def test_events_beside_the_method_are_counted_and_not_summed() -> None:
    found = summed("op", method(50), operator("a", 10), operator("b", 30, parent=-1))
    assert totals(found) == {"a": 10, "(unexplained)": 40}
    assert found.beside == 1


def test_an_event_without_a_time_takes_nothing_from_the_one_around_it() -> None:
    rows = [method(50), operator("a", 10), Row("kernel", NAN, 1, op="a")]
    found = summed("op", *rows)
    assert totals(found) == {"a": 10, "(unexplained)": 40}
    assert one(found, "a").untimed == 1


def test_a_time_below_the_clock_of_a_backend_is_no_zero() -> None:
    rows = [
        Row("delegate", 9, backend="XnnpackBackend", module=""),
        Row("delegated", 0, 1, op="Add #1", module="a", backend="XnnpackBackend"),
        Row("delegated", 0, 1, op="Add #2", module="a.b", backend="XnnpackBackend"),
        Row("delegated", 5, 1, op="Mul #1", module="a.c", backend="XnnpackBackend"),
    ]
    found = summed("op", method(10), *rows, unit="us")
    assert (one(found, "Add").below, one(found, "Mul").below) == (2, None)
    tree = summed("module", method(10), *rows, unit="us")
    assert (one(tree, "a").own_below, one(tree, "a").below) == (1, None)
    assert one(tree, "a.b").below == 1


def test_how_sure_the_mapping_is_adds_up_to_what_is_named() -> None:
    rows = [operator("x", 10, "a"), operator("y", 5, "a", confidence=Confidence.GUESSED)]
    found = summed("module", method(20), *rows, operator("z", 3))
    assert found.sure == {"exact": 10, "aligned": 0, "guessed": 5}


def test_nothing_was_timed() -> None:
    for by in ROLLUPS:
        assert summed(by).entries == ()
