"""Bytes that each instruction reads, writes, begins to need and gives up."""

from __future__ import annotations

import program_builder as make

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import memory_plan
from etscope.inspector.memory.traffic import traffic_of


def test_each_tensor_counts_once_per_call_and_views_carry_nothing() -> None:
    made = make.method(
        values=[
            make.tensor([4], memory=(1, 0)),  # 16 bytes, given
            make.tensor([2], buffer=1),  # 8 bytes, constant
            make.tensor([8], memory=(1, 16)),  # 32 bytes
            make.tensor([2, 4], memory=(1, 16)),  # the same bytes
            make.tensor([1], memory=(1, 0)),  # 4 bytes
            make.listing(7, []),
        ],
        chains=[
            [
                make.kernel(0, 0, 0, 1, 2, 2),
                make.kernel(1, 2, 5, 3),
                make.kernel(0, 3, 4, 4),
                make.kernel(0, 4, 1, 4),
            ]
        ],
        operators=[("aten::add", "out"), ("executorch_prim::et_view", "default")],
        inputs=[0],
        outputs=[4],
        arenas=[0, 64],
    )
    data = make.program(made, inline=[b"", b"weights!"])
    traffic = traffic_of(memory_plan(read_program(data), "forward"))
    assert traffic.read_bytes.tolist() == [24, 0, 32, 12]
    assert traffic.written_bytes.tolist() == [32, 0, 4, 4]
    assert traffic.live_bytes.tolist() == [48, 32, 36, 4]
    assert traffic.allocated_bytes.tolist() == [32, 0, 4, 0]
    assert traffic.freed_bytes.tolist() == [16, 0, 32, 0]
