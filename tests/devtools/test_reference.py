"""The reference runtime computes what torch computes, and refuses what it cannot run."""

from __future__ import annotations

import copy
import gc
import random
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exported_models import CASES, eager, export, program_of
from torch import Tensor, nn

from etscope.devtools.capture.reference import ReferenceRuntime
from etscope.devtools.capture.runtime import Inference
from etscope.etdump.errors import CaptureError, UsageError
from etscope.etdump.tensors import DebugBuffer, value_of


def assert_same(ours: object, theirs: object) -> None:
    """Equal to the last bit, and of the same structure."""
    assert type(ours) is type(theirs)
    if isinstance(ours, Tensor) and isinstance(theirs, Tensor):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    elif isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_same(mine, other)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        assert_same(list(ours.values()), list(theirs.values()))
    else:
        assert ours == theirs


def runtime_of(model: nn.Module, *args: Any, decomposed: bool = False) -> ReferenceRuntime:
    return ReferenceRuntime({"forward": export(model, args, decomposed=decomposed)})


@pytest.mark.parametrize("decomposed", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_outputs_equal_torch_to_the_last_bit(name: str, decomposed: bool) -> None:
    case, program = CASES[name], program_of(name, decomposed)
    theirs, runtime = eager(program), ReferenceRuntime({"forward": program})
    for _ in range(2):
        args, kwargs = copy.deepcopy((case.args, dict(case.kwargs)))
        with torch.no_grad():
            expected = theirs(*args, **kwargs)
        flat = runtime.flatten("forward", *copy.deepcopy((case.args, dict(case.kwargs))))
        ours = runtime.unflatten("forward", runtime.run("forward", flat))
        assert_same(ours, expected)


@pytest.mark.parametrize("name", CASES)
def test_logged_outputs_are_the_outputs(name: str, tmp_path: Path) -> None:
    case, program = CASES[name], program_of(name, True)
    runtime = ReferenceRuntime({"forward": program})
    inputs = runtime.flatten("forward", *copy.deepcopy((case.args, dict(case.kwargs))))
    trace = runtime.tensor_pass([Inference("forward", 0, inputs)], tmp_path / "debug.bin")
    outputs = runtime.run("forward", copy.deepcopy(inputs))

    buffer = DebugBuffer(tmp_path / "debug.bin")
    rows = np.flatnonzero(trace.values.is_output).tolist()
    for row, output in zip(rows, outputs, strict=True):
        logged = value_of(trace, buffer, row)
        if isinstance(output, Tensor):
            assert isinstance(logged, np.ndarray)
            assert logged.tobytes() == output.flatten().view(torch.uint8).numpy().tobytes()
        else:
            assert logged == (None if isinstance(output, str) else output)


def _random_model(seed: int) -> nn.Module:
    choose = random.Random(seed)
    unary: list[Callable[[Tensor], Tensor]] = [
        torch.relu,
        torch.sin,
        lambda x: x.t().contiguous().t(),
        lambda x: x.reshape(-1).view(4, 4),
        lambda x: x.softmax(-1),
        lambda x: torch.split(x, 2)[1].repeat(2, 1),
        lambda x: x.sort(dim=0)[0],
    ]
    binary: list[Callable[[Tensor, Tensor], Tensor]] = [
        torch.add,
        torch.mul,
        torch.matmul,
        torch.maximum,
        lambda x, y: torch.where(x > y, x, y * 2),
    ]
    plan = [(choose.random() < 0.5, choose.random(), choose.random()) for _ in range(25)]

    class Random(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            values = [x, x + 1]
            for single, first, second in plan:
                a = values[int(first * len(values))]
                if single:
                    values.append(unary[int(second * len(unary))](a))
                else:
                    values.append(binary[int(second * len(binary))](a, values[-1]))
            return values[-1], values[len(values) // 2]

    return Random()


@pytest.mark.parametrize("seed", range(4))
def test_random_graphs_equal_torch(seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.randn(4, 4)
    program = export(_random_model(seed), (x,), decomposed=bool(seed % 2))
    runtime = ReferenceRuntime({"forward": program})
    with torch.no_grad():
        assert_same(runtime.run("forward", (x,)), eager(program)(x))


def test_other_sizes_of_a_dynamic_program() -> None:
    program = program_of("sizes")
    runtime = ReferenceRuntime({"forward": program})
    inputs = (torch.randn(7, 3), torch.randn(2, 3))
    assert_same(runtime.run("forward", inputs), eager(program)(*inputs))
    assert runtime.run("forward", inputs)[2] == 21


@pytest.mark.parametrize("decomposed", [False, True])
def test_state_lives_from_run_to_run_and_not_in_the_program(decomposed: bool) -> None:
    x, program = torch.ones(1, 3), program_of("cache", decomposed)
    runtime = ReferenceRuntime({"a": program, "b": program})
    assert_same(runtime.run("a", (x,)), runtime.run("b", (x,)))  # methods do not share state
    (second,) = runtime.run("a", (x * 5,))
    assert isinstance(second, Tensor)
    assert second.tolist() == [7.0, 7.0, 7.0]
    assert program.state_dict["cache"].sum() == 0


def test_every_pass_starts_from_the_exported_state(tmp_path: Path) -> None:
    x = torch.ones(1, 3)
    runtime = ReferenceRuntime({"forward": program_of("cache", True)})
    plan = [Inference("forward", 0, (x,))] * 3
    runtime.run("forward", (x,))
    # More warm-up than the cache has room for: without a reset the copy would fail.
    runtime.timing_pass(plan, warmup=4)
    runtime.untraced_pass(plan, warmup=4)
    for _ in range(2):
        trace = runtime.tensor_pass(plan, tmp_path / "debug.bin")
        buffer = DebugBuffer(tmp_path / "debug.bin")
        rows = np.flatnonzero(trace.values.is_output).tolist()
        sums = [np.asarray(value_of(trace, buffer, row))[0] for row in rows]
        assert sums == [2.0, 3.0, 4.0]


@pytest.mark.parametrize("decomposed", [False, True])
def test_input_mutations_reach_the_caller_of_run_but_not_a_plan(
    decomposed: bool, tmp_path: Path
) -> None:
    x = torch.zeros(3)
    runtime = ReferenceRuntime({"forward": program_of("changes_input", decomposed)})
    (output,) = runtime.run("forward", (x,))
    assert isinstance(output, Tensor)
    assert (x.tolist(), output.tolist()) == ([1.0] * 3, [2.0] * 3)
    plan = [Inference("forward", 0, (x,))] * 2
    runtime.timing_pass(plan, warmup=1)
    runtime.untraced_pass(plan, warmup=1)
    runtime.tensor_pass(plan, tmp_path / "debug.bin")
    assert x.tolist() == [1.0] * 3


_ALIVE: list[weakref.ref[Any]] = []
_MOST = [0]


@torch.library.custom_op("etscope_test::spy", mutates_args=())
def spy(x: Tensor) -> Tensor:
    """Count how many results of this operator exist at once."""
    result = x + 1
    _ALIVE.append(weakref.ref(result.untyped_storage()))
    _ALIVE[:] = [ref for ref in _ALIVE if ref() is not None]
    _MOST[0] = max(_MOST[0], len(_ALIVE))
    return result


@spy.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


class Chain(nn.Module):
    def __init__(self, keep: bool) -> None:
        super().__init__()
        self.keep = keep

    def forward(self, x: Tensor) -> list[Tensor]:
        values = [x]
        for _ in range(10):
            values.append(spy(values[-1]))
        return values if self.keep else values[-1:]


@pytest.mark.parametrize(("keep", "most"), [(True, 10), (False, 2)])
def test_intermediates_are_freed_at_their_last_use(keep: bool, most: int, tmp_path: Path) -> None:
    x = torch.zeros(2)
    runtime = runtime_of(Chain(keep), x)
    plan = [Inference("forward", 0, (x,))] * 2
    passes: list[Callable[[], object]] = [
        lambda: runtime.run("forward", (x,)),
        lambda: runtime.timing_pass(plan, warmup=1),
        lambda: runtime.untraced_pass(plan, warmup=1),
        lambda: runtime.tensor_pass(plan, tmp_path / "debug.bin"),
    ]
    gc.collect()
    for run in passes:
        _ALIVE.clear()
        _MOST[0] = 0
        run()
        # A timed run gives no outputs back, but holds them to its end.
        assert _MOST[0] == most


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ((torch.zeros(4, 3),), "takes 2 inputs"),
        ((torch.zeros(4, 3), 1), "input 1 (y): expected a tensor, got 1"),
        ((torch.zeros(4, 3), torch.zeros(5, 3).double()), "got float64 [5, 3]"),
        ((torch.zeros(4, 3), torch.zeros(5)), "got float32 [5]"),
        ((torch.zeros(4, 2), torch.zeros(5, 3)), "input 0 (x): expected float32"),
        ((torch.zeros(4, 3), torch.zeros(50, 3)), "got float32 [50, 3]"),
    ],
)
def test_inputs_that_do_not_fit_are_named(inputs: tuple[Any, ...], words: str) -> None:
    program = program_of("sizes")
    runtime = ReferenceRuntime({"forward": program})
    with pytest.raises(UsageError) as caught:
        runtime.run("forward", inputs)
    assert words in str(caught.value)
    with pytest.raises(UsageError):
        runtime.timing_pass([Inference("forward", 0, inputs)], warmup=0)


def test_constants_of_the_export_must_be_given_again() -> None:
    runtime = ReferenceRuntime({"forward": program_of("scalars")})
    with pytest.raises(UsageError, match=r"exported for the constant True, got False"):
        runtime.run("forward", (torch.randn(3), False, 2.5, None))


def test_requests_that_make_no_sense(tmp_path: Path) -> None:
    runtime = runtime_of(nn.ReLU(), torch.ones(2))
    with pytest.raises(UsageError, match="no method 'backward'; the program has 'forward'"):
        runtime.run("backward", ())
    with pytest.raises(UsageError, match="nested in another way"):
        runtime.flatten("forward", ([torch.ones(2)],))
    with pytest.raises(UsageError, match="at least one method"):
        ReferenceRuntime({})
    with pytest.raises(UsageError, match="is a ReLU, not an ExportedProgram"):
        ReferenceRuntime({"forward": nn.ReLU()})  # type: ignore[dict-item]
    with pytest.raises(CaptureError, match="cannot be written"):
        runtime.tensor_pass([], tmp_path / "absent" / "debug.bin")


class Picks(nn.Module):
    def forward(self, x: Tensor, place: Tensor) -> Tensor:
        return x.sin().index_select(0, place)


def test_a_failing_operator_is_named_and_leaves_no_file(tmp_path: Path) -> None:
    inputs = (torch.ones(3), torch.tensor([1]))
    runtime = runtime_of(Picks(), *inputs)
    wrong = [Inference("forward", 0, (inputs[0], torch.tensor([9])))]
    for run in (
        lambda: runtime.run("forward", wrong[0].inputs),
        lambda: runtime.timing_pass(wrong, warmup=0),
        lambda: runtime.tensor_pass(wrong, tmp_path / "debug.bin"),
    ):
        with pytest.raises(CaptureError, match=r"in aten::index_select.default \(index_select\)"):
            run()
    assert list(tmp_path.iterdir()) == []
