"""Small programs with their records, made by hand: the two sides of a join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import record_builder as made
from program_builder import delegate, delegate_call, kernel, method, null, program, tensor

from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record, read_record

_EDGE = "executorch.exir.dialects.edge.ops."
ROOT = "L__self__,,m.Net"


def line(number: int, text: str = "y = f(x)", file: str = "m.py") -> str:
    """The stack trace of one line."""
    return f'File "{file}", line {number}, in forward\n    {text}'


def call(
    name: str,
    op: str,
    inputs: Sequence[str],
    handle: int | None,
    *,
    at: int | None = 1,
    module: str | None = "",
    sizes: Sequence[int] = (2,),
    trace: str | None = None,
) -> tuple[dict[str, Any], tuple[int, ...]]:
    """A node "aten.add.Tensor" of the edge graph, and the shape that it gives."""
    metadata: dict[str, str] = {}
    if handle is not None:
        metadata["debug_handle"] = str(handle)
    if trace is not None or at is not None:
        metadata["stack_trace"] = trace if trace is not None else line(at or 0)
    if module is not None:
        path = "" if not module else f";k,{module},m.Part"
        metadata["nn_module_stack"] = ROOT + path
    arguments = [made.tensor(given) for given in inputs]
    node = made.node(name, _EDGE + op, arguments, [made.tensor(name)], **metadata)
    return node, tuple(sizes)


def graph(*calls: tuple[dict[str, Any], tuple[int, ...]]) -> dict[str, Any]:
    """An edge program of one input x and these calls; the last is the output."""
    nodes = [node for node, _ in calls]
    tensors = {"x": made.meta(made.ints(2))}
    tensors |= {node["name"]: made.meta(made.ints(*sizes)) for node, sizes in calls}
    specs = [{"user_input": {"arg": made.tensor("x")}}]
    last = [made.tensor(nodes[-1]["name"])] if nodes else []
    return made.program([made.tensor("x")], nodes, last, tensors, specs=specs)


def record(
    graphs: Mapping[str, dict[str, Any]],
    handles: Mapping[str, Mapping[int, Any]],
    delegates: Mapping[str, Mapping[int, Any]] | None = None,
    **members: Any,
) -> Record:
    """A record of these edge programs and maps."""
    found: dict[str, Any] = {"ETRECORD_V0": b""}
    found |= {f"edge_dialect_exported_program/{name}": value for name, value in graphs.items()}
    found["debug_handle_map"] = _keyed(handles)
    found["delegate_map"] = _keyed(delegates or {name: {} for name in handles})
    return read_record(made.zipped(found | members))


def _keyed(table: Mapping[str, Mapping[int, Any]]) -> dict[str, dict[str, Any]]:
    return {name: {str(key): value for key, value in rows.items()} for name, rows in table.items()}


def plan(
    *operators: str, shapes: Sequence[Sequence[int]] | None = None, name: str = "forward"
) -> Program:
    """A program of one method: instruction i runs operator i on value i and gives value i + 1.

    "aten::add.out" is a kernel, a bare word a delegate of that backend. Value 0 is the input.
    """
    return read_program(program(*[planned(name, operators, shapes)], blobs=[b"blob"]))


def planned(
    name: str, operators: Sequence[str], shapes: Sequence[Sequence[int]] | None = None
) -> Any:
    """One such method, to put several into a program."""
    sizes = [(2,), *(shapes or [(2,)] * len(operators))]
    backends = [text for text in operators if "::" not in text]
    kernels = list(dict.fromkeys(text for text in operators if "::" in text))
    steps = [
        kernel(kernels.index(text), at, at + 1, at + 1)
        if "::" in text
        else delegate_call(backends.index(text), at, at + 1)
        for at, text in enumerate(operators)
    ]
    return method(
        name,
        values=[*(tensor(size, memory=(1, 0)) for size in sizes), null()],
        inputs=[0],
        outputs=[len(operators)],
        chains=[steps],
        operators=[tuple(text.rsplit(".", 1)) for text in kernels],  # type: ignore[misc]
        delegates=[delegate(backend) for backend in backends],
        arenas=[0, 1024],
    )
