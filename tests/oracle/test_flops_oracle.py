"""The rules of matrix products, convolutions and attention against torch's own counter."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from exported_models import eager, export
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, flop_registry

from etscope.inspector.roofline.flops import flops_of
from etscope.inspector.roofline.operands import Call, Operand

pytestmark = pytest.mark.oracle

aten = torch.ops.aten
FLOAT = 6
ROUNDS = 60


def operands(*tensors: Tensor) -> tuple[Operand, ...]:
    return tuple(Operand(tuple(tensor.shape), FLOAT) for tensor in tensors)


def meta(*shape: int) -> Tensor:
    return torch.empty(shape, device="meta")


def counted_by_torch(call: Callable[[], Any]) -> tuple[int, Any]:
    with FlopCounterMode(display=False) as counter:
        result = call()
    return counter.get_total_flops(), result


def products(size: Callable[[], int]) -> Iterator[tuple[Any, tuple[Tensor, ...]]]:
    b, m, k, n = size(), size(), size(), size()
    yield aten.mm, (meta(m, k), meta(k, n))
    yield aten.addmm, (meta(n), meta(m, k), meta(k, n))
    yield aten.bmm, (meta(b, m, k), meta(b, k, n))
    yield aten.baddbmm, (meta(b, m, n), meta(b, m, k), meta(b, k, n))


def test_matrix_products() -> None:
    dice = random.Random(1)
    for _ in range(ROUNDS):
        for op, tensors in products(lambda: dice.randrange(0, 40)):
            expected, result = counted_by_torch(lambda: op(*tensors))  # noqa: B023
            name = f"aten.{op.__name__}.default"
            assert flops_of(Call(name, operands(*tensors), operands(result))).operations == expected


def test_what_becomes_a_matrix_product_in_torch() -> None:
    dice = random.Random(2)
    for _ in range(ROUNDS):
        b, m, k, n = (dice.randrange(1, 20) for _ in range(4))
        for name, call, tensors in (
            ("aten.linear.default", torch.nn.functional.linear, (meta(b, m, k), meta(n, k))),
            ("aten.matmul.default", torch.matmul, (meta(b, 1, m, k), meta(3, k, n))),
        ):
            expected, result = counted_by_torch(lambda: call(*tensors))  # noqa: B023
            assert flops_of(Call(name, operands(*tensors), operands(result))).operations == expected


def test_scaled_products_and_attention_in_its_variants() -> None:
    dice = random.Random(3)
    scaled = flop_registry[aten._scaled_mm]
    flash = flop_registry[aten._scaled_dot_product_flash_attention]
    for _ in range(ROUNDS):
        m, k, n = (dice.randrange(1, 50) for _ in range(3))
        one = meta(1)
        expected = scaled(meta(m, k), meta(k, n), one, one, out_val=meta(m, n))
        call = Call(
            "aten._scaled_mm.default", operands(meta(m, k), meta(k, n)), operands(meta(m, n))
        )
        assert flops_of(call).operations == expected
        batch, heads, groups, places, keys, deep, wide = (dice.randrange(1, 9) for _ in range(7))
        query = meta(batch, heads * groups, places, deep)
        key, value = meta(batch, heads, keys, deep), meta(batch, heads, keys, wide)
        made = meta(batch, heads * groups, places, wide)
        expected = flash(query, key, value, out_val=made)
        for name in ("scaled_dot_product_attention", "_scaled_dot_product_flash_attention"):
            call = Call(f"aten.{name}.default", operands(query, key, value), operands(made))
            assert flops_of(call).operations == expected
        # The kernel below has the heads behind the places; torch's own rule for it reads them the
        # other way round.
        inside = [tensor.transpose(1, 2) for tensor in (query, key, value)]
        call = Call("aten._flash_attention_forward.default", operands(*inside), operands(made))
        assert flops_of(call).operations == expected


def random_convolution(dice: random.Random) -> tuple[nn.Module, Tensor]:
    dims, groups = dice.choice((1, 2, 3)), dice.choice((1, 1, 2, 4))
    plain, turned = (nn.Conv1d, nn.Conv2d, nn.Conv3d), (
        nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d,
    )  # fmt: skip
    kind: Any = dice.choice((plain, turned))[dims - 1]
    channels = groups * dice.randrange(1, 5), groups * dice.randrange(1, 5)
    settings = {
        "stride": dice.randrange(1, 4),
        "padding": dice.randrange(0, 3),
        "dilation": dice.randrange(1, 3),
        "groups": groups,
        "bias": dice.random() < 0.5,
    }
    module = kind(*channels, dice.randrange(1, 4), device="meta", **settings)
    return module, meta(dice.randrange(1, 4), channels[0], *[dice.randrange(9, 20)] * dims)


def test_convolutions_transposed_grouped_and_dilated() -> None:
    dice = random.Random(4)
    guessed = right = 0
    for _ in range(4 * ROUNDS):
        module, given = random_convolution(dice)
        expected, result = counted_by_torch(lambda: module(given))  # noqa: B023
        transposed = "Transpose" in type(module).__name__
        tensors = operands(given, next(module.parameters())), operands(result)
        call = Call("aten.convolution.default", *tensors, transposed=transposed)
        assert flops_of(call).operations == expected
        # From the shapes alone it can only be told where channels or places differ enough.
        guessed += 1
        right += flops_of(call._replace(transposed=None)).operations == expected
    assert right > 0.9 * guessed


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.head = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(self.depthwise(self.stem(x)))
        scores: Tensor = self.head(y.mean((2, 3))).softmax(-1)
        return scores


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(24, 72)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.mix(x).unflatten(-1, (3, 4, 6)).permute(2, 0, 3, 1, 4)
        out: Tensor = nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return out


MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "convolutions": (Mixed, (2, 3, 33, 33)),
    "encoder": (
        lambda: nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, dropout=0.0),
        (2, 7, 32),
    ),
    "lstm": (lambda: nn.LSTM(8, 16, batch_first=True), (2, 5, 8)),
    "attention": (Attention, (2, 6, 24)),
}


def decomposed(model: nn.Module, given: Tensor) -> torch.export.ExportedProgram:
    """Down to the core operators, of which the edge dialect is made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: torch.export.ExportedProgram = export(model, (given,)).run_decompositions()
        return program


def total_of(program: torch.export.ExportedProgram) -> int:
    """Our count of the operators that torch's counter counts."""
    total = 0
    for node in program.graph.nodes:
        packet = getattr(node.target, "overloadpacket", None)
        if node.op != "call_function" or packet not in flop_registry:
            continue
        values = node.meta["val"]
        given = [each.meta["val"] for each in node.all_input_nodes]
        made = values if isinstance(values, tuple | list) else [values]
        extra = {"transposed": node.args[6]} if packet is aten.convolution else {}
        found = flops_of(Call(str(node.target), operands(*given), operands(*made[:1]), **extra))
        assert found.operations is not None, (node.target, found.reason)
        total += found.operations
    return total


@pytest.mark.parametrize("name", sorted(MODELS))
def test_totals_of_whole_models(name: str) -> None:
    make, shape = MODELS[name]
    given = torch.randn(shape)
    program = decomposed(make(), given)
    run = eager(program)
    expected, _ = counted_by_torch(lambda: run(given))
    assert expected > 0
    assert total_of(program) == expected
