"""The whole files that get broken: samples of the real runtime, and small ones made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import program_builder as make
import record_builder
import xnnpack_builder as delegate
from flatbuffer_builder import Num, Table, Vec, encode

SAMPLES = Path(__file__).parents[2] / "sample_traces"

#: Reader → the names of the files that it reads.
PATTERNS = {
    "etdump": "*.etdp",
    "salvage": "*.etdp",
    "tensors": "*.etdp",
    "program": "*.pte",
    "manifest": "manifest.json",
    "xnnpack": "*xnnpack*/*.pte",
    "record": "record.etrecord",
    "record json": "record.etrecord",
    "joined record": "record.etrecord",
    "joined program": "*.pte",
    "memory": "*.pte",
    "bundle": "*.etscope",
}


def samples(reader: str, folders: Sequence[Path] = ()) -> list[Path]:
    """The files of the real runtime for a reader, below sample_traces and more folders."""
    return sorted(path for folder in (SAMPLES, *folders) for path in folder.rglob(PATTERNS[reader]))


def handmade(reader: str, folder: Path) -> list[Path]:
    """The files made by hand for a reader, written into the folder."""
    makers = {"program": _programs, "manifest": _manifests, "xnnpack": _delegates}
    makers |= {"joined program": _programs, "joined record": _records, "memory": _planned}
    makers["bundle"] = dict  # made of the samples
    made = makers.get(reader, _records if reader.startswith("record") else _dumps)()
    paths = []
    for name, data in made.items():
        path = folder / reader.replace(" ", "_") / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        paths.append(path)
    return paths


def _values() -> list[Table]:
    """Values of every kind, and tensors stored in every way."""
    return [
        make.tensor([2, 3], memory=(1, 0)),
        make.tensor([6], 4, memory=(1, 64), dynamism=1),
        make.integer(3),
        make.double(0.5),
        make.string("mean"),
        make.boolean(False),
        make.listing(7, [2, 2]),
        make.listing(10, [0, 1]),
        make.listing(11, [-1, 1]),
        make.null(),
        make.tensor([3], 1, buffer=1, extra=make.extra_info("head.bias")),
        make.tensor([2], 1, buffer=1, memory=(1, 96), extra=make.extra_info("cache")),
        make.tensor([2], 1, extra=make.extra_info("elsewhere", external=True)),
    ]


def _plan() -> Table:
    """A method with values, operators, delegates and instructions of every kind."""
    return make.method(
        values=_values(),
        inputs=[0],
        outputs=[1, 7, 9],
        operators=[
            ("aten::topk", "values"),
            ("executorch_prim::add", "Scalar"),
            ("executorch_prim::eq", "Scalar"),
        ],
        delegates=[
            make.delegate("XnnpackBackend", location=1, specs=[("mode", b"fast")]),
            make.delegate("Other"),
        ],
        chains=[
            [
                make.kernel(0, 0, 2, 0, 1, 7),
                make.kernel(1, 2, 2, 2),
                make.kernel(2, 2, 2, 5),
                make.jump_false(5, 0),
                make.delegate_call(0, 0, 1),
                make.delegate_call(1, 8),
                make.move(0, 1),
                make.free(0),
            ]
        ],
        arenas=[0, 128],
        stacks=[
            [
                make.frames(("model.py", 12, "forward", "return self.head(x)")),
                make.frames(("model.py", 13, "head", "x + 1"), ("f.py", 2, "add", "a + b")),
            ]
        ],
        trees=("[in]", "[out]"),
        devices=[(1, 1, 0)],
    )


def _programs() -> dict[str, bytes]:
    whole = make.program(
        _plan(),
        make.method("other"),
        blobs=[b"inline"],
        segments=[b"segment", b"abc.defg", b"AB"],
        constants=(1, [0, 0, 4]),
        states=[(2, [0, 0])],
        named=[("weights", 0), ("tied", 0)],
    )
    tensor = make.case_tensor([2], b"12345678")
    case = ([tensor, make.case_number(2)], [tensor, make.case_number(0.5)])
    old = make.program(make.method(values=[make.tensor([2], 1, buffer=1)]), inline=[b"", b"xy"])
    weights = make.tensor_data(("w", 1, [1, 2]), ("b", 0, None), segments=[b"raw", b"12345678"])
    return {
        "handmade.pte": whole,
        "bundled.pte": make.bundled(whole, make.suite("forward", case, case)),
        "old.pte": old,
        "weights.ptd": weights,
    }


#: A branch after another, then a loop around the rest.
_STEPS = [
    make.kernel(0, 0, 0, 1, 1),
    make.jump_false(12, 5),
    make.kernel(0, 1, 0, 2, 2),
    make.move(2, 7),
    make.jump_false(12, 7),
    make.kernel(0, 8, 0, 3, 3),
    make.move(3, 7),
    make.kernel(2, 13, 4, 4),
    make.kernel(1, 4, 15, 9),
    make.kernel(0, 9, 14, 10, 10),
    make.kernel(3, 11, 10, 11),
    make.jump_false(12, 7),
    make.delegate_call(0, 7, 10, 6),
    make.kernel(0, 6, 7, 5, 5),
    make.free(10),
]


def _planned() -> dict[str, bytes]:
    """A method with a loop, two branches, views of both kinds, lists, a state and two arenas."""
    floats = [make.tensor([4], memory=(1, 16 * place)) for place in (0, 1, 2, 2, 3, 3, 4, 5)]
    values = [
        *floats,
        make.tensor([2, 2], memory=(1, 16)),  # 8: a view without an instruction
        make.tensor([2, 2], memory=(1, 48)),  # 9: a view by instruction
        make.tensor([4], 6, memory=(2, 0), dynamism=1),
        make.tensor([4], 6, memory=(2, 16), buffer=1, extra=make.extra_info("cache", state=1)),
        make.boolean(True),
        make.listing(10, [0, 1, 8]),
        make.listing(11, [-1, 2]),
        make.integer(1),
    ]
    names = [("aten::add", "out"), ("executorch_prim::et_view", "default"), ("aten::cat", "out")]
    method = make.method(
        values=values,
        inputs=[0],
        outputs=[5, 6],
        operators=[*names, ("aten::copy_", "")],
        delegates=[make.delegate("XnnpackBackend")],
        chains=[_STEPS],
        arenas=[0, 96, 32],
    )
    whole = make.program(
        method,
        make.method("other", values=floats[:2], inputs=[0], outputs=[1], arenas=[0, 32]),
        blobs=[_delegates()["delegate.bin"]],
        segments=[bytes(16)],
        states=[(0, [0]), (0, [0, 0])],
    )
    return _programs() | {"planned.pte": whole}


def _delegates() -> dict[str, bytes]:
    blob = delegate.graph(
        delegate.node("StaticTranspose", [0], [1]),
        delegate.node("Conv2d", [1, 2], [3], 7, kernel=(3, 3), clamp=(0.0, 6.0)),
        delegate.node("Convert", [3], [4], 7),
        delegate.node("Add", [4, 3], [5], 8),
        values=[
            *map(delegate.value, range(2)),
            delegate.value(2, constant=1),
            *map(delegate.value, range(3, 5)),
            delegate.value(5, [2, 3], quantized=True, constant=2),
        ],
        outputs=[5],
        constants=[(0, ""), (8, "weights"), (16, "")],
    )
    return {"delegate.bin": blob, "old.bin": blob[32:]}


def _records() -> dict[str, bytes]:
    name = "edge_dialect_exported_program"
    old: dict[str, Any] = {f"{name}/forward": None, name: record_builder.edge_program()}
    loops = record_builder.looping_program()
    return {
        "handmade.etrecord": record_builder.record(),
        "old.etrecord": record_builder.record(**old),
        "loops.etrecord": record_builder.record(
            **{"exported_program": loops, f"{name}/forward": loops}
        ),
    }


def _manifests() -> dict[str, bytes]:
    document = {
        "schema": "etscope.bundle",
        "version": 1,
        "created": "2026-01-02T03:04:05+00:00",
        "tool": {"etscope": "0.1.0", "executorch": None},
        "runtime": {"name": "executorch", "why": "asked for"},
        "model": {"target": "m.py:f", "methods": ["enc", "dec"]},
        "host": {"cores": 2},
        "clock": {"unit": "ns", "kind": "measured"},
        "warmup": 1,
        "iterations": 2,
        "inferences": [
            {"method": "enc", "input_set": 0, "count": 1, "warmup": True},
            {"method": "dec", "input_set": 3, "count": 2},
        ],
        "untraced_wall_ns": {"enc/0": [10, 12]},
        "passes": {"timing": {"status": "ok"}},
        "files": {"trace.etdp": {"sha256": "0" * 64, "bytes": 12}},
        "notes": ["one"],
        "footprint": {
            "phases": [
                {"name": "start", "method": None, "at_ms": 0.0, "figures": {"rss_bytes": 9000}},
                {"name": "steady", "method": "enc", "at_ms": 2.5, "figures": {"pss_bytes": 800}},
            ],
            "samples": {"at_ms": [0.0, 1.5], "rss_bytes": [9000, 9100]},
            "notes": ["a note"],
        },
        "machine_peak": {
            "threads": 2,
            "float32_gflops_per_s": 60.0,
            "memory_gb_per_s": 12.5,
            "cache_gb_per_s": 70.0,
            "int8_gops_per_s": None,
            "array_bytes": 2**26,
        },
    }
    return {"manifest.json": json.dumps(document, indent=1).encode()}


def _tensor(sizes: Sequence[int], strides: Sequence[int], offset: int) -> Table:
    return Table(
        {0: Num("i1", 6), 1: Vec("i8", sizes), 2: Vec("i8", strides), 3: Num("i8", offset)}
    )


def _profile(name: str, instruction: int, start: int, *, delegate: str | None = None) -> Table:
    fields: dict[int, Any] = {
        0: name,
        2: Num("i4", instruction),
        6: Num("u8", start),
        7: Num("u8", start + 5),
    }
    if delegate is not None:
        fields |= {4: delegate, 5: Vec("u1", b"\x01\x02\x03")}
    return Table({0: Table(fields)})


def _debug(value: Table) -> Table:
    return Table({2: Table({0: Num("u8", 2**64 - 1), 2: value, 5: "logged"})})


def _dumps() -> dict[str, bytes]:
    """A load and three inferences that log a value of every kind."""
    first, second = _tensor([2, 3], [3, 1], 0), _tensor([2, 2, 4], [8, 1, 2], 24)
    broadcast, empty = _tensor([4, 4], [0, 1], 64), _tensor([0], [1], -1)
    events = [
        _profile("native_call_add.out", 0, 10),
        _profile("conv", 1, 20, delegate="node_1"),
        _debug(Table({0: Num("i1", 5), 1: first})),
        _debug(Table({0: Num("i1", 6), 2: Table({0: [second, broadcast, empty]})})),
        _debug(Table({0: Num("i1", 1), 3: Table({0: Num("i8", -3)})})),
        _debug(Table({0: Num("i1", 2), 6: Table({0: Num("u1", 1)})})),
        _debug(Table({0: Num("i1", 4), 5: Table({0: Num("f8", 2.5)})})),
        Table({1: Table({0: Num("i4", 0), 1: Num("u8", 4096)})}),
        _profile("Method::execute", 0, 5),
    ]
    load = Table({0: "Default", 3: [_profile("Method::init", 0, 1)]})
    run = Table({0: "Execute", 1: Num("i4", 0), 2: [Table({0: "planned"})], 3: events})
    plain = encode(Table({0: Num("u4", 0), 1: [load, run, run, run]}), b"ED00")
    return {"handmade.etdp": plain, "prefixed.etdp": len(plain).to_bytes(4, "little") + plain}
