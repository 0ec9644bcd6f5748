"""What an Inspector takes as record and program, when it reads them, and what does not fit."""

from __future__ import annotations

import io
import shutil
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from joined_trace import TRACE, events_of, opened
from program_builder import kernel, method, null, program
from project import ROOT
from record_builder import record, zipped

from etscope.etdump.errors import MissingExtra, MissingFile, NotATrace, UsageError
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record import Record, read_record
from etscope.etdump.writer import write_etdump
from etscope.inspector import Inspector
from etscope.inspector.session import NotOffered

SAMPLES = ROOT / "sample_traces"


class SavedRecord:
    """Stands for the object of executorch: what it can do here is save itself."""

    def __init__(self, data: bytes | None) -> None:
        self.data, self.saved = data, 0
        self.edge_dialect_program, self.exported_program = "edge", "exported"
        self.graph_map = {"extra/forward": "extra"}

    def save(self, path: str) -> None:
        self.saved += 1
        if self.data is None:
            raise ValueError("cannot serialize cond")
        Path(path).write_bytes(self.data)


@pytest.mark.parametrize("form", [str, Path, bytes, Record, SavedRecord])
def test_a_record_in_any_form(tmp_path: Path, form: type) -> None:
    path = tmp_path / "x.etrecord"
    path.write_bytes(record())
    given: Any = path.read_bytes() if form in (bytes, SavedRecord) else path
    if form is Record:
        given = read_record(path)
    elif form is not bytes:
        given = form(given)
    found = events_of(opened(tmp_path, given))["native_call_convolution.out"]
    assert found.op_types == ["aten.convolution.default"]


@pytest.mark.parametrize("error", [TypeError, UsageError])
def test_what_is_no_record_is_refused_at_once(tmp_path: Path, error: type[Exception]) -> None:
    with pytest.raises(error, match="etrecord is int, which is no ETRecord"):
        opened(tmp_path, 7)


def test_a_file_that_is_no_record_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        opened(tmp_path, tmp_path / "none.etrecord")
    with pytest.raises(NotATrace, match="not an ETRecord"):
        opened(tmp_path, b"abcdefgh")


def test_nothing_is_parsed_before_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = Record.edge_program

    def watched(self: Record, name: str) -> ProgramGraph:
        asked.append(name)
        return read(self, name)

    monkeypatch.setattr(Record, "edge_program", watched)
    saved = SavedRecord(record())
    inspectors = [opened(tmp_path), opened(tmp_path, saved)]
    for inspector in inspectors:
        assert events_of(inspector)["OPERATOR_CALL"].perf_data is not None
    assert (asked, saved.saved) == ([], 0)
    for inspector in inspectors:
        assert events_of(inspector)["OPERATOR_CALL"].op_types
    assert asked
    assert saved.saved == 1


def test_an_object_that_cannot_be_saved_costs_the_graph_only(tmp_path: Path) -> None:
    inspector = opened(tmp_path, SavedRecord(None))
    with pytest.warns(UserWarning, match="cannot be saved.*cannot serialize cond"):
        found = events_of(inspector)["OPERATOR_CALL"].op_types
    assert found == []
    assert inspector.op_graph_dict is None


def test_a_record_that_does_not_belong_is_told_once_and_left_out(tmp_path: Path) -> None:
    other = record(debug_handle_map={"forward": {"0": 3, "2": 1}})
    inspector = opened(tmp_path, other)
    with pytest.warns(UserWarning, match="does not belong") as told:
        frame = inspector.to_dataframe()
    assert frame["op_types"].tolist() == [[]] * len(frame)
    assert frame["module"].tolist() == [None] * len(frame)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("member", "broken"),
    [
        ("edge_dialect_exported_program/forward", b"{"),
        ("edge_dialect_exported_program/forward", {}),
        ("debug_handle_map", b"{"),
        ("debug_handle_map", {"forward": [1]}),
        ("debug_handle_map", {"forward": {"0": "x"}}),
        ("delegate_map", {"forward": {"2": "x"}}),
        ("instruction_id_to_num_outs_map", {"forward": {"2": "x"}}),
    ],
)
def test_a_member_that_cannot_be_read_is_told(tmp_path: Path, member: str, broken: Any) -> None:
    inspector = opened(tmp_path, record(**{member: broken}))
    found = events_of(inspector)["OPERATOR_CALL"]
    with pytest.warns(UserWarning, match=f"the record is not used.*{member}") as told:
        frame = inspector.to_dataframe()
    assert len(told) == 1
    assert frame["op_types"].tolist() == [[]] * len(frame)
    assert frame["stack_traces"].tolist() == [{}] * len(frame)
    assert (found.debug_handles, found.node, found.source) == (None, None, None)
    assert member in found.reason


@pytest.mark.parametrize("with_program", [True, False])
def test_the_graph_of_one_method_that_cannot_be_read_is_told(
    tmp_path: Path, with_program: bool
) -> None:
    folder, broken = SAMPLES / "two_methods.etscope", "edge_dialect_exported_program/encode"
    with zipfile.ZipFile(folder / "record.etrecord") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    inspector = Inspector(
        folder / "trace.etdp",
        etrecord=zipped(members | {broken: b"{"}),
        program=folder / "program.pte" if with_program else None,
    )
    with pytest.warns(UserWarning, match=f"the record is not used.*{broken}"):
        frame = inspector.to_dataframe()
    # Which method ran is known from the program, or from the graphs of all methods.
    assert frame["source"].notna().any() == with_program


def test_records_of_old_layouts_without_maps(tmp_path: Path) -> None:
    bare = record(debug_handle_map=None, delegate_map=None, instruction_id_to_num_outs_map=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = events_of(opened(tmp_path, bare))["native_call_convolution.out"]
        assert (found.debug_handles, found.num_outputs) == (None, 1)


def plain_program(operator: str) -> bytes:
    made = method(
        chains=[[kernel(0, 0)]], operators=[(f"aten::{operator}", "out")], values=[null()]
    )
    return program(made)


def test_a_program_that_did_not_run_is_told_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.pte"
    path.write_bytes(plain_program("sub"))
    with pytest.warns(UserWarning, match="the program is not used"):
        inspector = opened(tmp_path, program=path)
    assert events_of(inspector)["native_call_convolution.out"].source == "m.py:5"


def test_a_program_tells_methods_apart() -> None:
    folder = SAMPLES / "two_methods.etscope"
    inspector = Inspector(
        folder / "trace.etdp", etrecord=folder / "record.etrecord", program=folder / "program.pte"
    )
    blocks = {b.method: b for b in inspector.event_blocks if b.name == "Execute"}
    assert set(blocks) == {"encode", "decode"}
    for block in blocks.values():
        kernels = [event for event in block.events if event.name.startswith("native_call")]
        assert all(event.op_types and event.source for event in kernels)
        assert all(event.module is not None for event in kernels)


def test_methods_are_found_by_their_operators_without_a_program() -> None:
    folder = SAMPLES / "two_methods.etscope"
    inspector = Inspector(folder / "trace.etdp", etrecord=folder / "record.etrecord")
    blocks = [block for block in inspector.event_blocks if block.name == "Execute"]
    assert [block.graph.record_name for block in blocks] == ["encode", "decode"]


def test_a_bundle_brings_its_record_and_its_program() -> None:
    inspector = Inspector(SAMPLES / "convnet_xnnpack.etscope")
    inside = [e for b in inspector.event_blocks for e in b.events if e.is_delegated_op]
    assert inside
    assert {event.mapped_by for event in inside} == {"delegate blob"}
    assert all(event.source and event.debug_handles for event in inside)
    assert {event.delegate_backend_name for event in inside} == {"XnnpackBackend"}


def test_what_is_given_goes_before_what_the_bundle_has(tmp_path: Path) -> None:
    other = SAMPLES / "transformer_kv.etscope"
    with pytest.warns(UserWarning, match="the program is not used"):
        inspector = Inspector(SAMPLES / "convnet_xnnpack.etscope", program=other / "program.pte")
    inside = [e for b in inspector.event_blocks for e in b.events if e.is_delegated_op]
    assert {event.mapped_by for event in inside} == {"not mapped"}


def saved(cases: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(cases, stream)
    return stream.getvalue()


def block_with(tmp_path: Path, cases: Any, index: int) -> Any:
    changed = TRACE.runs.bundled_input.copy()
    changed[:] = index
    runs = TRACE.runs.__class__(**{**vars(TRACE.runs), "bundled_input": changed})
    trace = TRACE.__class__(**{**vars(TRACE), "runs": runs})
    write_etdump(trace, tmp_path / "y.etdp")
    given = record(reference_outputs=saved(cases))
    return Inspector(tmp_path / "y.etdp", etrecord=given).event_blocks[1]


ONE, TWO = [torch.ones(2)], [torch.zeros(2)]


@pytest.mark.parametrize(
    ("cases", "index", "wanted"),
    [
        ([ONE, TWO], 1, TWO),
        ([ONE, TWO], -1, None),  # the last one would be as wrong as any
        ([ONE], -1, ONE),
        ([ONE], 4, None),
        ([], 0, None),
    ],
)
def test_the_reference_output_is_that_of_the_case_that_ran(
    tmp_path: Path, cases: Any, index: int, wanted: Any
) -> None:
    block = block_with(tmp_path, {"forward": cases}, index)
    assert len(block.reference_outputs) == len(cases)
    found = block.reference_output
    assert (found is None) == (wanted is None)
    assert wanted is None or torch.equal(found[0], wanted[0])


def test_reference_outputs_never_run_what_is_in_them(tmp_path: Path) -> None:
    block = block_with(tmp_path, {"forward": [[Path("x")]]}, 0)
    with pytest.warns(UserWarning, match="the reference outputs are not used"):
        assert block.reference_output is None


def test_exported_programs_of_an_object_are_its_own(tmp_path: Path) -> None:
    inspector = opened(tmp_path, SavedRecord(record()))
    assert inspector.get_exported_program() == "edge"
    assert inspector.get_exported_program("exported_program") == "exported"
    assert inspector.get_exported_program("extra") == "extra"
    assert inspector.get_exported_program("none") is None


def test_exported_programs_need_a_record(tmp_path: Path) -> None:
    write_etdump(TRACE, tmp_path / "x.etdp")
    with pytest.warns(UserWarning, match="there is no ETRecord"):
        assert Inspector(tmp_path / "x.etdp").get_exported_program() is None


def test_exported_programs_of_a_file_need_executorch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "executorch.devtools", None)
    with pytest.raises(MissingExtra, match=r'pip install "etscope\[executorch\]"'):
        opened(tmp_path).get_exported_program()
    with pytest.raises(UsageError, match="came as bytes"):
        opened(tmp_path, read_record(record())).get_exported_program()


def test_what_is_not_offered_says_what_to_use_instead(tmp_path: Path) -> None:
    with pytest.raises(NotOffered, match="save_data_to_tsv"):
        opened(tmp_path).write_tensorboard_artifact("out")
    with pytest.raises(NotOffered, match=r"not there yet.*compare_results\(.*executorch"):
        opened(tmp_path).calculate_numeric_gap(
            distance="MSE", disable_debug_handle_valdiation=True, reference_graph=None
        )
    with pytest.raises(NotImplementedError, match="calculate_numeric_gap"):
        opened(tmp_path).calculate_numeric_gap("MSE", True, "exported_program")
    with pytest.raises(NotOffered, match="calculate_numeric_gap"):
        opened(tmp_path).calculate_numeric_gap(object())


def test_a_bundle_brings_the_tensors_of_its_second_pass() -> None:
    folder = SAMPLES / "two_methods.etscope"
    inspector = Inspector(folder)
    alone = Inspector(folder / "debug.etdp", debug_buffer_path=folder / "debug.bin")
    whole = [block for block in inspector.event_blocks if block.name == "Execute"]
    logged = [block for block in alone.event_blocks if block.name == "Execute"]
    assert [block.method for block in whole] == ["encode", "decode"]
    for block, same in zip(whole, logged, strict=True):
        assert (block.logged_run_count, same.logged_run_count) == (1, 1)
        assert torch.equal(block.run_output[0], same.run_output[0])
        values = {event.name: event.debug_data for event in same.events if event.debug_data}
        found = {event.name: event.debug_data for event in block.events if event.debug_data}
        assert list(found) == list(values)
        assert all(torch.equal(found[name][0], values[name][0]) for name in values)


def test_every_input_of_a_bundle_has_its_values() -> None:
    inspector = Inspector(SAMPLES / "many_inputs.etscope")
    (block,) = [block for block in inspector.event_blocks if block.name == "Execute"]
    assert block.logged_run_count == 4
    outputs = {block.run_output_of(run)[0].numpy().tobytes() for run in range(4)}
    assert len(outputs) == 4


def test_tensors_of_a_bundle_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "x.etscope"
    shutil.copytree(SAMPLES / "many_inputs.etscope", folder)
    (folder / "debug.etdp").write_bytes(b"abcdefgh" * 4)
    (block,) = [b for b in Inspector(folder).event_blocks if b.name == "Execute"]
    with pytest.warns(UserWarning, match="logged tensors are not used"):
        assert block.run_output == []
    assert block.logged_run_count == 0


def test_without_torch_a_bundle_has_no_tensors_and_all_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("etscope.inspector.tensor_values.find_spec", lambda name: None)
    inspector = Inspector(SAMPLES / "convnet_portable.etscope")
    with pytest.warns(UserWarning, match="torch is not installed"):
        frame = inspector.to_dataframe()
    assert frame["debug_data"].tolist() == [[]] * len(frame)
    assert frame["source"].notna().any()


def test_printing_reads_no_tensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspector = Inspector(SAMPLES / "convnet_portable.etscope")
    monkeypatch.setattr(
        "etscope.inspector.tensor_values.TensorValues.at",
        lambda *_: pytest.fail("a tensor was read"),
    )
    inspector.save_data_to_tsv(tmp_path / "x.tsv")
