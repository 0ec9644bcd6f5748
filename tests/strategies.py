"""Hypothesis strategies for whole traces, with every kind of event and value."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from traces import Event, Run, Tensor, Value, allocation, trace_of_runs

from etscope.etdump.columns import Kind, Trace, ValueKind

_I32 = st.integers(-(2**31), 2**31 - 1)
_I64 = st.integers(-(2**63), 2**63 - 1)
_U64 = st.integers(0, 2**64 - 1)
_NAMES = st.sampled_from(["native_call_aten::add.out", "OPERATOR_CALL", "", "\u00e9\U0001f600"])
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9) | _NAMES
_IDS = st.just(-1) | st.integers(0, 2**31 - 1)
_PLACES = st.sampled_from([(-1, 0), (0, 0), (0, 7), (1, -1)])


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """A tensor of 0 to 4 dimensions, of any type and place."""
    sizes = draw(st.lists(_I64, max_size=4))
    strides = draw(st.lists(_I64, min_size=len(sizes), max_size=len(sizes)))
    scalar_type = draw(st.integers(-128, 127))
    return Tensor(tuple(sizes), tuple(strides), scalar_type, draw(_I64))


def values() -> SearchStrategy[Value]:
    """A value of any kind; tensors may be missing, as in damaged files."""
    kinds = (ValueKind.NULL, ValueKind.STRING, ValueKind.TENSOR)
    single = st.floats(width=32, allow_subnormal=True)
    return st.one_of(
        st.sampled_from(kinds).map(Value),
        _I64.map(lambda n: Value(ValueKind.INT, integer=n)),
        st.integers(0, 255).map(lambda n: Value(ValueKind.BOOL, integer=n)),
        single.map(lambda x: Value(ValueKind.FLOAT, real=x)),
        st.floats().map(lambda x: Value(ValueKind.DOUBLE, real=x)),
        tensors().map(lambda t: Value(ValueKind.TENSOR, tensors=(t,))),
        st.lists(tensors(), max_size=3).map(
            lambda ts: Value(ValueKind.TENSOR_LIST, tensors=tuple(ts))
        ),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    """A profile, debug or allocation event."""
    kind = draw(st.sampled_from([Kind.PROFILE, Kind.PROFILE, Kind.DEBUG, Kind.ALLOCATION]))
    if kind == Kind.ALLOCATION:
        return allocation(draw(_I32), draw(_U64))
    chain, instruction = draw(_PLACES | st.tuples(_I32, _I32))
    name, delegate = draw(st.none() | _TEXTS), draw(st.none() | _TEXTS)
    made = Event(kind, name, chain, instruction, draw(_IDS), delegate)
    if kind == Kind.DEBUG:
        return replace(made, value=draw(values()), is_output=draw(st.booleans()))
    blob = draw(st.none() | st.binary(min_size=1, max_size=9))
    return replace(made, start=draw(_U64), end=draw(_U64), metadata=blob)


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """A trace of 1 to 12 runs, many of which repeat each other; at least one event."""
    distinct = draw(st.lists(st.lists(events(), max_size=5).map(tuple), min_size=1, max_size=3))
    distinct[0] = (draw(events()), *distinct[0])
    order = [0, *draw(st.lists(st.integers(0, len(distinct) - 1), max_size=11))]
    return trace_of_runs(
        *(
            Run(
                distinct[i],
                name=draw(st.sampled_from(["Execute", "Default", "", None])),
                bundled_input=draw(st.just(-1) | _I32),
                allocators=tuple(draw(st.just([]) | st.lists(_TEXTS, max_size=2))),
            )
            for i in order
        )
    )
