"""Time beside lines: on the innermost line, through its callers, and parts that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from latency_reports import delegate, method, mixed, operator
from project import ROOT, tracked
from source_views import Places, frame, origin, view_of

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.source_view.line_figures import OperatorUse
from etscope.inspector.source_view.view import MethodLines, SourceView, source_view

CALLER, INNER, OTHER = frame(5), frame(20), frame(30, file="other.py", function="g")
MODULES = ("", "body")
#: add.out takes 10 µs, mul.out 20, a delegate 50, 2 of them in its operations; 20 is nothing.
PLACES: Places = {
    0: origin(CALLER, INNER, modules=MODULES),
    2: origin(CALLER, OTHER, sure=Confidence.ALIGNED),
    "conv #1": origin(CALLER, INNER, sure=Confidence.GUESSED, modules=("", "stem")),
    "conv #2": origin(CALLER),
}


def lines_of(view: SourceView) -> MethodLines:
    (lines,) = view.methods
    return lines


def times(lines: MethodLines) -> dict[str, tuple[float, float]]:
    """By place self and total, in microseconds."""
    own, total = lines.self_time * 1000, lines.total_time * 1000
    return {
        lines.index.place(n): (round(float(own[n]), 6), round(float(total[n]), 6))
        for n in range(len(lines.index))
    }


@pytest.fixture(scope="module")
def lines() -> MethodLines:
    return lines_of(view_of(mixed(), mixed(), places=PLACES))


def test_time_stands_on_the_innermost_line_and_goes_through_its_callers(lines: MethodLines) -> None:
    assert times(lines) == {
        "model.py:5": (1, 32),
        "model.py:20": (11, 11),
        "other.py:30": (20, 20),
    }


def test_lines_and_the_remainder_are_the_method(lines: MethodLines) -> None:
    rest = {bucket.name: round(bucket.time * 1000, 6) for bucket in lines.remainder}
    assert rest == {"delegate calls": 48, "unexplained": 20}
    assert float(lines.self_time.sum()) * 1000 + 68 == pytest.approx(100)


def test_what_is_not_mapped_is_in_the_remainder_with_its_reason() -> None:
    lines = lines_of(view_of(mixed(), mixed(), places={2: origin(INNER)}))
    lost = [bucket for bucket in lines.remainder if bucket.kind == "unmapped"]
    assert [(b.reason, round(b.time * 1000, 6)) for b in lost] == [
        ("nothing tells where it is from", 12)
    ]
    assert times(lines) == {"model.py:20": (20, 20)}


def test_a_line_that_calls_itself_counts_once() -> None:
    run = method(10, *operator("add.out", 0, 0, 10))
    lines = lines_of(view_of(run, run, places={0: origin(CALLER, INNER, CALLER, INNER)}))
    assert times(lines) == {"model.py:5": (0, 10), "model.py:20": (10, 10)}


def test_lines_of_torch_count_for_the_line_that_called_them() -> None:
    torch = frame(1, file="site-packages/torch/nn/modules/conv.py")
    run = method(10, *operator("conv.out", 0, 0, 10))
    place = origin(CALLER, torch)._replace(source=CALLER)
    assert times(lines_of(view_of(run, run, places={0: place}))) == {"model.py:5": (10, 10)}


def test_a_library_through_and_through_keeps_its_lines() -> None:
    outer = frame(7, file="site-packages/torch/nn/modules/transformer.py")
    inner = frame(9, file="site-packages/torch/nn/functional.py")
    run = method(10, *operator("mm.out", 0, 0, 10))
    lines = lines_of(view_of(run, run, places={0: origin(outer, inner)}))
    assert list(times(lines).values()) == [(10, 10), (0, 10)]


def test_a_delegate_that_timed_nothing_inside_stands_on_its_only_line() -> None:
    run = method(50, *delegate(0, 0, 50))
    lines = lines_of(view_of(run, run, places={0: origin(INNER)}))
    assert times(lines) == {"model.py:20": (50, 50)}


def test_calls_and_operators_do_not_count_kernels_twice(lines: MethodLines) -> None:
    number = int(lines.lines_of("other.py")[0])
    (use,) = lines.operators(number)
    assert (use.name, use.delegated, use.rows, use.calls) == ("mul.out", False, 1, 1.0)
    assert use.time * 1000 == pytest.approx(20)
    assert lines.calls[number] == 1


def test_operations_of_a_delegate_are_named_without_their_numbers(lines: MethodLines) -> None:
    number = int(lines.lines_of("model.py")[1])
    named = [(use.name, use.delegated) for use in lines.operators(number)]
    assert named == [("add.out", False), ("conv", True)]


def test_a_line_is_as_sure_as_the_least_sure_event_on_it(lines: MethodLines) -> None:
    words = {lines.index.place(n): lines.lowest[n].word for n in range(len(lines.index))}
    assert words == {"model.py:5": "exact", "model.py:20": "guessed", "other.py:30": "aligned"}
    by_confidence = lines.confidence_times[int(lines.lines_of("model.py")[1])] * 1000
    assert by_confidence.tolist() == pytest.approx([0, 1, 0, 10])


def test_modules_are_those_of_the_operators_on_the_line(lines: MethodLines) -> None:
    assert lines.modules(int(lines.lines_of("model.py")[1])) == ["body", "stem"]


def test_files_and_lines_come_with_the_most_time_first(lines: MethodLines) -> None:
    assert lines.files == ["other.py", "model.py"]
    places = [lines.index.place(n) for n in lines.hottest.tolist()]
    assert places == ["other.py:30", "model.py:20", "model.py:5"]


def test_any_figure_per_event_can_stand_beside_the_lines(lines: MethodLines) -> None:
    values = np.full(len(lines.latency.rows), np.nan)
    values[lines.latency.rows.op.index("mul.out")] = 7
    assert lines.index.own(values).tolist() == [0, 0, 7]
    assert lines.index.through(values).tolist() == [7, 0, 7]


def test_the_snippets_are_what_the_record_quotes() -> None:
    view = view_of(mixed(), mixed(), places=PLACES)
    assert view.snippets == {
        "model.py": {5: "y5 = f5(x)", 20: "y20 = f20(x)"},
        "other.py": {30: "y30 = f30(x)"},
    }


def test_without_a_record_everything_is_remainder() -> None:
    lines = lines_of(view_of(mixed(), mixed(), places={}))
    assert not len(lines.index)
    assert lines.files == []
    assert sum(bucket.time for bucket in lines.remainder) * 1000 == pytest.approx(100)


@pytest.mark.parametrize(
    "bundle",
    sorted({path.parent for path in tracked("sample_traces/*.etscope/*")}),
    ids=lambda path: path.name,
)
def test_the_samples_add_up_and_agree_with_the_ledger(bundle: object) -> None:
    view = source_view(latency_report(open_recording(ROOT / str(bundle))))
    for lines in view.methods:
        mapped = sum(b.time for b in lines.ledger.buckets if b.kind == "mapped")
        assert float(lines.self_time.sum()) == pytest.approx(mapped)
        parts = float(lines.self_time.sum()) + sum(b.time for b in lines.remainder)
        assert parts == pytest.approx(lines.latency.mean)
        assert lines.ledger.mapped_share() > 0.99
        assert (lines.total_time >= lines.self_time - 1e-12).all()
        assert lines.files == ["sample_traces/models.py"]


@pytest.mark.parametrize(
    ("name", "delegated", "rows", "brief"),
    [
        ("aten::addmm.out", False, 2, "addmm ×2"),
        ("add.out", False, 1, "add"),
        ("aten.mul.Tensor", False, 1, "mul"),
        ("relu", False, 1, "relu"),
        ("Convolution (NHWC, F32) IGEMM", True, 3, "Convolution ×3"),
        ("my.op::v2", True, 1, "my.op::v2"),
    ],
)
def test_an_operator_has_a_brief_name(name: str, delegated: bool, rows: int, brief: str) -> None:
    assert OperatorUse(name, None, delegated, rows, 1.0, 1.0).brief == brief


def test_an_event_beside_the_method_stands_on_no_line_and_is_counted_apart() -> None:
    inside = method(10, *operator("add.out", 0, 0, 10))
    run = replace(inside, events=(*inside.events, *operator("mul.out", 1, 200, 280)))
    lines = lines_of(view_of(run, run, places={0: origin(INNER), 1: origin(OTHER)}))
    assert times(lines) == {"model.py:20": (10, 10)}
    assert lines.beside == 2  # the operator and its kernel
    parts = float(lines.self_time.sum()) + sum(bucket.time for bucket in lines.remainder)
    assert parts == pytest.approx(lines.whole)


def test_each_column_says_that_it_is_derived_from_what_was_measured(lines: MethodLines) -> None:
    assert {(column.name, column.basis) for column in lines.columns} == {
        ("self", "derived"),
        ("total", "derived"),
    }
