"""Columns that contradict each other are refused before they become a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from examples import everything
from traces import Event, Value, logged, tensor, trace_of_events

from etscope.etdump.columns import Kind, Trace, ValueColumns, ValueKind
from etscope.etdump.errors import CorruptTrace
from etscope.etdump.times import Times
from etscope.etdump.writer import encoded_size, etdump_bytes


def without_values(trace: Trace) -> Trace:
    return replace(trace, values=ValueColumns.none())


def changed(trace: Trace, part: str, **columns: Any) -> Trace:
    return replace(trace, **{part: replace(getattr(trace, part), **columns)})


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (replace(everything(), times=Times(everything().start, np.zeros(1, np.uint64))), "differ"),
        (replace(everything(), shapes=everything().shapes[:1]), "event shape that is not there"),
        (replace(everything(), strings=("Execute",)), "a string that is not there"),
        (replace(everything(), strings=("\ud800",) * 20), "cannot be written as UTF-8"),
        (without_values(everything()), "event 2 and the debug columns disagree"),
        (changed(everything(), "runs", first_event=np.array([0, 9, 28])), "boundaries of the runs"),
        (changed(everything(), "runs", shape=np.zeros(5, np.int32)), "run 1 differs from"),
        (changed(everything(), "metadata", start=np.array([0, 99, 0, 8])), "outside the buffer"),
        (changed(everything(), "metadata", event=np.arange(4)), "not a profile event"),
        (changed(everything(), "metadata", event=np.array([5, 6, 6, 7])), "in rising order"),
        (changed(everything(), "values", tensors=np.zeros(17, np.int64)), "of the tensors"),
        (changed(everything(), "allocations", event=np.array([2])), "allocation columns disagree"),
        (changed(everything(), "allocations", allocator_run=np.array([9, 9])), "name runs"),
        (trace_of_events([Event(Kind.PROFILE, "a", chain=-(2**40))]), "does not fit in 32 bits"),
        (trace_of_events([logged(Value(ValueKind.BOOL, integer=256))]), "fit in its byte"),
        (trace_of_events([logged(Value(ValueKind.TENSOR, tensors=(tensor(),) * 2))]), "owns more"),
    ],
)  # fmt: skip
def test_columns_that_contradict_each_other_are_refused(trace: Trace, message: str) -> None:
    with pytest.raises(CorruptTrace, match=message):
        etdump_bytes(trace)


def test_what_agrees_is_accepted() -> None:
    assert encoded_size(everything()) > 0
    assert encoded_size(trace_of_events([])) > 0
