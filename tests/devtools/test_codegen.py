"""Generated code: safe with any name and value, readable, frees what it no longer needs."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from exported_models import export, program_of
from torch import Tensor, nn

from etscope.devtools.capture.codegen import Generated, Variant, generate
from etscope.devtools.capture.lowering import lower
from etscope.devtools.capture.state import State
from etscope.etdump.errors import CaptureError


def generated(
    model: nn.Module, *args: Any, variant: Variant = Variant.PLAIN, log: Any = None
) -> Generated:
    program = export(model, args)
    lowered = lower(program)
    return generate("forward", lowered, State(program, lowered).values, variant, log)


class Residual(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.sin()
        return torch.topk(y + x, 2)[0] * 2


def test_source_reads_like_the_program() -> None:
    assert generated(Residual(), torch.ones(3)).source.splitlines() == [
        "def run(a0):",
        "    v1 = k0(a0)  # 0 aten::sin.default",
        "    v2 = k1(v1, a0)  # 1 aten::add.Tensor",
        "    del v1",
        "    v3 = k2(v2, 2)  # 2 aten::topk.default",
        "    del v2",
        "    v4 = v3[0]",
        "    del v3",
        "    v5 = k3(v4, 2)  # 3 aten::mul.Tensor",
        "    del v4",
        "    return (v5,)",
    ]


def test_timed_code_reads_the_clock_right_around_the_kernel() -> None:
    made = generated(Residual(), torch.ones(3), variant=Variant.TIMED)
    assert made.source.splitlines()[1:9] == [
        "    start = clock()",
        "    s0 = clock()",
        "    v1 = k0(a0)  # 0 aten::sin.default",
        "    e0 = clock()",
        "    s1 = clock()",
        "    v2 = k1(v1, a0)  # 1 aten::add.Tensor",
        "    e1 = clock()",
        "    del v1",
    ]
    readings = made.function(torch.ones(3))
    assert len(readings) == 10
    assert list(readings[:8]) == sorted(readings[:8])


def test_logged_code_hands_over_every_value() -> None:
    seen: list[tuple[int, object, bool]] = []
    made = generated(
        Residual(), torch.ones(3), variant=Variant.LOGGED, log=lambda *entry: seen.append(entry)
    )
    readings, (output,) = made.function(torch.ones(3))
    assert len(readings) == 10
    assert [(number, several) for number, _, several in seen] == [
        (0, False),
        (1, False),
        (2, True),
        (3, False),
    ]
    assert seen[3][1] is output


class PythonNames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in ("lambda", "clock", "v1", "k0", "run", "__import__", "größe", "a b"):
            self.register_parameter(name, nn.Parameter(torch.full((2,), 3.0)))

    def forward(self, log: Tensor, a0: Tensor) -> Tensor:
        total = log - a0
        for parameter in self.parameters():
            total = total * parameter
        return total


def test_names_of_the_model_do_not_reach_the_code() -> None:
    model = PythonNames()
    made = generated(model, torch.ones(2), torch.zeros(2))
    inputs = (torch.full((2,), 2.0), torch.ones(2))
    with torch.no_grad():
        assert torch.equal(made.function(*inputs)[0], model(*inputs))
    assert "lambda" not in made.source
    assert "import" not in made.source


def test_the_method_name_does_not_reach_the_code() -> None:
    program = program_of("changes_input")
    hostile = "x\n'\0\"): import os #\ud800"
    made = generate(hostile, lower(program), [], Variant.PLAIN)
    assert made.function(torch.zeros(3))[0].tolist() == [2.0] * 3
    assert made.filename.isprintable()


def _program_with(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """x -> target(x, *args, **kwargs), without asking torch.export."""
    program = export(nn.ReLU(), (torch.ones(3),))
    (node,) = program.graph.find_nodes(op="call_function", target=torch.ops.aten.relu.default)
    node.target, node.args, node.kwargs = target, (node.args[0], *args), kwargs
    return program


def test_values_reach_the_kernel_as_they_are() -> None:
    seen: dict[str, Any] = {}

    def kernel(x: Tensor, *args: object, **kwargs: object) -> Tensor:
        seen.update(args=args, kwargs=kwargs)
        return x

    args = (
        [1, [2.5, None]],
        (True,),
        (),
        float("inf"),
        "it's\n\u2028\ud800",
        -0.0,
        2**70,
        slice(1, None),
        torch.float16,
        1j,
        {"a": [1]},
    )
    kwargs = {"from": 1, "not an identifier": [2], "class": None}
    lowered = lower(_program_with(kernel, args, kwargs))
    generate("forward", lowered, [], Variant.PLAIN).function(torch.ones(3))
    assert seen["args"] == args
    assert [type(value) for value in seen["args"]] == [type(value) for value in args]
    assert math.copysign(1.0, seen["args"][5]) == -1.0
    assert seen["kwargs"] == kwargs


def test_nodes_inside_of_containers_are_found() -> None:
    seen: list[Any] = []

    def kernel(x: Tensor, *args: object) -> Tensor:
        seen.extend(args)
        return x

    program = _program_with(kernel, (), {})
    (node,) = program.graph.find_nodes(op="call_function", target=kernel)
    x = node.args[0]
    node.args = (x, [x, (x,)], {"x": x, "n": 1}, slice(x, None, 2))
    given = torch.ones(3)
    generate("forward", lower(program), [], Variant.PLAIN).function(given)
    assert seen[0][0] is given
    assert seen[0][1] == (given,)
    assert seen[1] == {"x": given, "n": 1}
    assert (seen[2].start is given, seen[2].stop, seen[2].step) == (True, None, 2)


def test_a_node_that_no_export_makes_is_refused() -> None:
    program = export(nn.ReLU(), (torch.ones(3),))
    (node,) = program.graph.find_nodes(op="call_function", target=torch.ops.aten.relu.default)
    node.op, node.target = "call_method", "relu"
    with pytest.raises(CaptureError, match="'relu' is a call_method"):
        lower(program)


@pytest.mark.parametrize(
    ("variant", "count"),
    [(Variant.PLAIN, 1_000), (Variant.TIMED, 10_000), (Variant.LOGGED, 1_000)],
)
def test_very_long_graphs(variant: Variant, count: int) -> None:
    program = export(nn.ReLU(), (torch.ones(3),))
    graph, output = program.graph, program.graph.output_node()
    value: Any = output.args[0]
    with graph.inserting_before(output):
        (last,) = value
        for _ in range(count - 1):
            last = graph.call_function(torch.ops.aten.add.Tensor, (last, 1))
    output.args = ((last,),)
    logged: list[int] = []
    made = generate(
        "forward", lower(program), [], variant, lambda number, *_: logged.append(number)
    )
    result = made.function(torch.zeros(1))
    if variant is Variant.PLAIN:
        assert result[0].item() == count - 1
    else:
        readings = result if variant is Variant.TIMED else result[0]
        assert len(readings) == 2 * count + 2
        assert logged == (list(range(count)) if variant is Variant.LOGGED else [])
