"""Runs: their order, pieces, and which path reads them."""

from __future__ import annotations

import numpy as np
import pytest
from differences import difference
from dump_builder import dump, profile, run
from examples import ADD, EXECUTE, everything
from traces import event, inference, method_load, trace_of_runs

from etscope.etdump import runs as runs_module
from etscope.etdump import schema
from etscope.etdump.columns import Trace
from etscope.etdump.errors import CorruptTrace, TraceError
from etscope.etdump.flatbuffer import FlatBuffer
from etscope.etdump.reader import open_root, read_etdump
from etscope.etdump.runs import RunReader, RunTables
from etscope.etdump.strings import StringTable
from etscope.etdump.template import Template, template_of
from etscope.etdump.times import MappedTimes
from etscope.etdump.writer import etdump_bytes


def reader_of(raw: bytes | bytearray) -> RunReader:
    buffer = FlatBuffer(np.frombuffer(bytes(raw), np.uint8))
    strings = StringTable(buffer)
    root, _ = open_root(buffer)
    tables, _ = buffer.tables_of(buffer.references(root, schema.ETDump.RUNS), "runs")
    return RunReader(buffer, strings, RunTables.read(buffer, strings, tables))


def test_fields_of_runs() -> None:
    one = profile("add", 1, 2)
    trace = read_etdump(
        dump(run(one, name="Default", bundled_input=3), run(one, one, name=None), version=7)
    )

    assert [trace.text(i) for i in trace.runs.name.tolist()] == ["Default", None]
    assert trace.runs.bundled_input.tolist() == [3, -1]
    assert trace.runs.first_event.tolist() == [0, 1, 3]
    assert trace.version == 7


def test_runs_without_events_stay_in_their_place() -> None:
    trace = read_etdump(dump(run(), run(profile("add", 1, 2)), run(), run(profile("add", 3, 4))))

    assert trace.runs.first_event.tolist() == [0, 0, 1, 1, 2]
    assert trace.runs.shape.tolist() == [0, 1, 0, 1]
    assert trace.start.tolist() == [1, 3]


@pytest.mark.parametrize("chunk", [1, 5, 20, 10**6])
def test_pieces_of_the_general_path_change_nothing(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, metadata and allocations come from several pieces and are put in order."""
    whole = everything()
    raw = bytes(etdump_bytes(whole))
    monkeypatch.setattr(runs_module, "_CHUNK", chunk)

    assert difference(read_etdump(raw), whole) is None


def mixed() -> Trace:
    """Two loads among inferences of one shape and some of another."""
    load = method_load(event("Method::init", 1, 2))
    usual, odd = inference(*[ADD] * 30, EXECUTE), inference(ADD, EXECUTE)
    return trace_of_runs(load, *[usual] * 20, odd, *[usual] * 20, load, odd)


def test_templates_are_made_only_where_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = bytes(etdump_bytes(mixed()))
    reader = reader_of(raw)
    reader.read_repeated()
    assert (reader.shape == -1).all()

    monkeypatch.setattr(runs_module, "_WORTHWHILE", 1000)
    reader = reader_of(raw)
    reader.read_repeated()
    left = np.flatnonzero(reader.shape < 0).tolist()

    assert left == [0, 21, 42, 43]
    assert isinstance(reader.times(), MappedTimes)


def test_both_paths_meet_in_one_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs_module, "_WORTHWHILE", 1000)
    trace = read_etdump(bytes(etdump_bytes(mixed())))

    assert isinstance(trace.times, MappedTimes)
    assert difference(trace, mixed()) is None
    assert len(trace.shapes) == 3


def test_the_general_path_finds_the_shape_of_the_template_again() -> None:
    """One shape for both: the last run has the same events in an image of another length."""
    raw = bytes(etdump_bytes(trace_of_runs(*[inference(*[ADD] * 40)] * 300))) + bytes(64)
    trace = read_etdump(raw)

    assert isinstance(trace.times, MappedTimes)
    assert (trace.times._layout < 0).any()
    assert len(trace.shapes) == 1


def test_a_template_gives_up_when_it_serves_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run of its own: one template is tried, not one after another."""
    runs = [inference(*[ADD] * 100, event("add", i, i + 1, instruction=i)) for i in range(200)]
    made = []

    def counted(buffer: FlatBuffer, strings: StringTable, at: int, length: int) -> Template | None:
        made.append(at)
        return template_of(buffer, strings, at, length)

    monkeypatch.setattr(runs_module, "template_of", counted)

    assert len(read_etdump(bytes(etdump_bytes(trace_of_runs(*runs)))).shapes) == 200
    assert len(made) == 1


def test_a_tiny_file_that_claims_a_billion_events_is_refused() -> None:
    """A thousand runs that share one vector of a thousand events, and one of 10^9."""
    raw = bytearray(dump(run(*[profile()] * 1000), *[run(profile("add", 1, 2))] * 1000))
    reader = reader_of(raw)
    field = reader.buffer.fields(reader.runs.table, schema.RunData.EVENTS.slot)
    target = int(reader.buffer.follow(field[:1])[0])
    shared = bytearray(raw)
    for place in field.tolist():
        shared[place : place + 4] = (target - place).to_bytes(4, "little")
    with pytest.raises(CorruptTrace, match="the event vectors overlap"):
        read_etdump(bytes(shared))

    raw[target : target + 4] = (10**9).to_bytes(4, "little")
    with pytest.raises(TraceError, match="the events of a run ends behind the last byte"):
        read_etdump(bytes(raw))
