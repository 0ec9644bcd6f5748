"""The tree of a method: what kind each row is, which operator, which backend."""

from __future__ import annotations

import numpy as np
import pytest
from latency_reports import delegate, latency_of, method, mixed, operator
from program_builder import delegate as backend
from program_builder import delegate_call, kernel, null, program
from program_builder import method as plan
from traces import Event, event, inference, trace_of_runs

from etscope.etdump.program import read_program
from etscope.inspector.latency import MethodLatency, latencies
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording


def with_program(*events: Event) -> MethodLatency:
    """An inference beside a program that adds, takes a size and calls XNNPACK."""
    operators = [("aten::add", "out"), ("aten::sym_size", "int")]
    made = plan(
        chains=[[kernel(0, 0), kernel(1, 0), delegate_call(0, 0)]],
        operators=operators,
        delegates=[backend("XnnpackBackend")],
        values=[null()],
    )
    found = read_program(program(made, blobs=[b"blob"]))
    trace = trace_of_runs(inference(*events))
    methods = methods_of_runs(trace, found, None, ())
    (latency,) = latencies(Recording("x", trace, None, found, methods, ()))
    return latency


def test_kinds_and_names_without_a_program() -> None:
    rows = latency_of(mixed()).rows
    assert list(zip(rows.kind, rows.op, strict=True)) == [
        ("method", None),
        ("kernel", "add.out"),
        ("operator", "add.out"),
        ("delegated", "conv #1"),
        ("delegated", "conv #2"),
        ("delegate", "DELEGATE_CALL"),
        ("kernel", "mul.out"),
        ("operator", "mul.out"),
    ]
    assert rows.backend == [None] * 8
    assert rows.parent.tolist() == [-1, 2, 0, 5, 5, 0, 7, 0]
    assert rows.top.tolist() == [2, 5, 7]
    assert rows.children(5).tolist() == [3, 4]


def test_a_program_gives_operators_and_backends_their_names() -> None:
    latency = with_program(
        *operator("add.out", 0, 0, 10),
        event("OPERATOR_CALL", 11_000, 12_000, instruction=1),
        *delegate(2, 20, 30, "conv #1"),
        event("Method::execute", 0, 40_000),
    )
    rows = latency.rows
    assert latency.how == "matched"
    assert rows.op == [
        None,
        "aten::add.out",
        "aten::add.out",
        "aten::sym_size.int",
        "conv #1",
        "DELEGATE_CALL",
    ]
    assert rows.backend == [None, None, None, None, "XnnpackBackend", "XnnpackBackend"]


def test_a_prim_operator_without_a_program_has_no_name() -> None:
    rows = latency_of(method(10, event("OPERATOR_CALL", 1, 2, instruction=0))).rows
    assert (rows.kind[1], rows.op[1]) == ("operator", None)


def test_the_reference_runtime_emits_kernels_without_a_call_around_them() -> None:
    rows = latency_of(method(10, event("native_call_add.out", 1000, 3000, instruction=0))).rows
    assert (rows.kind, rows.op) == (["method", "operator"], [None, "add.out"])
    assert rows.top.tolist() == [1]


def test_control_flow_and_strangers_have_their_own_kinds() -> None:
    rows = latency_of(
        method(
            20,
            event("JF_CALL", 1, 2, instruction=0),
            event("MOVE_CALL", 3, 4, instruction=1),
            event("FREE_CALL", 5, 6, instruction=2),
            event("Backend::prepare", 7, 8),
        )
    ).rows
    assert rows.kind == ["method", "control", "control", "control", "other"]
    assert rows.op == [None] * 5


def test_figures_per_call_and_per_inference() -> None:
    call = [event("OPERATOR_CALL", 1000 * i, 1000 * i + 500, instruction=0) for i in range(4)]
    rows = latency_of(method(10, *call)).rows
    assert rows.calls.tolist() == [1.0, 4.0]
    assert rows.statistics.p50[1] == 0.0005
    assert rows.total[1] == pytest.approx(0.002)
    assert rows.share[1] == pytest.approx(0.2)


def test_what_a_row_holds() -> None:
    rows = latency_of(mixed()).rows
    inner = [float(rows.total[rows.children(row)].sum()) for row in range(len(rows))]
    assert rows.inner == pytest.approx(inner)


def test_without_the_method_rows_on_their_own_are_at_the_top() -> None:
    latency = latency_of(inference(*operator("add.out", 0, 0, 10), *delegate(1, 10, 20, "x")))
    rows = latency.rows
    assert [rows.kind[row] for row in rows.top] == ["operator", "delegate"]
    assert np.isnan(rows.share).all()


def test_a_name_that_occurs_inside_itself_makes_no_circle() -> None:
    rows = latency_of(
        method(
            9,
            event("A", 4, 5, instruction=0),
            event("B", 3, 6, instruction=0),
            event("A", 2, 7, instruction=0),
        )
    ).rows
    assert rows.event == ["Method::execute", "A", "B"]
    assert rows.parent.tolist() == [-1, 0, 1]


def test_beside_the_method_is_not_inside_it() -> None:
    rows = latency_of(
        inference(event("before", 0, 5), event("Method::execute", 5, 9), event("after", 9, 12))
    ).rows
    assert rows.event == ["Method::execute", "before", "after"]
    assert rows.parent.tolist() == [-1, -1, -1]
    assert rows.top.tolist() == []
