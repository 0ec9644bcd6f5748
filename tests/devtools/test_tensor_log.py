"""What is logged comes back from the debug buffer: every type, any strides, no tensors too."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from etscope.devtools.capture.recording import Load
from etscope.devtools.capture.tensor_log import TensorLog
from etscope.devtools.capture.tensor_trace import LoggedRun, tensor_trace
from etscope.etdump.columns import Trace, ValueKind
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer, value_of
from etscope.etdump.writer import etdump_bytes

LOAD = Load((2, 3), (1, 4))


def logged(*values: object, several: bool = False) -> tuple[Trace, DebugBuffer]:
    """One run of one operator for each value, written as an ETDump and read again."""
    file = io.BytesIO()
    log = TensorLog(file)
    runs = []
    for value in values:
        first = len(log.events)
        log.returned(0, value, several)
        runs.append(LoggedRun("forward", (11, 12, 10, 13), range(first, len(log.events))))
    trace = tensor_trace([LOAD], {"forward": ["a::b.c"]}, runs, log)
    buffer = file.getvalue() or b"\0"
    return read_etdump(bytes(etdump_bytes(trace))), DebugBuffer(buffer)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.uint16,
        torch.uint32,
        torch.uint64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.bool,
        torch.complex32,
        torch.complex64,
        torch.complex128,
        torch.float8_e4m3fn,
        torch.float8_e5m2,
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
def test_every_element_type(dtype: torch.dtype) -> None:
    tensor = torch.tensor([[1.0, 0.0, 3.0], [0.5, 2.0, 7.0]]).to(dtype)
    trace, buffer = logged(tensor, tensor[1, 1])
    raw = tensor.view(torch.uint8).numpy().tobytes()
    first, second = value_of(trace, buffer, 0), value_of(trace, buffer, 1)
    assert isinstance(first, np.ndarray)
    assert isinstance(second, np.ndarray)
    assert (first.shape, second.shape) == ((2, 3), ())
    assert first.tobytes() == raw
    size = dtype.itemsize
    assert second.tobytes() == raw[4 * size : 5 * size]
    assert trace.values.tensor.offset.tolist() == [0, 64 if 6 * size <= 64 else 128]


_IMAGE = torch.arange(48.0).view(1, 3, 4, 4)


@pytest.mark.parametrize(
    ("tensor", "strides"),
    [
        (_IMAGE.to(memory_format=torch.channels_last), (48, 1, 12, 3)),
        (_IMAGE[0, 0].t(), (1, 4)),
        (_IMAGE[0, 0, ::2, 1:3], (2, 1)),
        (torch.arange(3.0).expand(2, 3), (3, 1)),
        (torch.arange(4.0).to(torch.complex64).conj(), (1,)),
        (torch.zeros(0, 3), (3, 1)),
    ],
    ids=["channels_last", "transposed", "sliced", "expanded", "conjugate", "empty"],
)
def test_any_strides(tensor: Tensor, strides: tuple[int, ...]) -> None:
    trace, buffer = logged(tensor)
    assert trace.values.tensor.shape_of(0) == (tuple(tensor.shape), strides)
    seen = value_of(trace, buffer, 0)
    assert isinstance(seen, np.ndarray)
    assert np.array_equal(seen, tensor.resolve_conj().numpy())
    assert trace.values.tensor.offset[0] == (-1 if tensor.numel() == 0 else 0)


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        (None, ValueKind.NULL, None),
        (7, ValueKind.INT, 7),
        (-(2**63), ValueKind.INT, -(2**63)),
        (2**63, ValueKind.NULL, None),
        (True, ValueKind.BOOL, True),
        (0.1, ValueKind.DOUBLE, 0.1),
        ("text", ValueKind.NULL, None),
        ([1, 2], ValueKind.NULL, None),
        ([], ValueKind.NULL, None),
    ],
)
def test_values_that_are_no_tensors(value: object, kind: ValueKind, seen: object) -> None:
    trace, buffer = logged(value)
    assert trace.values.kind.tolist() == [kind]
    assert value_of(trace, buffer, 0) == seen


@pytest.mark.parametrize(
    ("several", "kinds"),
    [(True, [ValueKind.TENSOR, ValueKind.TENSOR]), (False, [ValueKind.TENSOR_LIST])],
)
def test_several_values_or_one_list(several: bool, kinds: list[ValueKind]) -> None:
    trace, buffer = logged((torch.ones(2), torch.zeros(3)), several=several)
    assert trace.values.kind.tolist() == kinds
    assert trace.values.tensors.tolist() == ([0, 1, 2] if several else [0, 2])
    seen: Any = value_of(trace, buffer, 0)
    assert (seen if several else seen[0]).tolist() == [1.0, 1.0]


def test_a_value_changed_later_keeps_what_was_logged() -> None:
    tensor = torch.ones(2)
    log_file = io.BytesIO()
    log = TensorLog(log_file)
    log.returned(0, tensor, False)
    tensor.add_(1)
    assert log_file.getvalue() == torch.ones(2).numpy().tobytes() + bytes(56)
