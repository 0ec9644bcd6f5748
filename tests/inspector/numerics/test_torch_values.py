"""Logged values as torch values, of every type that a runtime can log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from traces import Event, logged, tensor, trace_of_events, value

from etscope.etdump.columns import ValueKind
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.etdump.tensors import DebugBuffer
from etscope.inspector.numerics.torch_values import Unreadable, logged_values

#: What torch calls by another name, or does not compute with: stored as these integers.
STORED_AS = {
    "qint8": torch.int8,
    "quint8": torch.uint8,
    "qint32": torch.int32,
    "bits16": torch.uint16,
    **dict.fromkeys(
        ["quint4x2", "quint2x4", "bits1x8", "bits2x4", "bits4x2", "bits8"], torch.uint8
    ),
}


def values_of(buffer: bytes, *events: Event) -> list[Any]:
    trace = trace_of_events(events)
    return logged_values(trace, DebugBuffer(buffer), np.arange(len(events)))


@pytest.mark.parametrize("number", SCALAR_TYPES)
def test_every_scalar_type_becomes_a_tensor_with_its_bytes(number: int) -> None:
    kind = SCALAR_TYPES[number]
    stored = bytes([1, 0] * kind.item_size)
    (found,) = values_of(b"\xee" + stored, logged(tensor(2, scalar_type=number, offset=1)))
    assert found.dtype == STORED_AS.get(kind.name) or getattr(torch, kind.name) == found.dtype
    assert found.shape == (2,)
    assert found.view(torch.uint8).numpy().tobytes() == stored


def test_bfloat16_keeps_its_values() -> None:
    made = torch.tensor([1.5, -2.0, float("inf")], dtype=torch.bfloat16)
    buffer = made.view(torch.int16).numpy().tobytes()
    (found,) = values_of(buffer, logged(tensor(3, scalar_type=15)))
    assert torch.equal(found, made)


def test_half_precision_pairs_become_complex_numbers() -> None:
    buffer = np.array([1.0, -2.0], np.float16).tobytes()
    (found,) = values_of(buffer, logged(tensor(1, scalar_type=8)))
    assert found.dtype == torch.complex32
    assert torch.view_as_real(found).tolist() == [[1.0, -2.0]]


def test_strides_are_honoured() -> None:
    buffer = np.arange(6, dtype=np.float32).tobytes()
    (found,) = values_of(buffer, logged(tensor(2, 3, strides=(1, 2))))
    assert found.tolist() == [[0, 2, 4], [1, 3, 5]]


def test_a_tensor_does_not_hang_on_the_file() -> None:
    data = np.arange(2, dtype=np.float32)
    (found,) = values_of(data.tobytes(), logged(tensor(2)))
    found += 1
    assert found.tolist() == [1.0, 2.0]


def test_numbers_nothing_and_lists() -> None:
    found = values_of(
        np.array([7.0], np.float32).tobytes(),
        logged(True),
        logged(-(2**40)),
        logged(value(0.5, ValueKind.FLOAT)),
        logged(None),
        logged([tensor(1), tensor(0, 3, offset=-1)]),
        logged(tensor()),
    )
    assert found[:4] == [True, -(2**40), 0.5, None]
    assert [item.tolist() for item in found[4]] == [[7.0], []]
    assert found[4][1].shape == (0, 3)
    assert found[5].shape == ()


def test_some_events_only() -> None:
    trace = trace_of_events([logged(1), logged(2), logged(3)])
    assert logged_values(trace, DebugBuffer(b"x"), np.array([2, 0])) == [3, 1]


def test_a_tensor_outside_of_the_buffer_costs_only_itself() -> None:
    good, bad = values_of(b"1234", logged(tensor(1)), logged(tensor(2)))
    assert tuple(good.shape) == (1,)
    assert isinstance(bad, Unreadable)
    assert not bad
    assert "tensor 1 of the trace" in bad.reason
