"""Work, bytes and time of the sample traces joined: sums, coverage, and known figures."""

from __future__ import annotations

import dataclasses
import json

import pytest
from roofline_samples import of, recording, sample

from etscope.inspector.durations import Clock
from etscope.inspector.roofline.bounds import KERNEL, OVERHEAD, UNKNOWN
from etscope.inspector.roofline.event_work import UPPER_BOUND
from etscope.inspector.roofline.program_calls import ProgramCalls
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline
from etscope.inspector.units import TimeScale


def named(roofline: Roofline, start: str) -> list[OperatorRoof]:
    ops = roofline.latency.rows.op
    return [roof for roof in roofline.rows if (ops[roof.row] or "").startswith(start)]


ALL = ["convnet_portable", "convnet_xnnpack", "convnet_int8_xnnpack", "transformer_kv"]


@pytest.mark.parametrize("name", ALL)
def test_operators_and_the_rest_add_up_to_the_method(name: str) -> None:
    found = sample(name)
    total = sum(roof.time_s or 0.0 for roof in found.rows) + found.unexplained_s
    assert total == pytest.approx(found.whole_s)
    assert sum(found.time_shares.values()) + found.unexplained_s / found.whole_s == pytest.approx(1)
    assert found.totals.operators_counted == found.totals.operators == len(found.rows)
    assert found.coverage > 0.9


def test_kernels_count_with_their_operators_and_as_their_argument_says() -> None:
    first, second, third = named(sample("convnet_portable"), "aten::convolution")
    # 2 · places · elements of the weight
    assert first.operations == 2 * 32 * 32 * 8 * 3 * 3 * 3
    assert second.operations == 2 * 16 * 16 * 16 * 8 * 3 * 3
    assert third.total_bytes == 4 * (2 * 16 * 16 * 16 + 16 * 16 * 3 * 3)
    assert third.bound == KERNEL
    assert third.gflops_per_s is not None
    assert third.time_s is not None
    assert third.gflops_per_s == pytest.approx(2 * 16 * 16 * 16 * 16 * 9 / third.time_s / 1e9)


def test_a_fused_operation_hands_nothing_to_itself_and_folds_the_norm() -> None:
    first = named(sample("convnet_xnnpack"), "Convolution")[0]
    relu = 8 * 32 * 32
    assert first.operations == 2 * 32 * 32 * 8 * 3 * 3 * 3 + relu
    assert first.read_bytes == 4 * (3 * 32 * 32 + 8 * 3 * 3 * 3)
    assert first.written_bytes == 4 * relu
    assert first.peak_share is not None
    assert 0.1 < first.peak_share < 1


def test_quantized_operations_are_on_integers_and_their_tensors_as_stored() -> None:
    found = sample("convnet_int8_xnnpack")
    first = named(found, "Convolution")[0]
    assert first.work.work.integer
    assert first.read_bytes == 3 * 32 * 32 + 8 * 3 * 3 * 3 + 4 * 8
    assert first.written_bytes == 8 * 32 * 32
    softmax = named(found, "Softmax")[0]
    assert not softmax.work.work.integer
    assert (softmax.read_bytes, softmax.written_bytes) == (40, 40)
    transpose = named(found, "Transpose")[0]
    assert (transpose.operations, transpose.read_bytes) == (0, 3 * 32 * 32)


def test_what_a_call_takes_besides_its_operations_is_overhead() -> None:
    roof = named(sample("convnet_xnnpack"), "DELEGATE_CALL")[0]
    assert (roof.bound, roof.operations, roof.peak_share) == (OVERHEAD, 0, None)
    assert "rounding of 10 times" in roof.reason


def test_no_call_of_a_method_costs_more_than_its_fastest_took() -> None:
    found = sample("two_methods")
    relu = named(found, "aten::relu")[0]
    assert relu.bound == OVERHEAD
    copies = named(found, "aten::permute_copy")
    assert {roof.bound for roof in copies} == {KERNEL}
    fastest = min(roof.time_s or 1.0 for roof in found.rows)
    for roof in found.rows:
        if roof.bound == OVERHEAD:
            assert (roof.time_s or 1.0) <= 2 * fastest
            assert f"one costs up to {fastest * 1e6:.3g} µs" in roof.reason


def test_a_time_below_the_step_of_its_clock_gives_no_rate() -> None:
    roof = named(sample("convnet_xnnpack"), "Softmax")[0]
    assert (roof.time_s, roof.gflops_per_s, roof.bound) == (None, None, UNKNOWN)
    assert roof.reason == "its clock counts in steps of 1 µs, and it took less"


def test_copies_back_into_buffers_are_what_ran_and_not_the_node_that_they_stand_for() -> None:
    copies = named(sample("transformer_kv"), "aten::copy_")
    size = 4 * 16 * 8 * 4
    assert [(c.operations, c.read_bytes, c.written_bytes) for c in copies] == [(0, size, size)] * 4


def test_without_a_calibration_rates_are_shown_and_bounds_are_not() -> None:
    found = of(recording("convnet_portable", None))
    first = found.rows[0]
    assert first.gflops_per_s is not None
    assert {roof.bound for roof in found.rows} == {UNKNOWN}
    assert first.reason.startswith("the bundle has no calibration")
    assert found.ridge is None


def test_cycles_have_no_rates() -> None:
    clock = Clock(TimeScale.CYCLES, TimeScale.CYCLES)
    found = of(recording("convnet_portable"), clock)
    assert {(roof.time_s, roof.bound) for roof in found.rows} == {(None, UNKNOWN)}
    assert found.rows[0].operations == 2 * 32 * 32 * 8 * 3 * 3 * 3
    json.dumps(found.to_rows(), allow_nan=False)


def test_without_a_program_the_graph_tells() -> None:
    given = dataclasses.replace(recording("convnet_portable"), program=None)
    found = of(given)
    assert found.totals.float_operations == sample("convnet_portable").totals.float_operations


def test_with_neither_nothing_is_known_and_it_says_why() -> None:
    given = dataclasses.replace(recording("convnet_portable"), program=None, record=None)
    found = of(given)
    assert {(roof.operations, roof.total_bytes) for roof in found.rows} == {(None, None)}
    assert found.rows[0].reason == "there is no ETRecord"
    assert found.coverage == 0


@pytest.mark.parametrize("name", ALL)
def test_rows_are_flat_and_carry_the_key(name: str) -> None:
    rows = sample(name).to_rows()
    json.dumps(rows, allow_nan=False)
    first = rows[0]
    assert first["method"] == "forward"
    keys = "instruction delegate_id node op module source flops read_bytes written_bytes time_ms"
    assert {*keys.split(), "intensity_flops_per_byte", "bound", "reason"} <= {*first}
    assert {row["basis"] for row in rows} == {"estimated"}


def test_work_that_is_only_bounded_gives_no_rate_and_no_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ProgramCalls, "is_bound", lambda self, instruction: instruction == 0)
    found = of(recording("convnet_portable"))
    first, second = found.rows[:2]
    assert (first.bound, first.peak_share, first.reason) == (UNKNOWN, None, UPPER_BOUND)
    assert (first.gflops_per_s, first.gb_per_s) == (None, None)
    assert first.operations == 2 * 32 * 32 * 8 * 3 * 3 * 3
    assert second.gflops_per_s is not None
    assert found.totals.operators_counted == len(found.rows) - 1
