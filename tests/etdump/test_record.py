"""ETRecords: what is in them, lazily, and what is said of what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import record_builder as make

from etscope.etdump.errors import CorruptTrace, NotATrace, UsageError
from etscope.etdump.record import Record, read_record

EDGE = "edge_dialect_exported_program"
FORWARD = f"{EDGE}/forward"


def test_members_are_told_apart() -> None:
    record = read_record(make.record())
    assert record.methods == ("forward",)
    assert record.extras == ("extra/forward",)
    assert record.export_graph_id == make.GRAPH_ID
    kinds = {tensors.member: (tensors.graph, tensors.kind) for tensors in record.tensors}
    assert len(kinds) == 11
    assert kinds[FORWARD + "_constants"] == (FORWARD, "constants")
    assert kinds["reference_outputs"] == ("", "reference_outputs")
    assert record.tensors[0].size_bytes == 2
    assert "weights_only=True" in record.notes[-1]
    assert record.extra("extra/forward").member == "extra/forward"


def test_a_file_is_read_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "any.name"
    path.write_bytes(make.record())
    record = read_record(path)
    assert record.path == str(path)
    assert record.edge_program("forward").texts == edge(make.record()).texts


def edge(data: bytes) -> Any:
    return read_record(data).edge_program("forward")


def test_graphs_are_parsed_when_they_are_asked_for() -> None:
    record = read_record(make.record(exported_program=b"no JSON"))
    assert len(record.edge_program("forward")) == 8
    assert record.edge_program("forward") is record.edge_program("forward")
    with pytest.raises(CorruptTrace, match="member 'exported_program': it is not JSON"):
        _ = record.exported_program


def test_the_handle_map_keeps_order_and_repetitions() -> None:
    handles = read_record(make.record()).debug_handles
    assert handles.methods == ("forward", "other")
    assert handles.method.tolist() == [0, 0, 1]
    assert handles.instruction.tolist() == [0, 2, 0]
    assert handles.is_list.tolist() == [False, True, False]
    assert handles.handles_of("forward", 2).tolist() == [2, 2, 3]
    assert handles.handles_of("other", 0).tolist() == [4]
    assert handles.handles_of("forward", 1).tolist() == []
    assert handles.handles_of("nobody", 0).tolist() == []


def test_the_delegate_map_finds_ids_exactly() -> None:
    delegates = read_record(make.record()).delegates
    assert delegates.backend == ("Backend",)
    assert delegates.identifier == ("0", "sub", "1")
    assert delegates.handles_of("forward", 2, "sub").tolist() == [2, 3]
    assert delegates.handles_of("forward", 2, 1).tolist() == [3]
    assert delegates.handles_of("forward", 2, "su").tolist() == []
    assert delegates.handles_of("forward", 0, 0).tolist() == []
    assert read_record(make.record()).output_counts.outputs.tolist() == [2]


def test_an_old_record_has_one_edge_program_and_no_maps() -> None:
    old = {"ETRECORD_V0": b"", EDGE: make.edge_program(), EDGE + "_state_dict": b"PK"}
    record = read_record(make.zipped(old))
    assert record.methods == ("forward",)
    assert len(record.edge_program("forward")) == 8
    assert (len(record.debug_handles), len(record.delegates), len(record.output_counts)) == (0,) * 3
    assert "the record has no debug_handle_map" in record.notes
    assert any("old layout" in note for note in record.notes)


def test_maps_may_be_null_or_without_methods() -> None:
    maps = {"debug_handle_map": {"3": [1, 1]}, "delegate_map": None, "export_graph_id": 0}
    record = read_record(make.record(**maps))
    assert record.debug_handles.handles_of("forward", 3).tolist() == [1, 1]
    assert len(record.delegates) == 0
    assert record.export_graph_id is None
    assert len(read_record(make.record(delegate_map=b"null")).delegates) == 0


def test_a_graph_may_be_called_like_a_side_file() -> None:
    names = {"extra/run_state_dict": make.edge_program(), "extra/run_state_dict_constants": b"PK"}
    record = read_record(make.zipped({"ETRECORD_V0": b"", **names}))
    assert record.extras == ("extra/run_state_dict",)
    assert [tensors.kind for tensors in record.tensors] == ["constants"]


def test_an_unknown_method_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no graph 'encode'; there are: forward"):
        read_record(make.record()).edge_program("encode")


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("debug_handle_map", [], "the map is not an object"),
        ("debug_handle_map", {"forward": {"x": 1}}, "an instruction 'x' is not a number"),
        ("debug_handle_map", {"forward": {"1": "1"}}, "a debug handle is not a number"),
        ("debug_handle_map", {"forward": {"1": True}}, "a debug handle is not a number"),
        ("debug_handle_map", {"forward": {"1": [2**63]}}, "a debug handle is not a number"),
        ("debug_handle_map", {"forward": {"9" * 30: 1}}, "is not a number"),
        ("delegate_map", {"forward": {"1": {"name": 3}}}, "the name of the delegate"),
        ("delegate_map", {"forward": {"1": []}}, "is not an object"),
        ("instruction_id_to_num_outs_map", {"forward": {"1": -1}}, "a number of outputs"),
        ("export_graph_id", "7", "the graph id is not a number"),
        ("export_graph_id", b"", "it is not JSON"),
    ],
)
def test_wrong_types_name_the_member(member: str, value: Any, reason: str) -> None:
    record = read_record(make.record(**{member: value}))

    def ask(record: Record) -> None:
        _ = (record.debug_handles, record.delegates, record.output_counts, record.export_graph_id)

    with pytest.raises(CorruptTrace, match=f"member '{member}': .*{reason}") as caught:
        ask(record)
    assert "Generate the ETRecord again" in str(caught.value)


def test_pickles_are_never_opened() -> None:
    pickle = b"\x80\x04cos\nsystem\n(S'false'\ntR."
    with pytest.raises(NotATrace, match="this is a pickle, not an ETRecord"):
        read_record(pickle)
    record = read_record(make.record(exported_program=pickle, delegate_map=make.record()))
    with pytest.raises(CorruptTrace, match="a pickle where JSON belongs; it was not opened"):
        _ = record.exported_program
    with pytest.raises(CorruptTrace, match="another archive where JSON belongs"):
        _ = record.delegates
