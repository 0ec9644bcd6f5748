"""Which method a run executed: from the manifest, else by instruction numbers and names."""

from __future__ import annotations

import numpy as np
import pytest
from program_builder import delegate, delegate_call, jump_false, kernel, method, null, program
from traces import Event, Run, event, inference, method_load, trace_of_runs

from etscope.etdump.bundle import Schedule
from etscope.etdump.program import Program, read_program
from etscope.inspector.methods import (
    MethodsOfRuns,
    best_method,
    fit,
    methods_of_runs,
    misfits,
)

ADD, MUL = ("aten::add", "out"), ("aten::mul", "out")
LOAD = method_load(event("Method::init", 0, 1))


def call(instruction: int, name: str) -> tuple[Event, Event]:
    return (
        event(f"native_call_{name}", 1, 2, instruction=instruction),
        event("OPERATOR_CALL", 0, 3, instruction=instruction),
    )


def run_of(*names: str) -> Run:
    """An inference that called these operators, one instruction after the other."""
    events = [made for i, name in enumerate(names) for made in call(i, name)]
    return inference(*events, event("Method::execute", 0, 9))


def two_methods() -> Program:
    """`sum` adds and adds; `product` adds, multiplies and calls a delegate."""
    operators, values = [ADD, MUL], [null()]
    return read_program(
        program(
            method(
                "sum", operators=operators, values=values, chains=[[kernel(0, 0), kernel(0, 0)]]
            ),
            method(
                "product",
                chains=[[kernel(0, 0), kernel(1, 0), delegate_call(0, 0)]],
                delegates=[delegate("Xnn")],
                operators=operators,
                values=values,
            ),
            blobs=[b"blob"],
        )
    )


#: An inference of `product`.
PRODUCT = inference(
    *call(0, "add.out"),
    *call(1, "mul.out"),
    event("DELEGATE_CALL", 6, 8, instruction=2),
    event("Method::execute", 0, 9),
)


def found(*runs: Run) -> MethodsOfRuns:
    return methods_of_runs(trace_of_runs(*runs), two_methods(), None, ())


def test_runs_are_matched_by_the_names_of_their_operators() -> None:
    made = found(PRODUCT, run_of("add.out", "add.out"))
    assert made.method == ["product", "sum"]
    assert made.how == ["matched", "matched"]
    assert made.notes == ()


def test_what_lies_inside_a_delegate_does_not_count() -> None:
    inner = event(None, 0, 1, instruction=2, delegate="conv #1")
    delegated = event("DELEGATE_CALL", 0, 1, instruction=2)
    made = found(inference(*call(0, "add.out"), *call(1, "mul.out"), inner, delegated))
    assert (made.method, made.how) == (["product"], ["matched"])


def test_the_reference_runtime_names_operators_in_full() -> None:
    events = [event(f"aten::{name}", 0, 1, instruction=i) for i, name in enumerate(["add.out"] * 2)]
    assert found(inference(*events)).method == ["sum"]


def long_method(count: int, *, jump: bool = False) -> Program:
    """A method that adds `count` times; with a jump at its end."""
    steps = [kernel(0, 0) for _ in range(count)]
    steps += [jump_false(0, 0)] if jump else []
    return read_program(program(method(chains=[steps], operators=[ADD], values=[null()])))


@pytest.mark.parametrize(
    ("odd", "verdict"), [(0, ("forward", "matched")), (1, ("forward", "similar"))]
)
def test_a_kernel_may_go_by_another_name(odd: int, verdict: tuple[str, str]) -> None:
    trace = trace_of_runs(run_of(*["add.out"] * (20 - odd), *["opt_add.out"] * odd))
    assert best_method(trace, trace.shapes[0], long_method(20)) == verdict


def test_more_than_a_few_others_are_another_method() -> None:
    trace = trace_of_runs(run_of(*["add.out"] * 17, *["mul.out"] * 3))
    assert best_method(trace, trace.shapes[0], long_method(20)) == (None, "unmatched")


@pytest.mark.parametrize(("jump", "method"), [(False, None), (True, "forward")])
def test_a_run_meets_all_of_a_method_without_jumps(jump: bool, method: str | None) -> None:
    trace = trace_of_runs(run_of(*["add.out"] * 5))
    assert best_method(trace, trace.shapes[0], long_method(6, jump=jump))[0] == method


def test_a_run_that_fits_two_methods_equally_is_nobodys() -> None:
    one = method("a", chains=[[kernel(0, 0)]], operators=[ADD], values=[null()])
    other = method("b", chains=[[kernel(0, 0)]], operators=[ADD], values=[null()])
    trace = trace_of_runs(run_of("add.out"))
    verdict = best_method(trace, trace.shapes[0], read_program(program(one, other)))
    assert verdict == (None, "ambiguous")


def test_of_two_that_fit_the_one_that_was_met_in_full_wins() -> None:
    short = method("short", chains=[[kernel(0, 0)]], operators=[ADD], values=[null()])
    long = method("long", chains=[[kernel(0, 0), kernel(0, 0)]], operators=[ADD], values=[null()])
    trace = trace_of_runs(run_of("add.out"))
    verdict = best_method(trace, trace.shapes[0], read_program(program(long, short)))
    assert verdict == ("short", "matched")


def test_a_foreign_run_fits_none() -> None:
    made = found(run_of("conv.out", "relu.out"), inference(event("Method::execute", 0, 9)))
    assert (made.method, made.how) == ([None, None], ["unmatched"] * 2)


def test_a_method_without_instructions_fits_nothing() -> None:
    trace = trace_of_runs(run_of("add.out"))
    made = read_program(program(method("empty", chains=[[]])))
    assert fit(trace, trace.shapes[0], made.methods[0])[:2] == (0.0, 0.0)
    assert best_method(trace, trace.shapes[0], made) == (None, "unmatched")


def test_a_load_is_named_after_the_inference_that_follows() -> None:
    adds = run_of("add.out", "add.out")
    made = found(LOAD, adds, adds, LOAD, PRODUCT, LOAD)
    assert made.method == ["sum", "sum", "sum", "product", "product", None]
    assert [how == "derived" for how in made.how] == [True, False, False, True, False, True]


def test_without_a_program_nothing_is_known() -> None:
    made = methods_of_runs(trace_of_runs(LOAD, run_of("add.out")), None, None, ())
    assert (made.method, made.how) == ([None, None], ["derived", "no program"])


def schedule(*methods: int) -> Schedule:
    return Schedule(
        np.array(methods, np.int32),
        np.zeros(len(methods), np.int32),
        np.zeros(len(methods), np.bool_),
    )


def test_the_manifest_knows_the_order() -> None:
    same = run_of("add.out")
    trace = trace_of_runs(LOAD, same, LOAD, same, same)
    made = methods_of_runs(trace, None, schedule(1, 0, 1), ("encode", "decode"))
    assert made.method == ["decode", "decode", "encode", "encode", "decode"]
    assert made.how == ["derived", "manifest", "derived", "manifest", "manifest"]


@pytest.mark.parametrize("listed", [1, 3])
def test_a_manifest_of_another_length_is_not_believed(listed: int) -> None:
    adds = run_of("add.out", "add.out")
    trace = trace_of_runs(adds, adds)
    made = methods_of_runs(trace, two_methods(), schedule(*[0] * listed), ("other",))
    assert made.method == ["sum", "sum"]
    assert made.notes == (
        f"the manifest, which lists {listed} inferences for 2, is not used for them",
    )


def test_inferences_that_a_program_could_not_have_run() -> None:
    trace = trace_of_runs(run_of("add.out", "add.out"), run_of("conv.out"), LOAD, inference())
    named: list[list[str | None]] = [["sum"] * 4, ["gone"] * 4, [None] * 4]
    counts = [
        misfits(trace, two_methods(), MethodsOfRuns(names, ["manifest"] * 4)) for names in named
    ]
    assert counts == [1, 2, 0]


def test_an_operator_without_an_event_of_its_kernel_fits_any() -> None:
    calls = [event("OPERATOR_CALL", 0, 1, instruction=i) for i in range(2)]
    made = found(inference(*calls))
    assert (made.method, made.how) == (["sum"], ["matched"])
