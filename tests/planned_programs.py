"""Programs with a memory plan, made by hand, for reports and commands."""

from __future__ import annotations

from typing import Any

import program_builder as make

FILE = "model.py"


def floats(count: int, offset: int, **more: Any) -> Any:
    return make.tensor([count], memory=(1, offset), **more)


def chain_method(name: str = "forward", arena: int = 6144, **more: Any) -> Any:
    """0 → add → 1 → mul → 2: 1024, 2048 and 512 bytes; 1 is held longest, the peak is step 0."""
    given = {
        "values": [floats(256, 0), floats(512, 1024), floats(128, 4096)],
        "inputs": [0],
        "outputs": [2],
        "operators": [("aten::add", "out"), ("aten::mul", "out")],
        "chains": [[make.kernel(0, 0, 1, 1), make.kernel(1, 1, 2, 2)]],
        "stacks": [
            [
                make.frames((FILE, 3, "forward", "return self.add(x)")),
                make.frames((FILE, 4, "forward", "return self.mul(x)")),
            ]
        ],
        "arenas": [0, arena],
    }
    return make.method(name, **(given | more))


def chain_program(**more: Any) -> bytes:
    return make.program(chain_method(**more))


def overwritten_program() -> bytes:
    """The result of a branch, 2, shown as 1, lies where 4 is written before 1 is read."""
    return make.program(
        make.method(
            values=[
                *(floats(4, 16 * place) for place in (0, 1, 2, 2)),
                floats(4, 40),
                make.boolean(True),
            ],
            chains=[
                [
                    make.jump_false(5, 4),
                    make.kernel(0, 0, 2, 2),
                    make.move(2, 1),
                    make.jump_false(5, 6),
                    make.kernel(0, 0, 3, 3),
                    make.move(3, 1),
                    make.kernel(0, 0, 4, 4),
                    make.kernel(0, 1, 4, 0),
                ]
            ],
            operators=[("aten::add", "out")],
            inputs=[0],
            arenas=[0, 96],
        )
    )


def rich_program() -> bytes:
    """Two methods: dynamic shapes, weights, an initial state, a delegate, ends of the caller."""
    encode = chain_method(
        "encode",
        values=[
            floats(256, 0, dynamism=1),
            floats(512, 1024, dynamism=1),
            make.tensor([512]),
            make.tensor([4096], buffer=1, extra=make.extra_info("wide.weight")),
            floats(1024, 4096),
        ],
        chains=[[make.kernel(0, 0, 3, 1, 1), make.delegate_call(0, 1, 2)]],
        delegates=[make.delegate("Npu")],
        arenas=[0, 8192],
    )
    decode = chain_method(
        "decode",
        values=[
            floats(256, 0),
            floats(512, 2048, buffer=1, extra=make.extra_info("cache", state=0)),
            floats(128, 4096),
            make.tensor([4096], buffer=2),
        ],
        chains=[[make.kernel(0, 0, 1, 3, 1), make.kernel(1, 1, 2, 2)]],
    )
    return make.program(
        encode,
        decode,
        blobs=[b"npu"],
        segments=[bytes(range(256)) * 128, b"\1" * 2048],
        constants=(0, [0, 0, 16384]),
        states=[(1, [0, 0])],
    )


def huge_program() -> bytes:
    """Six values of 2^61 bytes in one place, all alive at once."""
    values = [make.tensor([2**30, 2**29], memory=(1, 0), dynamism=1) for _ in range(6)]
    chain = [make.kernel(0, place, place + 1, place + 1) for place in range(5)]
    return chain_program(
        values=values,
        chains=[[*chain, make.kernel(1, *range(6), 0)]],
        outputs=[0],
        arena=2**61,
    )
