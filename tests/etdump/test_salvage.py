"""What a damaged dump still gives up, and what is said of the rest."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from differences import difference
from dump_builder import debug, dump, profile, run, tensor, value
from examples import ADD, EXECUTE, everything
from numpy.typing import NDArray
from project import ROOT
from traces import event, inference, logged, method_load, trace_of_runs
from traces import tensor as logged_tensor

from etscope.etdump import salvage, schema
from etscope.etdump.columns import Kind, Trace
from etscope.etdump.errors import CorruptTrace, EmptyTrace, NotATrace, TraceError, Truncated
from etscope.etdump.flatbuffer import FlatBuffer
from etscope.etdump.reader import read_etdump
from etscope.etdump.scan import find_profile_events
from etscope.etdump.strings import StringTable
from etscope.etdump.writer import etdump_bytes

HALF = Path(__file__).parent / "data" / "half_precision.etdp"
SAMPLE = ROOT / "sample_traces" / "convnet_xnnpack.etscope" / "trace.etdp"
#: A reference that leads out of any of these files.
BEYOND = (2**31 - 1).to_bytes(4, "little")


def run_slots(raw: bytes | bytearray) -> NDArray[np.int64]:
    """Where a dump with a size prefix keeps the references to its runs."""
    buffer = FlatBuffer(np.frombuffer(raw, np.uint8))
    root = np.array([4 + buffer.number(4, "<u4")])
    starts, counts = buffer.vectors(buffer.references(root, schema.ETDump.RUNS), 4, "runs")
    return buffer.items(starts, counts, 4, "runs")


def without_runs(raw: bytes | bytearray, bad: list[int]) -> bytes:
    """The dump with the references to these runs led out of the file."""
    out = bytearray(raw)
    for slot in run_slots(raw)[bad].tolist():
        out[slot : slot + 4] = BEYOND
    return bytes(out)


def names(trace: Trace, first: int = 0, last: int | None = None) -> list[str | None]:
    return [trace.text(i) for i in trace.events.name[first:last].tolist()]


def test_a_dump_that_a_half_precision_value_broke() -> None:
    """Made by the real runtime from a convnet of half-precision numbers: a load, 3 inferences."""
    with pytest.raises(CorruptTrace, match="strict=False"):
        read_etdump(HALF)

    trace = read_etdump(HALF, strict=False)

    assert (trace.events.kind == Kind.PROFILE).all()
    assert np.diff(trace.runs.first_event).tolist() == [2, 15, 15, 15]
    runs = [trace.text(i) for i in trace.runs.name.tolist()]
    assert runs == ["Default", "Execute", "Execute", "Execute"]
    assert names(trace, 0, 2) == ["Method::init", "Program::load_method"]
    inference = names(trace, 2, 17)
    assert inference[:2] == ["native_call_convolution.out", "OPERATOR_CALL"]
    assert inference[-1] == "Method::execute"
    assert names(trace, 17, 32) == names(trace, 32, 47) == inference
    assert trace.events.instruction[2:17].tolist() == [*np.repeat(np.arange(7), 2), 0]
    assert trace.events.chain[2:17].tolist() == [0] * 14 + [-1]
    assert (trace.end >= trace.start).all()
    assert (np.diff(trace.end.astype(np.int64)) >= 0).all()
    said = " ".join(loss.what for loss in trace.losses)
    for part in ("a reference to itself", "the runs", "tensors", "metadata", "allocations"):
        assert part in said
    assert trace.path == str(HALF)


def only_logging(count: int) -> Trace:
    """Inferences that log a tensor each and have no times: nothing that a scan could find."""
    runs = [inference(logged(logged_tensor(2, offset=i), instruction=0)) for i in range(count)]
    return trace_of_runs(*runs)


def test_good_runs_around_a_bad_one_keep_their_order_and_values() -> None:
    raw = etdump_bytes(only_logging(5))
    broken = without_runs(raw, [2])

    with pytest.raises(TraceError):
        read_etdump(broken)
    trace = read_etdump(broken, strict=False)

    assert trace.values.tensor.offset.tolist() == [0, 1, 3, 4]
    assert [trace.text(i) for i in trace.runs.name.tolist()] == ["Execute"] * 4
    assert len(trace.losses) == 2
    assert trace.losses[1].what.startswith("a run: the target of a reference")
    assert trace.losses[1].offset == int(run_slots(raw)[2])


def test_the_events_of_a_run_that_nothing_leads_to_are_found() -> None:
    load = method_load(event("Method::init", 1, 2), event("Program::load_method", 1, 3))
    whole = trace_of_runs(load, *[inference(ADD, replace(EXECUTE, start=5))] * 5)

    trace = read_etdump(without_runs(etdump_bytes(whole), [3]), strict=False)

    assert difference(trace, whole) is None
    assert "the runs: found again" in trace.losses[1].what


def test_many_bad_runs_take_few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """One in ten of 10,000 is bad: halving stops when it finds too many of them."""
    trials = []
    real = salvage._problem

    def counted(
        buffer: FlatBuffer, strings: StringTable, slots: NDArray[np.int64]
    ) -> TraceError | None:
        trials.append(len(slots))
        return real(buffer, strings, slots)

    monkeypatch.setattr(salvage, "_problem", counted)
    bad = list(range(0, 10_000, 10))

    trace = read_etdump(without_runs(etdump_bytes(only_logging(10_000)), bad), strict=False)

    kept = trace.values.tensor.offset
    assert len(trials) < 200
    assert len(trace.losses) < 100
    assert len(kept) >= 100
    assert (np.diff(kept) > 0).all()
    assert not (kept % 10 == 0).any()


def test_a_few_bad_runs_cost_only_themselves() -> None:
    bad = [0, 5000, 5001, 9999]

    trace = read_etdump(without_runs(etdump_bytes(only_logging(10_000)), bad), strict=False)

    expected = np.delete(np.arange(10_000), bad)
    assert trace.values.tensor.offset.tolist() == expected.tolist()
    assert len(trace.losses) == 5


def rows(trace: Trace) -> list[tuple[object, ...]]:
    """Its events without what delegates attached, one tuple each."""
    events = trace.events
    numbers = ("kind", "chain", "instruction", "delegate_id", "start", "end")
    columns = [getattr(events, column).tolist() for column in numbers]
    texts = [[trace.text(i) for i in column] for column in (events.name, events.delegate_name)]
    return list(zip(*columns, *texts, strict=True))


def are_among(part: Trace, whole: Trace) -> bool:
    """Whether the events of `part` are events of `whole`, in the same order."""
    rest = iter(rows(whole))
    return all(row in rest for row in rows(part))


@pytest.mark.parametrize("lost", [8, 90, 1300, 1500, 13000])
def test_a_dump_of_the_real_runtime_without_its_end(lost: int) -> None:
    """flatcc puts the vtables last and the last events first: all layouts are lost at once."""
    raw, whole = SAMPLE.read_bytes(), read_etdump(SAMPLE)

    with pytest.raises(Truncated, match=f"the file has {len(raw) - lost}"):
        read_etdump(raw[:-lost])
    trace = read_etdump(raw[:-lost], strict=False)

    assert len(trace) >= len(whole) * (len(raw) - lost - 300) // len(raw)
    assert are_among(trace, whole)
    assert any("behind the cut" in loss.what for loss in trace.losses) == (lost > 8)


def test_delegates_with_numbers_and_further_chains_are_read_without_vtables() -> None:
    """The other layouts of the runtime, in bytes laid out as ETDumpGen lays them out."""
    head = struct.pack("<II4s", 4000 - 4, 8, b"ED00")
    texts = struct.pack("<I8s", 3, b"add")
    body, tables = b"", []
    begin = len(head)
    for number, fields in enumerate([(4, "n"), (2, 4, "n"), (4, 0, "m"), (1, 4, 6, "m")]):
        tables.append(begin + len(body))
        vtable = 3000 + 40 * number
        body += struct.pack("<iQQ", tables[-1] - vtable, 10 + number, 20 + number)
        for field in fields:
            place = begin + len(body)
            body += (
                struct.pack("<I", 400 - place if field == "n" else 420 - place)
                if isinstance(field, str)
                else struct.pack("<i", field)
            )
    data = (head + body).ljust(400, b"\0") + texts.ljust(20, b"\0") + struct.pack("<I", 2) + b"ab"

    trace = read_etdump(data.ljust(440, b"\1"), strict=False)

    events = trace.events
    assert names(trace) == ["add", "add", None, None]
    assert events.chain.tolist() == [0, 2, 0, 1]
    assert events.instruction.tolist() == [4] * 4
    assert events.delegate_id.tolist() == [-1, -1, 0, 6]
    assert events.start.tolist() == [10, 11, 12, 13]


def test_a_dump_that_seems_to_hold_no_runs_is_searched() -> None:
    raw = bytearray(SAMPLE.read_bytes())
    first = int(run_slots(raw)[0])
    raw[first - 4 : first] = bytes(4)

    with pytest.raises(EmptyTrace, match="no runs"):
        read_etdump(bytes(raw))
    assert rows(read_etdump(bytes(raw), strict=False)) == rows(read_etdump(SAMPLE))


@pytest.mark.parametrize("strict", [True, False])
def test_a_whole_dump_without_events_has_lost_nothing(strict: bool) -> None:
    with pytest.raises(EmptyTrace, match=r"1 runs but no events\. Build the runtime"):
        read_etdump(dump(run()), strict=strict)


def test_nothing_to_be_found() -> None:
    raw = bytearray(dump(run(profile("add", 1, 2))))
    raw[16:] = b"\xff" * (len(raw) - 16)

    with pytest.raises(TraceError, match="not one event can be found in it"):
        read_etdump(bytes(raw), strict=False)


@pytest.mark.parametrize("data", [b"", bytes(4096), b"PK\3\4" + bytes(60), b"hello world, hello"])
def test_what_is_no_dump_is_not_searched(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(salvage, "find_profile_events", lambda _: pytest.fail("searched"))
    with pytest.raises((EmptyTrace, NotATrace, Truncated)):
        read_etdump(data, strict=False)


def small() -> bytes:
    """One dump with a tensor, an operator and both names, strings among the tables."""
    logs = debug(value(5, {1: tensor([2], [1], scalar_type=6)}), instruction=0)
    operator = profile("add", 10, 20, instruction=0)
    execute = profile("Method::execute", 5, 30, chain=-1, instruction=0)
    return dump(run(logs, operator, execute), run(operator, execute))


@pytest.mark.parametrize("prefix", [True, False])
def test_every_cut_is_refused_or_leaves_true_events(prefix: bool) -> None:
    raw = small() if prefix else small()[4:]
    whole = read_etdump(raw)
    salvaged = 0
    for size in range(len(raw)):
        cut = raw[:size]
        with suppress(TraceError):
            assert difference(read_etdump(cut), whole) is None, size
        try:
            trace = read_etdump(cut, strict=False)
        except TraceError:
            continue
        salvaged += 1
        assert are_among(trace, whole), size
    assert salvaged


def test_every_flipped_byte_is_refused_or_read() -> None:
    raw = small()
    read = 0
    for place in range(len(raw)):
        broken = bytearray(raw)
        broken[place] ^= 0xFF
        try:
            trace = read_etdump(bytes(broken), strict=False)
        except TraceError:
            continue
        read += 1
        assert len(trace.events) == len(trace) == len(trace.start)
    assert read > len(raw) // 2


def test_events_that_refer_to_themselves_are_not_found() -> None:
    """A name whose reference is 0 leads to the field itself."""
    raw = bytearray(etdump_bytes(everything()))
    buffer = FlatBuffer(np.frombuffer(bytes(raw), np.uint8))
    before = find_profile_events(buffer)
    field = int(before.field(schema.ProfileEvent.NAME.slot)[0])
    raw[field : field + 4] = bytes(4)

    after = find_profile_events(FlatBuffer(np.frombuffer(bytes(raw), np.uint8)))

    assert after.at.tolist() == before.at[1:].tolist()
