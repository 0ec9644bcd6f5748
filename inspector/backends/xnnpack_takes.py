"""Which operators XNNPACK's partitioner takes, and on which conditions.

Source: the partitioner configurations of ExecuTorch 1.5 (`backends/xnnpack/partition/config`).
A test holds the table against them.
"""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.backends.placement import Call, Refusal, TensorFacts
from etscope.inspector.backends.xnnpack_configurations import TAKEN

#: What is left of an operator with a configuration once it was decomposed outside.
_LEFT_OVER = {
    "max_pool2d_with_indices.default": "max_pool2d.default",
    "hardswish.out": "hardswish.default",
}
#: Operators that give indices besides, which the backend does not make.
_WITH_INDICES = frozenset({"max", "max_pool2d_with_indices"})
#: Element types: of ordinary operators, and besides of those that quantize.
TYPES = ("float32", "float16")
_QUANTIZED = frozenset({"int8", "qint8", "quint8", "qint32"})
_QUANTIZING = ("quantize", "dequantize", "choose_qparams")
_BY_NAME: dict[str, set[str]] = {}
for _taken in TAKEN:
    _BY_NAME.setdefault(_taken.partition(".")[0], set()).add(_taken.partition(".")[2])


def refusal(call: Call) -> Refusal | None:
    """Why XNNPACK's partitioner leaves a call out; None: nothing known speaks against it."""
    found = _of_operator(call) or _of_types(call)
    if found is None and call.name in _CONDITIONS:
        found = _CONDITIONS[call.name](call)
    return found


def _of_operator(call: Call) -> Refusal | None:
    name, overload = call.name, call.overload
    whole = f"{name}.{overload or 'default'}"
    if whole in _LEFT_OVER:
        return None
    overloads = _BY_NAME.get(name)
    if overloads is None:
        return Refusal("operator", f"has no configuration for {name}")
    if overload is None or overload in overloads:
        return None
    return Refusal("operator", f"takes {name} as {', '.join(sorted(overloads))}, not {overload}")


def _of_types(call: Call) -> Refusal | None:
    allowed = set(TYPES)
    if call.name.startswith(_QUANTIZING):
        allowed |= _QUANTIZED
    given_back = call.outputs[:1] if call.name in _WITH_INDICES else call.outputs
    both = (*call.inputs, *given_back)
    others = sorted({tensor.dtype for tensor in both if tensor.dtype} - allowed)
    if others:
        return Refusal("dtype", f"takes {' and '.join(TYPES)}, not {', '.join(others)}")
    given = sorted({tensor.dtype for tensor in call.inputs if tensor.dtype})
    if len(given) > 1 and not call.name.startswith(_QUANTIZING):
        return Refusal("dtype", f"takes no inputs of different types: {', '.join(given)}")
    if any(not tensor.elements for tensor in call.inputs):
        return Refusal("shape", "takes no tensor without elements")
    return None


def _first(call: Call) -> TensorFacts | None:
    return call.inputs[0] if call.inputs else None


def _argument(call: Call, place: int) -> object:
    return call.arguments[place] if place < len(call.arguments) else None


def _softmax(call: Call) -> Refusal | None:
    dim, given = _argument(call, 1), _first(call)
    if given is None or not isinstance(dim, int) or dim in (-1, len(given.shape) - 1):
        return None
    return Refusal("argument", f"takes a softmax over the last dimension, not over {dim}")


def _mean(call: Call) -> Refusal | None:
    given, dims = _first(call), _argument(call, 1)
    if given is None:
        return None
    rank = len(given.shape)
    if rank != 4:
        return Refusal("shape", f"takes the mean of tensors of rank 4, not {rank}")
    if isinstance(dims, tuple) and sorted(int(dim) % rank for dim in dims) != [2, 3]:
        return Refusal("argument", "takes the mean over the last two dimensions only")
    if _argument(call, 2) in (0, False):
        return Refusal("argument", "takes a mean with keepdim=True only")
    return None


def _unsqueeze(call: Call) -> Refusal | None:
    given, dim = _first(call), _argument(call, 1)
    if given is None or not isinstance(dim, int) or dim in (-1, len(given.shape)):
        return None
    return Refusal("argument", f"adds a dimension at the end only, not at {dim}")


def _slice(call: Call) -> Refusal | None:
    step = _argument(call, 4)
    if isinstance(step, int) and step != 1:
        return Refusal("argument", f"takes slices of step 1, not {step}")
    return _dynamic(call, "slices")


def _pow(call: Call) -> Refusal | None:
    exponent = _argument(call, 1)
    if isinstance(exponent, TensorFacts) or exponent is None or exponent == 2:
        return None
    return Refusal("argument", f"takes powers of 2, not {exponent}")


def _max(call: Call) -> Refusal | None:
    given = _first(call)
    if given is not None and len(given.shape) != 4:
        return Refusal("shape", f"takes the maximum of tensors of rank 4, not {len(given.shape)}")
    return None


def _cat(call: Call) -> Refusal | None:
    if len(call.inputs) < 2:
        return Refusal(
            "argument", "concatenates two different tensors or more, not one with itself"
        )
    return None


def _gelu(call: Call) -> Refusal | None:
    given = _first(call)
    if given is not None and given.dtype == "float16":
        return Refusal("dtype", "takes gelu of float32, not float16")
    return None


def _pad(call: Call) -> Refusal | None:
    amounts = _argument(call, 1)
    if isinstance(amounts, tuple) and any(amount < 0 for amount in amounts):
        return Refusal("argument", "pads by no negative amounts")
    return None


def _reshape(call: Call) -> Refusal | None:
    return _dynamic(call, "reshapes")


def _dynamic(call: Call, what: str) -> Refusal | None:
    if any(tensor.dynamic for tensor in (*call.inputs, *call.outputs)):
        return Refusal("shape", f"takes {what} of fixed shapes only")
    return None


def _resize(call: Call) -> Refusal | None:
    return _dynamic(call, "bilinear resizes")


def _convolution(call: Call) -> Refusal | None:
    weight = call.inputs[1] if len(call.inputs) > 1 else None
    if weight is None:
        return None
    if len(weight.shape) > 4:
        return Refusal("shape", "takes convolutions over one or two dimensions, not three")
    return _static(weight, "convolutions")


def _addmm(call: Call) -> Refusal | None:
    return _static(call.inputs[2], "addmm") if len(call.inputs) > 2 else None


def _mm(call: Call) -> Refusal | None:
    return _static(call.inputs[1], "mm") if len(call.inputs) > 1 else None


def _static(weight: TensorFacts, what: str) -> Refusal | None:
    if weight.constant:
        return None
    return Refusal("weights", f"takes {what} with constant weights, and this one computes its own")


def _same_order(call: Call) -> Refusal | None:
    given = _first(call)
    if given is None or not call.outputs or given.rank_order == call.outputs[0].rank_order:
        return None
    return Refusal("argument", "takes copies that keep the memory order")


def _conversion(call: Call) -> Refusal | None:
    given = _first(call)
    if given is None or not call.outputs or given.dtype == call.outputs[0].dtype:
        return None
    return Refusal("dtype", f"converts no {given.dtype} to {call.outputs[0].dtype}")


_CONDITIONS: dict[str, Callable[[Call], Refusal | None]] = {
    "_softmax": _softmax,
    "mean": _mean,
    "unsqueeze_copy": _unsqueeze,
    "slice_copy": _slice,
    "pow": _pow,
    "max": _max,
    "cat": _cat,
    "gelu": _gelu,
    "constant_pad_nd": _pad,
    "view_copy": _reshape,
    "upsample_bilinear2d": _resize,
    "convolution": _convolution,
    "addmm": _addmm,
    "mm": _mm,
    "clone": _same_order,
    "_clone_dim_order": _same_order,
    "_to_dim_order_copy": _conversion,
}
