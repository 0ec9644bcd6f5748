"""compare_results: the numbers of executorch.devtools, and no crash where it has one."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from etscope.etdump.errors import UsageError
from etscope.inspector import compare_results


def test_three_metrics_rounded_to_two_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    wanted, given = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 3.3])
    assert compare_results([wanted], [given]) == {
        "snr": [21.92],
        "mse": [0.03],
        "cosine_similarity": [1.0],
    }
    assert capsys.readouterr().out == ""


def test_small_differences_are_small() -> None:
    wanted = torch.arange(1, 17, dtype=torch.float32).reshape(4, 4)
    given = wanted.clone()
    given[0, 0] += 1e-2
    found = compare_results([wanted], [given])
    assert found["snr"][0] is not None
    assert found["snr"][0] > 30
    assert (found["mse"], found["cosine_similarity"]) == ([0.0], [1.0])


def test_whole_numbers_are_compared_as_numbers() -> None:
    wanted = torch.tensor([1, 200], dtype=torch.uint8)
    given = torch.tensor([2, 199], dtype=torch.uint8)  # their difference has no place in a byte
    assert compare_results([wanted], [given], metrics=["mse"]) == {"mse": [1.0]}


def test_what_is_equal_has_no_noise() -> None:
    assert compare_results([torch.ones(2)], [torch.ones(2)], ["snr"]) == {"snr": [math.inf]}


def test_metrics_come_in_one_order_whatever_was_asked() -> None:
    found = compare_results([torch.ones(1)], [torch.ones(1)], ["mse", "snr"])
    assert list(found) == ["snr", "mse"]


def test_an_unknown_metric_is_left_out_and_told() -> None:
    with pytest.warns(UserWarning, match="unknown metrics are left out: l1"):
        assert compare_results([torch.ones(1)], [torch.ones(1)], ["l1"]) == {}


@pytest.mark.parametrize(
    ("wanted", "given", "error"),
    [
        (2, 3, 1.0),
        (2.0, 2.0, 0.0),
        (True, False, 1.0),
        ([torch.ones(2), torch.ones(1)], [torch.ones(2), torch.zeros(1)], 0.33),
    ],
)
def test_numbers_and_lists_are_compared_too(wanted: Any, given: Any, error: float) -> None:
    assert compare_results([wanted], [given], ["mse"]) == {"mse": [error]}


@pytest.mark.parametrize(
    ("wanted", "given", "why"),
    [
        (None, torch.ones(1), "output 0 is not compared: NoneType is no tensor"),
        (torch.ones(1), "text", "output 0 is not compared: str is no tensor"),
        (torch.ones(2, 1), torch.ones(2), r"its shape is \(2,\), not \(2, 1\)"),
    ],
)
def test_what_cannot_be_compared_costs_only_itself(wanted: Any, given: Any, why: str) -> None:
    with pytest.warns(UserWarning, match=why):
        found = compare_results([wanted, torch.ones(1)], [given, torch.ones(1)])
    assert [values[0] for values in found.values()] == [None] * 3
    assert found["mse"][1] == 0.0


def test_nan_and_infinity_are_told() -> None:
    wanted, given = torch.tensor([1.0, math.nan]), torch.tensor([math.inf, math.nan])
    with pytest.warns(UserWarning, match="output 0 has.*1 of the reference and 2 of the output"):
        found = compare_results([wanted], [given])
    assert found["mse"][0] is not None
    assert math.isnan(found["mse"][0])


def test_lists_of_different_length_are_told() -> None:
    with pytest.warns(UserWarning, match="only the first 1 are compared"):
        found = compare_results([torch.ones(1)] * 2, [torch.ones(1)], ["mse"])
    assert found == {"mse": [0.0]}


def test_nothing_is_drawn() -> None:
    with pytest.warns(UserWarning, match="nothing is drawn"):
        assert compare_results([torch.ones(1)], [torch.ones(1)], ["mse"], plot=True)


@pytest.mark.parametrize("error", [TypeError, UsageError])
def test_without_a_reference_there_is_nothing_to_compare(error: type[Exception]) -> None:
    nothing: Any = None
    with pytest.raises(error, match="there is no reference output"):
        compare_results(nothing, [torch.ones(1)])
