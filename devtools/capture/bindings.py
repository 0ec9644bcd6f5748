"""How generated code calls an operator: the quickest way that reaches the same kernel.

Any operator can be called through the dispatcher's own entry (`OpOverload._op`),
which costs about 1.5 us per call more than the argument parsers behind
`torch.add` and `Tensor.view`. On small tensors that alone would make a program
slower than eager PyTorch. So the operators below are called through these
parsers. A parser chooses the overload itself; listed is only what the tests
have seen it choose right, and arguments of an unusual kind take the sure way.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType
from typing import Any, NamedTuple

import torch


class Binding(NamedTuple):
    """A way to write the call. Exactly one of the two is set, or neither for `x[i]`."""

    function: Callable[..., object] | None = None  # f(x, ...)
    method: str = ""  # x.method(...)
    converts: bool = False  # arguments are converted; where a list is due a tuple will do
    spreads: bool = False  # x.view(2, 4), which is parsed in half the time of x.view((2, 4))


_SIZES = {
    "aten::sym_size": "size",
    "aten::sym_stride": "stride",
    "aten::sym_numel": "numel",
    "aten::sym_storage_offset": "storage_offset",
}

_FUNCTIONS = """
    abs.default cos.default erf.default exp.default log.default neg.default reciprocal.default
    relu.default rsqrt.default sigmoid.default sin.default sqrt.default tanh.default
    gelu.default silu.default hardswish.default hardsigmoid.default hardtanh.default
    leaky_relu.default elu.default clamp.default
    add.Tensor sub.Tensor mul.Tensor div.Tensor pow.Tensor_Scalar
    eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar
    eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor
    maximum.default minimum.default logical_and.default logical_or.default logical_not.default
    bitwise_not.default where.self masked_fill.Scalar
    linear.default matmul.default mm.default bmm.default addmm.default baddbmm.default
    conv1d.default conv2d.default convolution.default embedding.default
    scaled_dot_product_attention.default
    layer_norm.default native_layer_norm.default batch_norm.default group_norm.default
    softmax.int _softmax.default log_softmax.int _log_softmax.default dropout.default
    max_pool2d.default avg_pool2d.default adaptive_avg_pool2d.default
    sum.default sum.dim_IntList mean.default mean.dim amax.default amin.default argmax.default
    max.dim topk.default cumsum.default var.correction
    reshape.default permute.default transpose.int t.default unsqueeze.default squeeze.dim
    squeeze.dims flatten.using_ints select.int unbind.int split_with_sizes.default chunk.default
    cat.default stack.default clone.default gather.default index_select.default detach.default
    relu_.default
"""

_METHODS = """
    view.default expand.default contiguous.default copy_.default add_.Tensor sub_.Tensor
    mul_.Tensor div_.Tensor
"""

#: Reached by the function of that name in torch or torch._C._nn.
FUNCTIONS = frozenset(_FUNCTIONS.split())
#: Reached by the method of that name of a tensor.
METHODS = frozenset(_METHODS.split())

_SPREAD = {"view.default", "expand.default"}
_C: Any = torch._C  # its stubs leave _nn out
_HOMES = (torch, _C._nn)


def binding_of(target: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Binding:
    """How to call a graph node's target with these arguments (nodes stand for values)."""
    if target is operator.getitem:
        return Binding()
    if not isinstance(target, torch._ops.OpOverload):
        return Binding(function=target)
    if target._schema.name in _SIZES:
        return Binding(method=_SIZES[target._schema.name])
    if type(target) is not torch._ops.OpOverload:  # takes script objects, in Python only
        return Binding(function=target)
    return _parser(target, args, kwargs) or Binding(function=target._op, converts=True)


def _parser(
    target: torch._ops.OpOverload[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Binding | None:
    """The argument parser that chooses this overload; None where that is not known."""
    space, _, name = target._schema.name.partition("::")
    key = f"{name}.{target._overloadname}"
    if space != "aten" or "self" in kwargs or not _usual(target, args):
        return None
    if key in METHODS and args:
        spreads = key in _SPREAD and len(args) == 2 and len(args[1]) > 0
        return Binding(method=name, converts=True, spreads=spreads)
    if key in FUNCTIONS:
        for home in _HOMES:
            function = getattr(home, name, None)
            # What PyTorch wraps in Python is neither quick nor sure to call this overload.
            if isinstance(function, BuiltinFunctionType):
                return Binding(function=function, converts=True)
    return None


def _usual(target: torch._ops.OpOverload[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether tensors are where the schema has tensors; a number may be the second operand."""
    for position, (parameter, arg) in enumerate(zip(target._schema.arguments, args, strict=False)):
        if isinstance(parameter.type, torch.TensorType):
            second_operand = position == 1 and target._overloadname == "Tensor"
            numbers = (int, float) if second_operand else ()
            if isinstance(arg, (bool, complex, str, list, tuple)) or arg is None:
                return False
            if isinstance(arg, (int, float)) and not isinstance(arg, numbers):
                return False
    return True
