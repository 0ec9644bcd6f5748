"""One method of a program in figures."""

from __future__ import annotations

from typing import Any

from etscope.etdump.methods import Method
from etscope.inspector.program.calls import kind_counts, operator_counts

_DEVICES = {0: "cpu", 1: "cuda"}


def method_row(method: Method) -> dict[str, Any]:
    """Instructions, calls by kind, operators outside of delegates, and planned arenas."""
    return {
        "method": method.name,
        "instructions": len(method.instructions),
        "chains": int(method.instructions.chain.max(initial=-1)) + 1,
        "values": len(method.values),
        "tensors": len(method.values.tensors),
        "inputs": len(method.inputs),
        "outputs": len(method.outputs),
        "source_lines": method.stacks is not None,
        "calls": kind_counts(method),
        "operators": [
            {"op": counted.op, "instructions": counted.instructions, "prim": counted.prim}
            for counted in operator_counts(method)
        ],
        "planned_bytes": sum(arena["planned_bytes"] for arena in _arenas(method)),
        "arenas": _arenas(method),
    }


def _arenas(method: Method) -> list[dict[str, Any]]:
    """The arenas that memory was planned in; number 0 is not one."""
    devices = {
        place.arena: f"{_DEVICES.get(place.device_type, place.device_type)}:{place.device_index}"
        for place in method.arena_devices
    }
    return [
        {"arena": number, "planned_bytes": size, "device": devices.get(number, "cpu:0")}
        for number, size in enumerate(method.arena_bytes.tolist())
        if number
    ]
