"""The verdict where it is not plain: several devices, names twice, guesses, odd names."""

from __future__ import annotations

import program_builder as make
from planned_programs import chain_method

from etscope.devtools.memory_output import limit_of
from etscope.etdump.program import read_program
from etscope.inspector.memory.footprint_heap import shared_arena_bytes
from etscope.inspector.memory.report import MemoryReport, memory_report


def report_on(data: bytes) -> MemoryReport:
    return memory_report(read_program(data))


def two_devices() -> bytes:
    """A value in arena 1 of the host, one in arena 2 of a GPU; a backend nobody knows."""
    values = [
        make.tensor([1024], memory=(1, 0)),
        make.tensor([1024], memory=(2, 0), extra=make.extra_info(device=(1, 0))),
        make.tensor([512], memory=(1, 4096)),
    ]
    method = make.method(
        values=values,
        inputs=[0],
        outputs=[2],
        chains=[[make.delegate_call(0, 0, 1), make.delegate_call(0, 1, 2)]],
        delegates=[make.delegate("Strange")],
        arenas=[0, 6144, 8192],
        devices=[(2, 1, 0)],
    )
    return make.program(method, blobs=[b"x"])


def test_memories_of_devices_are_not_added_up() -> None:
    report = report_on(two_devices())
    assert report.verdict.startswith(
        "forward sets aside 6.14 kB on cpu:0 and 8.19 kB on cuda:0 (planned); on cpu:0, "
    )
    assert "; on cuda:0, 50.0% is in use at instruction 0 (Strange)" in report.verdict
    assert [use.planned_bytes for use in report.main.devices] == [6144, 8192]
    assert shared_arena_bytes(report.program) == 6144
    limit = limit_of(report, 8000)
    assert (limit.device, limit.planned_bytes, limit.over) == ("cuda:0", 8192, True)
    assert limit.devices == {"cpu:0": 6144, "cuda:0": 8192}


def test_guessed_results_of_delegates_make_it_less_sure() -> None:
    report = report_on(two_devices())
    assert report.confidence.startswith("medium: which values 2 calls of Strange write is guessed")
    assert report.coverage["delegate_calls_guessed"] == 2


def test_a_peak_before_the_first_instruction_reads_well() -> None:
    values = [make.tensor([64], memory=(1, 0)), make.tensor([4], memory=(1, 0))]
    method = make.method(values=values, inputs=[0], outputs=[], arenas=[0, 256])
    report = report_on(make.program(method))
    assert " at before" not in report.verdict
    assert report.main.when_text(-1) == "before the first instruction"


def test_the_second_of_a_name_is_told_and_held_against_a_limit() -> None:
    big = make.method(values=[make.tensor([64], memory=(1, 0))], arenas=[0, 99_999])
    report = report_on(make.program(chain_method("forward"), big))
    assert report.verdict.endswith(
        "1 more method is called 'forward': only the first of a name is looked at."
    )
    assert (limit_of(report, 10_000).planned_bytes, limit_of(report, 10_000).over) == (99_999, True)


def test_names_cannot_move_the_cursor() -> None:
    report = report_on(make.program(chain_method("a\n\x1b[2Jb")))
    assert report.verdict.startswith("a\\n\\x1b[2Jb sets aside")
    assert report.verdict.isprintable()


def test_both_kinds_of_machines_are_estimated() -> None:
    method = report_on(two_devices()).to_json({})["methods"][0]
    assert (method["allocator"]["layout"], method["allocator_32"]["layout"]) == ("64-bit", "32-bit")
    assert 0 < method["allocator_32"]["size_bytes"] < method["allocator"]["size_bytes"]
