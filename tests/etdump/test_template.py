"""Runs read by template are what the general path makes of them, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from differences import difference
from dump_builder import debug, dump, profile, run
from examples import ADD, EXECUTE
from flatbuffer_builder import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from project import ROOT
from strategies import traces
from traces import event, inference, trace_of_runs

from etscope.etdump import runs as runs_module
from etscope.etdump import schema, template
from etscope.etdump.columns import RunColumns, Trace
from etscope.etdump.errors import TraceError
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.reader import open_root, read_etdump
from etscope.etdump.template import images
from etscope.etdump.times import MappedTimes, Times
from etscope.etdump.writer import etdump_bytes

#: A real dump, where each run image holds its strings and shares vtables with the others.
SAMPLE = ROOT / "sample_traces" / "convnet_portable.etscope" / "trace.etdp"


def read(data: bytes | bytearray, *, worthwhile: int) -> Trace | str:
    """The trace, or the name of the error, with templates made for so many events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs_module, "_WORTHWHILE", worthwhile)
        try:
            return read_etdump(bytes(data))
        except TraceError as error:
            return type(error).__name__


def templates(trace: Trace | str) -> int:
    """How many runs were read by template."""
    assert isinstance(trace, Trace)
    return int((trace.times._layout >= 0).sum()) if isinstance(trace.times, MappedTimes) else 0


def both(data: bytes | bytearray) -> Trace | str:
    """What both paths say of a dump; they must agree."""
    quick, general = read(data, worthwhile=1), read(data, worthwhile=2**62)
    if isinstance(quick, str) or isinstance(general, str):
        assert isinstance(quick, str), f"only the general path refuses this: {general}"
        assert isinstance(general, str), f"only the template refuses this: {quick}"
        return quick
    assert templates(general) == 0
    assert difference(quick, general) is None
    assert len(quick.shapes) == len(general.shapes)
    return quick


def repeated(trace: Trace, order: list[int]) -> Trace:
    """Runs of nothing but profile events, told again in this order."""
    lengths = np.diff(trace.runs.first_event)[order]
    first = np.append(0, np.cumsum(lengths))
    rows = np.concatenate(
        [np.arange(*trace.runs.first_event[[r, r + 1]]) for r in order] or [np.zeros(0, int)]
    )
    runs = RunColumns(
        trace.runs.name[order], trace.runs.bundled_input[order], trace.runs.shape[order], first
    )
    extra = {name: type(getattr(trace, name)).none() for name in ("values", "metadata")}
    times = Times(trace.start[rows] + np.arange(len(rows), dtype=np.uint64), trace.end[rows])
    return replace(
        trace, runs=runs, times=times, allocations=type(trace.allocations).none(), **extra
    )


def tables(data: bytes | bytearray, base: int = 4) -> dict[str, Positions]:
    """Where the runs, events and profile events of a dump are."""
    buffer = FlatBuffer(np.frombuffer(bytes(data), np.uint8))
    root, _ = open_root(buffer)
    runs, _ = buffer.tables_of(buffer.references(root, schema.ETDump.RUNS), "runs")
    events, _ = buffer.tables_of(buffer.references(runs, schema.RunData.EVENTS), "events")
    profiles = buffer.references(events, schema.Event.PROFILE)
    field = schema.ProfileEvent
    slots = {"name": field.NAME.slot, "chain": field.CHAIN.slot, "start": field.START.slot}
    places = {name: buffer.fields(profiles, slot) for name, slot in slots.items()}
    return {"runs": runs, "events": events, "profiles": profiles, **places}


@given(traces(), st.lists(st.integers(0, 11), min_size=2, max_size=30))
@settings(deadline=None, max_examples=60)
def test_any_runs_in_any_order(trace: Trace, picks: list[int]) -> None:
    both(etdump_bytes(trace))
    pure = [r for r, s in enumerate(trace.runs.shape) if not trace.shapes[s].kind.any()]
    if pure:
        both(etdump_bytes(repeated(trace, [pure[pick % len(pure)] for pick in picks])))


def test_a_real_dump() -> None:
    trace = both(SAMPLE.read_bytes())

    assert templates(trace) > 15


@pytest.mark.parametrize("count", [300, 1])
def test_thousands_of_runs_in_several_pieces(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "_CHUNK", 5000)
    runs = [
        inference(*[replace(ADD, start=i, end=i + j) for j in range(3)], replace(EXECUTE, end=i))
        for i in range(count)
    ]

    trace = both(etdump_bytes(trace_of_runs(*runs)))

    assert templates(trace) >= count - 1
    assert isinstance(trace, Trace)
    assert trace.start[:4].tolist() == [0, 0, 0, 0]
    assert trace.end.reshape(count, 4)[-1].tolist() == [count - 1, count, count + 1, count - 1]


@given(place=st.integers(0, 2**31), change=st.integers(1, 255))
@settings(deadline=None, max_examples=150)
def test_one_changed_byte_in_a_real_dump(place: int, change: int) -> None:
    data = bytearray(SAMPLE.read_bytes())
    data[16 + place % (len(data) - 16)] ^= change
    both(data)


@given(place=st.integers(0, 2**31), change=st.integers(1, 255))
@settings(deadline=None, max_examples=150)
def test_one_changed_byte_in_a_dump_of_ours(place: int, change: int) -> None:
    runs = [inference(ADD, event("mul", i, 9, instruction=1), EXECUTE) for i in range(40)]
    data = etdump_bytes(trace_of_runs(*runs))
    data[16 + place % (len(data) - 16)] ^= change
    both(data)


def equal_runs(count: int = 20) -> bytearray:
    """Runs as flatbuffers' builder lays them out: strings inside of the images."""
    one = run(
        profile("add", 3, 20, chain=1, instruction=4),
        profile("mul", 3, 40, chain=1, instruction=5, metadata=b""),
        profile(None, 3, 60, chain=2, instruction=6, delegate="conv"),
    )
    return bytearray(dump(*[one] * count))


def test_strings_inside_of_the_images() -> None:
    trace = both(equal_runs())

    assert templates(trace) >= 18
    assert isinstance(trace, Trace)
    assert len(trace.shapes) == 1


def _letter(data: bytearray, row: int) -> None:
    name = int(tables(data)["name"][3 * row])
    data[name + int.from_bytes(data[name : name + 4], "little") + 4] = ord("b")


def _chain(data: bytearray, row: int) -> None:
    data[int(tables(data)["chain"][3 * row])] = 7


def _vtable(data: bytearray, row: int) -> None:
    """The first event's table is read by another vtable, without an instruction."""
    table = int(tables(data)["profiles"][3 * row])
    vtable = table - int.from_bytes(data[table : table + 4], "little", signed=True)
    other = data[vtable : vtable + 8] + bytes(2) + data[vtable + 10 : vtable + 20]
    data[table : table + 4] = (table - len(data)).to_bytes(4, "little", signed=True)
    data += other


def _instruction(data: bytearray, row: int) -> None:
    """A reference to the event vector's second event in place of the first."""
    vector = int(tables(data)["events"][3 * row])
    for at in range(len(data) - 4):
        if at + int.from_bytes(data[at : at + 4], "little") == vector and at % 4 == 0:
            other = int(tables(data)["events"][3 * row + 2])
            data[at : at + 4] = (other - at).to_bytes(4, "little")
            return


CHANGES = [_letter, _chain, _vtable, _instruction]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("row", [0, 7, 19])
def test_a_run_that_differs_is_not_taken_for_the_others(
    change: Callable[[bytearray, int], None], row: int
) -> None:
    data = equal_runs()
    change(data, row)

    trace = both(data)

    assert isinstance(trace, Trace)
    assert len(trace.shapes) == 2
    assert (trace.runs.shape == trace.runs.shape[row]).sum() == 1
    assert templates(trace) >= 17


def test_runs_of_one_length_with_several_shapes() -> None:
    kinds = [[replace(ADD, instruction=n), EXECUTE] for n in range(5)]
    runs = [inference(*kinds[i * 7 % 5]) for i in range(100)]

    trace = both(etdump_bytes(trace_of_runs(*runs)))

    assert isinstance(trace, Trace)
    assert len(trace.shapes) == 5
    assert templates(trace) >= 98


def test_runs_in_the_other_order_of_the_file() -> None:
    data = equal_runs()
    buffer = FlatBuffer(np.frombuffer(bytes(data), np.uint8))
    root, _ = open_root(buffer)
    starts, counts = buffer.vectors(buffer.references(root, schema.ETDump.RUNS), 4, "runs")
    slots = buffer.items(starts, counts, 4, "runs")
    targets = np.random.default_rng(3).permutation(buffer.follow(slots))
    for number, (slot, target) in enumerate(zip(slots.tolist(), targets.tolist(), strict=True)):
        data[slot : slot + 4] = (target - slot).to_bytes(4, "little")
        start = int(tables(bytes(equal_runs()))["start"][3 * number])
        data[start : start + 8] = (3 + number).to_bytes(8, "little")

    trace = both(data)

    assert templates(trace) >= 18
    assert isinstance(trace, Trace)
    assert sorted(trace.start[::3].tolist()) == list(range(3, 23))
    assert trace.start[::3].tolist() != list(range(3, 23))


def test_a_run_that_is_listed_twice() -> None:
    data = equal_runs(4)
    runs = tables(data)["runs"]
    buffer = FlatBuffer(np.frombuffer(bytes(data), np.uint8))
    root, _ = open_root(buffer)
    starts, _ = buffer.vectors(buffer.references(root, schema.ETDump.RUNS), 4, "runs")
    slot = int(starts[0])
    data[slot : slot + 4] = (int(runs[1]) - slot).to_bytes(4, "little")

    trace = both(data)

    assert isinstance(trace, Trace)
    assert len(trace.runs) == 4


def test_a_name_that_lies_on_a_time_is_read_anew_in_every_run() -> None:
    """Start is 3, so that what begins there is also a text of three bytes; in one run of two."""
    data = equal_runs()
    found = tables(data)
    for row in range(20):
        name, start = int(found["name"][3 * row + 1]), int(found["start"][3 * row])
        data[name : name + 4] = (start - name).to_bytes(4, "little")
    data[int(found["start"][3 * 8])] = 2

    trace = both(data)

    assert isinstance(trace, Trace)
    names = [trace.text(i) for i in trace.events.name[1::3].tolist()]
    assert names == ["\0" * 3] * 8 + ["\0" * 2] + ["\0" * 3] * 11


def test_a_vtable_that_lies_on_a_time_is_read_anew_in_every_run() -> None:
    data = equal_runs()
    found = tables(data)
    starts, events = found["start"][::3], found["events"][2::3]
    for start, table in zip(starts.tolist(), events.tolist(), strict=True):
        data[start : start + 8] = bytes([6, 0, 8, 0, 4, 0, 0, 0])
        data[table : table + 4] = (table - start).to_bytes(4, "little", signed=True)
    assert isinstance(both(data), Trace)
    data[int(starts[8])] = 4  # no fields

    assert both(data) == "CorruptTrace"


@pytest.mark.parametrize(
    "event_of_the_run",
    [
        profile("add", None, 4),
        profile("add", 3, None),
        profile("add", 3, 4, metadata=b"x"),
        debug(name="logged"),
    ],
)
def test_runs_that_cannot_be_templates(event_of_the_run: Table) -> None:
    trace = both(dump(*[run(event_of_the_run)] * 20))

    assert templates(trace) == 0


@pytest.mark.parametrize("step", [1, -1, 3, None])
@pytest.mark.parametrize("skew", [0, 1])
def test_images_are_cut_out(step: int | None, skew: int) -> None:
    """Side by side, backwards, with gaps or anywhere; memory need not be aligned."""
    memory = np.random.default_rng(0).integers(0, 256, 4001 + skew).astype(np.uint8)
    data = memory[skew:]
    rows = np.array([9, 2, 30]) if step is None else 20 + step * np.arange(6)

    cut = images(data, 40 * rows, 40)

    expected = [data[p : p + 40].tobytes() for p in (40 * rows).tolist()]
    assert [row.tobytes() for row in cut] == expected
    assert cut.flags.c_contiguous


def test_a_dump_in_memory_that_is_not_aligned() -> None:
    raw = SAMPLE.read_bytes()
    memory = np.frombuffer(b"\0" + raw, np.uint8)[1:]

    assert difference(read_etdump(memory), read_etdump(Path(SAMPLE))) is None
