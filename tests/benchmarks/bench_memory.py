"""The analysis of memory plans: how it grows, and beside ExecuTorch's own profiler."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import program_builder as make
from benchmarks.report import Row, table

#: Operators of the programs that are analysed; the whole analysis of the middle one is bounded.
_COUNTS = (1_250, 2_500, 5_000, 10_000, 20_000)
_MIDDLE = 5_000
_WHOLE_S, _PLAN_S = 1.0, 0.15
#: Four times the operators may take this much longer: n log n takes 4.5 times.
_GROWTH = 6.0
_PEER_LAYERS, _PEER_BOUND = 96, 1
#: Operators per block: a value is made, a view shows it, four follow, a list joins them.
_BLOCK = 6


def synthetic(operators: int) -> bytes:
    """A program like a residual network: skips, views, joins and a state in every block."""
    values: list[Any] = []
    chain: list[Any] = []

    def value(size: int, slot: int) -> int:
        values.append(make.tensor([1, size, 8, 8], memory=(1, slot * 65536)))
        return len(values) - 1

    head = value(64, 0)
    skip, slot = head, 1
    while len(chain) + _BLOCK <= operators:
        size = 16 + 16 * (len(chain) % 13)
        made: list[int] = []
        for _ in range(_BLOCK - 1):
            out = value(size, 1 + slot % 12)
            slot += 1
            chain.append(make.kernel(0, made[-1] if made else skip, skip, out, out))
            made.append(out)
        shown = values[made[1]]
        values.append(shown)  # a view of static shape lies where what it shows lies
        values.append(make.listing(10, [*made[-3:], len(values) - 1]))
        skip = value(size, 13 + (slot % 3))
        chain.append(make.kernel(1, len(values) - 2, skip, skip))
    for _ in range(operators - len(chain)):
        last, skip, slot = skip, value(16, 1 + slot % 12), slot + 1
        chain.append(make.kernel(0, last, last, skip, skip))
    forward = make.method(
        values=values,
        inputs=[head],
        outputs=[skip],
        chains=[chain],
        operators=[("aten::add", "out"), ("aten::cat", "out")],
        arenas=[0, 17 * 65536],
    )
    return make.program(forward)


def with_frames(operators: int) -> bytes:
    """A chain whose instructions all keep the nine source lines that led to them."""
    library = [(f"lib/site-packages/torch/nn/m{depth}.py", depth, "f", "x") for depth in range(8)]
    stacks = [
        make.frames(*library, ("model.py", at % 500, "forward", f"x{at}"))
        for at in range(operators)
    ]
    chain = [make.kernel(0, at, at + 1, at + 1) for at in range(operators)]
    values = [make.tensor([64], memory=(1, 256 * (at % 16))) for at in range(operators + 1)]
    return _whole(values, chain, 4096, stacks=[stacks])


def skips(operators: int) -> bytes:
    """A U-Net: values of half the network wait, and are read in reverse by the other half."""
    half, place = operators // 2, 0
    values: list[Any] = []
    for at in range(2 * half + 1):
        size = 4 * (4 + at * 37 % 60)
        values.append(make.tensor([size], memory=(1, place)))
        place += 4 * size
    down = [make.kernel(0, at, at + 1, at + 1) for at in range(half)]
    up = [
        make.kernel(0, half - 1 - at, half + at, half + at + 1, half + at + 1) for at in range(half)
    ]
    return _whole(values, down + up, place)


def _whole(values: list[Any], chain: list[Any], arena: int, **more: Any) -> bytes:
    forward = make.method(
        values=values,
        inputs=[0],
        outputs=[len(values) - 1],
        chains=[chain],
        operators=[("aten::add", "out")],
        arenas=[0, arena],
        **more,
    )
    return make.program(forward)


def plan_seconds(data: bytes) -> float:
    """From bytes to the plan."""
    at = time.process_time()
    program = import_module("etscope.etdump.program").read_program(data)
    import_module("etscope.inspector.memory.plan").memory_plan(program, "forward")
    return time.process_time() - at


def whole_seconds(data: bytes) -> float:
    """From bytes to everything that is said about memory, what-if answers included."""
    at = time.process_time()
    program = import_module("etscope.etdump.program").read_program(data)
    report = import_module("etscope.inspector.memory.report").memory_report(program)
    assert report.to_json({})["verdict"]
    return time.process_time() - at


def _best(work: Callable[[bytes], float], data: bytes, times: int = 5) -> float:
    work(data)
    return median(work(data) for _ in range(times))


def _growing() -> list[Row]:
    programs = {count: synthetic(count) for count in _COUNTS}
    rows = []
    for name, work, bound in (
        ("memory plan", plan_seconds, _PLAN_S),
        ("memory report with what-ifs", whole_seconds, _WHOLE_S),
    ):
        taken = {count: _best(work, data) for count, data in programs.items()}
        each = ", ".join(f"{count:,}: {seconds * 1e3:.0f}" for count, seconds in taken.items())
        rows.append(
            Row(f"{name}, {_MIDDLE:,} operators", f"{taken[_MIDDLE] * 1e3:.0f} ms", "-",
                taken[_MIDDLE] / bound, f"at most {bound:g} s", taken[_MIDDLE] <= bound)
        )  # fmt: skip
        for few, many in ((_COUNTS[0], _MIDDLE), (_MIDDLE, _COUNTS[-1])):
            ratio = taken[many] / taken[few]
            rows.append(
                Row(f"{name}, {many:,} / {few:,} operators (ms by operators {each})",
                    f"{taken[many] * 1e3:.0f} ms", f"{taken[few] * 1e3:.0f} ms", ratio,
                    f"at most {_GROWTH:g}x", ratio <= _GROWTH)
            )  # fmt: skip
    for shape, made in (("source lines", with_frames), ("U-Net skips", skips)):
        taken_s = _best(whole_seconds, made(_MIDDLE), 3)
        rows.append(
            Row(f"memory report with what-ifs, {_MIDDLE:,} operators with {shape}",
                f"{taken_s * 1e3:.0f} ms", "-", taken_s / _WHOLE_S,
                f"at most {_WHOLE_S:g} s", taken_s <= _WHOLE_S)
        )  # fmt: skip
    return rows


def _lowered(layers: int) -> Any:
    """A deep network through ExecuTorch's own export."""
    torch = import_module("torch")
    exir = import_module("executorch.exir")
    parts = [part for _ in range(layers) for part in (torch.nn.Linear(32, 32), torch.nn.GELU())]
    model = torch.nn.Sequential(*parts).eval()
    program = torch.export.export(model, (torch.ones(4, 32),))
    return exir.to_edge(program).to_executorch()


def _beside_peer() -> Row:
    """The same question from the same program: bytes alive at each operator."""
    trace = import_module("executorch.util.activation_memory_profiler").generate_memory_trace
    manager = _lowered(_PEER_LAYERS)
    data = bytes(manager.buffer)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"

        def theirs() -> float:
            at = time.process_time()
            trace(manager, str(path))
            return time.process_time() - at

        def ours() -> float:
            return plan_seconds(data)

        theirs(), ours()
        pairs = [(theirs(), ours()) for _ in range(5)]
    slow, fast = (median(column) for column in zip(*pairs, strict=True))
    ratio = slow / max(fast, 1e-9)
    program = import_module("etscope.etdump.program").read_program(data)
    count = len(program.method("forward").instructions)
    what = f"live bytes per operator, {count} operators, generate_memory_trace on the made program"
    return Row(what, f"{fast * 1e3:.1f} ms", f"{slow * 1e3:.0f} ms", ratio,
               f"at least {_PEER_BOUND}x", ratio >= _PEER_BOUND)  # fmt: skip


def measure() -> list[Row]:
    """Growth, the bounds for 5,000 operators, and the peer; the peer needs executorch."""
    warnings.simplefilter("ignore")
    return [*_growing(), _beside_peer()]


def main() -> None:
    """Print the rows."""
    print(table(measure()))


if __name__ == "__main__":
    main()
