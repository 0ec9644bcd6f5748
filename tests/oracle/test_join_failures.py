"""Where executorch.devtools fails on real files, and what the join does instead.

Each test is one of the failures that were met with the real Inspector; where it says so
in the facts of the zoo, the test looks that it still does.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle.zoo import Animal, animals
from oracle.zoo_trace import made_trace

from etscope.etdump.errors import TraceError
from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.writer import write_etdump
from etscope.inspector import Inspector
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording

NAMES = (
    "lstm_xnnpack", "strict_portable", "scalars_portable", "float_portable",
    "nothing_portable", "many_inputs_portable", "cached_portable", "two_methods_portable",
    "only_encode_portable", "twins_portable", "dynamic_portable", "loop_portable",
    "traced_branch_portable", "foreign_portable", "numbers_mapped",
)  # fmt: skip

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(3600),  # the first test makes the zoo
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@pytest.fixture(scope="module")
def zoo() -> dict[str, Animal]:
    return animals(*NAMES)


def report_of(animal: Animal, **files: Any) -> LatencyReport:
    """The latency of an animal, with other files in place of its own."""
    own = {"program": animal.program, "record": animal.record}
    return latency_report(open_recording(files.pop("trace", animal.trace), **(own | files)))


def mapped_shares(report: LatencyReport) -> list[float]:
    return [ledger.mapped_share("time") for ledger in report.ledgers]


def unmapped_reasons(report: LatencyReport) -> set[str]:
    return {b.reason for ledger in report.ledgers for b in ledger.buckets if b.kind == "unmapped"}


def looked_into(animal: Animal) -> Inspector:
    """Our Inspector on the run that logged tensors."""
    return Inspector(
        str(animal.folder / "debug.etdp"),
        etrecord=None if animal.record is None else str(animal.record),
        debug_buffer_path=str(animal.folder / "debug.bin"),
    )


def record_without(animal: Animal, out: Path, *gone: str, **renamed: str) -> Path:
    """A copy of its record that lacks the members that begin so, or has them under new names."""
    assert animal.record is not None
    path = out / "other.etrecord"
    with zipfile.ZipFile(animal.record) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not name.startswith(gone):
                data = old.read(name)
                for before, after in renamed.items():
                    name = name.replace(before, after)
                new.writestr(name, data)
    return path


@pytest.mark.parametrize("name", ["scalars_portable", "float_portable"])
def test_results_that_are_no_tensors(zoo: dict[str, Animal], name: str) -> None:
    assert zoo[name].facts["said"]["raised"] == "SerializeError"
    assert mapped_shares(report_of(zoo[name])) == [pytest.approx(1.0)]


def test_a_run_that_the_runtime_ended_leaves_its_times(zoo: dict[str, Animal]) -> None:
    animal = zoo["nothing_portable"]
    assert animal.facts["debug_exit"] != 0
    assert mapped_shares(report_of(animal)) == [pytest.approx(1.0)]


def test_logged_numbers_are_read_as_what_they_are(zoo: dict[str, Animal]) -> None:
    block = looked_into(zoo["scalars_portable"]).event_blocks[-1]
    (method,) = [event for event in block.events if event.name == "Method::execute"]
    # The runtime flags tensors only as results of the method, and logs the numbers beside it.
    assert method.debug_data == [3, True]
    assert [tuple(value.shape) for value in block.run_output] == [(3,), (3,)]


@pytest.mark.parametrize("name", ["many_inputs_portable", "cached_portable"])
def test_inferences_with_other_inputs_open_together(zoo: dict[str, Animal], name: str) -> None:
    assert zoo[name].facts["said_debug"]["raised"] == "AssertionError"
    block = looked_into(zoo[name]).event_blocks[-1]
    outputs = [np.asarray(block.run_output_of(run)[0]) for run in range(block.run_count)]
    assert len(outputs) == 3
    assert not np.array_equal(outputs[0], outputs[1])
    assert not np.array_equal(outputs[1], outputs[2])


@pytest.mark.parametrize("with_program", [True, False], ids=["program", "bare"])
def test_a_record_of_another_model_is_named_and_not_joined(
    zoo: dict[str, Animal], with_program: bool
) -> None:
    animal = zoo["loop_portable"]
    program = animal.program if with_program else None
    report = report_of(animal, program=program, record=zoo["strict_portable"].record)
    assert "does not belong" in " ".join(report.coverage["join_notes"])
    assert mapped_shares(report) == [0.0]
    assert all(origin.source is None for origin in report.origins[0].rows)


def test_a_program_of_another_model_is_named_and_not_used(zoo: dict[str, Animal]) -> None:
    report = report_of(zoo["loop_portable"], program=zoo["strict_portable"].program)
    assert report.recording.program is None
    assert "program is not used" in " ".join(report.recording.notes)


@pytest.mark.parametrize("name", ["two_methods_portable", "only_encode_portable"])
def test_every_method_is_joined_with_its_own_graph(zoo: dict[str, Animal], name: str) -> None:
    assert zoo[name].facts["said"]["raised"] == "KeyError"
    report = report_of(zoo[name])
    assert {item.method for item in report.methods} == set(zoo[name].facts["methods"])
    assert mapped_shares(report) == [pytest.approx(1.0)] * len(report.methods)


def test_methods_that_nothing_tells_apart_are_not_told_apart(zoo: dict[str, Animal]) -> None:
    report = report_of(zoo["twins_portable"])
    assert [(item.method, item.how) for item in report.methods] == [(None, "ambiguous")]
    assert mapped_shares(report) == [0.0]
    (reason,) = unmapped_reasons(report)
    assert "left" in reason
    assert "right" in reason


def test_inputs_of_several_sizes_open_together(zoo: dict[str, Animal]) -> None:
    animal = zoo["dynamic_portable"]
    assert animal.facts["said_debug"]["raised"] == "RuntimeError"
    block = looked_into(animal).event_blocks[-1]
    sizes = [tuple(block.run_output_of(run)[0].shape) for run in range(block.run_count)]
    assert sizes == [(4, 1, 8), (4, 1, 8), (7, 1, 8)]
    report = report_of(animal)
    assert [len(item.runs) for item in report.methods] == [len(animal.facts["schedule"])]


def test_modules_are_found_by_whole_parts_of_their_path(zoo: dict[str, Animal]) -> None:
    animal = zoo["strict_portable"]
    report = report_of(animal)
    rows, origins = report.methods[0].rows, report.origins[0]
    inspector = Inspector(str(animal.trace), etrecord=str(animal.record))
    for path in ("layers.1", "layers.10", "shared"):
        mine = [r for r in range(len(rows)) if origins.module(r) == path]
        timed = [rows.statistics.mean[r] for r in mine if rows.event[r] != "OPERATOR_CALL"]
        assert len(timed) == (4 if path == "shared" else 2)
        assert inspector.find_total_for_module(path) == pytest.approx(sum(timed))


def test_modules_in_delegates_do_not_take_all_of_them(zoo: dict[str, Animal]) -> None:
    animal = zoo["lstm_xnnpack"]
    inspector = Inspector(
        str(animal.trace), etrecord=str(animal.record), program=str(animal.program)
    )
    (whole,) = [e for e in inspector.event_blocks[-1].events if e.name == "Method::execute"]
    cell, head = map(inspector.find_total_for_module, ("cell", "head"))
    assert whole.perf_data is not None
    assert cell > head
    assert cell + head <= whole.perf_data.avg


def test_all_samples_of_a_loop_are_kept(zoo: dict[str, Animal]) -> None:
    animal = zoo["loop_portable"]
    execute = animal.facts["said"]["blocks"][-1]["events"]
    theirs = [e for e in execute if e["name"] == "native_call_sin.out"]
    assert [len(event["perf"]["raw"]) for event in theirs] == [6]
    rows = report_of(animal).methods[0].rows
    row = rows.event.index("native_call_sin.out")
    assert (rows.calls[row], rows.statistics.count[row]) == (5, 30)


def test_a_branch_without_a_record_keeps_its_operators(zoo: dict[str, Animal]) -> None:
    animal = zoo["traced_branch_portable"]
    assert "SerializeError" in animal.facts["record"]
    report = report_of(animal)
    assert [item.method for item in report.methods] == ["forward", "forward"]
    ops = {op for item in report.methods for op in item.rows.op}
    assert {"aten::sin.out", "aten::cos.out", "aten::addmm.out"} <= ops
    assert unmapped_reasons(report) == {"there is no ETRecord"}


def test_a_branch_is_joined_by_what_its_program_carries(zoo: dict[str, Animal]) -> None:
    report = report_of(zoo["traced_branch_portable"])
    for item, origins in zip(report.methods, report.origins, strict=True):
        operators = [r for r in range(len(item.rows)) if item.rows.kind[r] == "operator"]
        # The exporter loses the traces of what lies behind a branch: those rows are counted.
        before = [r for r in operators if item.rows.instruction[r] < 4]
        assert {origins[r].how for r in before} == {How.PROGRAM}
        lines = [origins[r].source for r in before]
        assert all(line is not None and "torch.cond" in line.source for line in lines)
        behind = [origins[r] for r in operators if item.rows.instruction[r] >= 4]
        assert {(origin.how, origin.source) for origin in behind} == {(How.NONE, None)}
    assert unmapped_reasons(report) == {"there is no ETRecord"}


@pytest.mark.parametrize("gone", ["exported_program", "representative_inputs"])
def test_a_record_with_less_in_it_is_joined(
    zoo: dict[str, Animal], tmp_path: Path, gone: str
) -> None:
    animal = zoo["strict_portable"]
    report = report_of(animal, record=record_without(animal, tmp_path, gone))
    assert mapped_shares(report) == [pytest.approx(1.0)]


def test_no_record_and_no_program_is_said_in_one_reason(zoo: dict[str, Animal]) -> None:
    report = report_of(zoo["strict_portable"], record=None, program=None)
    assert mapped_shares(report) == [0.0]
    assert unmapped_reasons(report) == {"there is no ETRecord"}


def test_a_record_is_enough_where_there_is_no_program(zoo: dict[str, Animal]) -> None:
    report = report_of(zoo["strict_portable"], program=None)
    assert mapped_shares(report) == [pytest.approx(1.0)]


def test_an_old_record_without_maps_is_joined_by_order(
    zoo: dict[str, Animal], tmp_path: Path
) -> None:
    animal = zoo["strict_portable"]
    maps = ("debug_handle_map", "delegate_map", "instruction_id_to_num_outs_map")
    old = record_without(animal, tmp_path, *maps)
    report = report_of(animal, record=old)
    known = report.recording.record
    assert known is not None
    assert "the record has no debug_handle_map" in known.notes
    new = report_of(animal)
    assert report.origins[0].node.tolist() == new.origins[0].node.tolist()
    sure = [o.confidence for o in report.origins[0].rows if o.nodes]
    assert max(sure) <= Confidence.ALIGNED


def test_a_record_of_the_old_layout_is_joined(zoo: dict[str, Animal], tmp_path: Path) -> None:
    animal = zoo["strict_portable"]
    program = "edge_dialect_exported_program"
    old = record_without(animal, tmp_path, **{f"{program}/forward": program})
    assert mapped_shares(report_of(animal, record=old)) == [pytest.approx(1.0)]


@pytest.mark.parametrize(
    ("name", "operator", "says"),
    [
        ("foreign_portable", "zoo::squash.out", "torch.ops.zoo.squash"),
        ("cached_portable", "llama::update_cache.out", "torch.ops.llama.update_cache"),
    ],
)
def test_operators_that_torch_does_not_know_keep_their_lines(
    zoo: dict[str, Animal], name: str, operator: str, says: str
) -> None:
    report = report_of(zoo[name])
    sources = [
        report.origins[0][row].source
        for row, op in enumerate(report.methods[0].rows.op)
        if op == operator
    ]
    assert sources
    assert all(source is not None and says in source.source for source in sources)


def test_allocations_in_a_dump_are_no_obstacle(zoo: dict[str, Animal], tmp_path: Path) -> None:
    animal = zoo["foreign_portable"]
    trace = tmp_path / "allocating.etdp"
    made = made_trace(read_program(animal.program), ["forward"] * 3, allocated=(64, 128))
    write_etdump(made, trace)
    report = report_of(animal, trace=trace)
    assert mapped_shares(report) == [pytest.approx(1.0)]
    assert report.recording.trace.allocations.size_bytes.tolist() == [64, 128] * 3


def test_ids_of_a_delegate_are_matched_exactly(zoo: dict[str, Animal], tmp_path: Path) -> None:
    animal = zoo["numbers_mapped"]
    trace = read_etdump(animal.trace)
    shapes = tuple(
        replace(shape, delegate_id=np.where(shape.delegate_id == 2, 12, shape.delegate_id))
        for shape in trace.shapes
    )
    other = tmp_path / "other.etdp"
    write_etdump(replace(trace, shapes=shapes), other)
    report = report_of(animal, trace=other)
    rows, origins = report.methods[0].rows, report.origins[0]
    lost = [
        row for row, kind in enumerate(rows.kind) if kind == "delegated" and not origins[row].nodes
    ]
    assert [rows.delegate_id[row] for row in lost] == [12]
    assert "does not have this id" in origins[lost[0]].reason


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def flipped(data: bytes) -> bytes:
    places = np.random.default_rng(7).integers(0, len(data), 40)
    out = np.frombuffer(data, np.uint8).copy()
    out[places] ^= 1 << 4
    return out.tobytes()


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "garbage": lambda data: bytes(range(256)) * 8,
    "other_identifier": lambda data: data[:4] + b"XX99" + data[8:],
    "cut": cut,
    "flipped": flipped,
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("part", ["trace", "program", "record"])
def test_broken_files_end_in_a_sentence(
    zoo: dict[str, Animal], tmp_path: Path, part: str, damage: str
) -> None:
    animal = zoo["lstm_xnnpack"]
    path = tmp_path / "broken"
    path.write_bytes(DAMAGE[damage](getattr(animal, part).read_bytes()))
    try:
        shares = mapped_shares(report_of(animal, **{part: path}))
    except TraceError as error:
        said = str(error)
    else:
        # What was damaged is nothing that the join needs, or a note says what is not used.
        said = f"{path} is joined" if damage in ("flipped", "other_identifier") else "joined"
        assert all(np.isnan(share) or -1e-9 <= share <= 1 + 1e-9 for share in shares)
    assert str(path) in said


def test_thousands_of_inferences_are_joined_once(zoo: dict[str, Animal], tmp_path: Path) -> None:
    animal = zoo["foreign_portable"]
    trace = tmp_path / "long.etdp"
    write_etdump(made_trace(read_program(animal.program), ["forward"] * 3000), trace)
    long, short = report_of(animal, trace=trace), report_of(animal)
    assert [len(item.runs) for item in long.methods] == [3000]
    assert [b.name for b in long.ledgers[0].buckets] == [b.name for b in short.ledgers[0].buckets]
    assert mapped_shares(long) == mapped_shares(short) == [pytest.approx(1.0)]


@pytest.mark.parametrize("name", ["loop_portable", "lstm_xnnpack"])
def test_times_of_a_tree_add_up_to_the_method(zoo: dict[str, Animal], name: str) -> None:
    item = report_of(zoo[name]).methods[0]
    rows = item.rows
    own = rows.total - rows.inner
    assert own.sum() == pytest.approx(item.mean)
    # The plain sum of a block counts the same time again at each level.
    assert rows.total.sum() > 1.5 * item.mean


def test_events_inside_xnnpack_are_joined_though_it_leaves_no_map(zoo: dict[str, Animal]) -> None:
    animal = zoo["lstm_xnnpack"]
    execute = animal.facts["said"]["blocks"][-1]["events"]
    theirs = [event for event in execute if event["is_delegated_op"]]
    assert theirs
    assert not any(event["op_types"] for event in theirs)
    report = report_of(animal)
    rows, origins = report.methods[0].rows, report.origins[0]
    ours = [row for row, kind in enumerate(rows.kind) if kind == "delegated"]
    assert len(ours) == len(theirs)
    assert all(origins[r].handles and origins[r].source and origins.op(r) for r in ours)
