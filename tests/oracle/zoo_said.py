"""What the real Inspector says of a trace and its record, as plain data."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from executorch.devtools import Inspector, parse_etrecord


def said(folder: Path, record: str | None, dump: str, debug: str | None = None) -> dict[str, Any]:
    """Every event of every block, or the exception that the Inspector raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inspector = Inspector(
                etdump_path=str(folder / dump),
                etrecord=None if record is None else str(folder / record),
                debug_buffer_path=None if debug is None else str(folder / debug),
            )
            return {"blocks": [_block(block) for block in inspector.event_blocks]}
    except Exception as error:
        return {"raised": type(error).__name__, "message": str(error)[:500]}


def _block(block: Any) -> dict[str, Any]:
    return {
        "name": block.name,
        "bundled_input_index": block.bundled_input_index,
        "run_output": _summary(block.run_output),
        "reference_output": _summary(block.reference_output),
        "events": [_event(event) for event in block.events],
    }


def _event(event: Any) -> dict[str, Any]:
    figures = ("raw", "avg", "p10", "p50", "p90", "min", "max")
    return {
        "name": event.name,
        "instruction": event._instruction_id,
        "delegate_id": event.delegate_debug_identifier,
        "debug_handles": event.debug_handles,
        "op_types": event.op_types,
        "stack_traces": event.stack_traces,
        "module_hierarchy": {
            node: {str(key): [str(part) for part in value] for key, value in stack.items()}
            for node, stack in (event.module_hierarchy or {}).items()
        },
        "is_delegated_op": event.is_delegated_op,
        "delegate_backend_name": event.delegate_backend_name,
        "num_outputs": event.num_outputs,
        "debug_data": _summary(event.debug_data),
        "start_time": event.start_time,
        "perf": {name: getattr(event.perf_data, name) for name in figures},
    }


def _summary(value: Any) -> Any:
    """Tensors by size, type and sum; everything else as it is."""
    if isinstance(value, torch.Tensor):
        return [list(value.shape), str(value.dtype), float(value.double().sum())]
    if isinstance(value, list | tuple):
        return [_summary(item) for item in value]
    return value


def graphs(folder: Path, record: str) -> dict[str, Any]:
    """The nodes of each edge program as parse_etrecord reads them, or the exception it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            edge = parse_etrecord(str(folder / record)).edge_dialect_program
    except Exception as error:
        return {"raised": type(error).__name__, "message": str(error)[:500]}
    programs = edge if isinstance(edge, dict) else {"": edge}
    return {
        method: [
            _node(node) for node in program.graph_module.graph.nodes if node.op == "call_function"
        ]
        for method, program in programs.items()
    }


def _node(node: Any) -> dict[str, Any]:
    name = getattr(node.target, "_name", None) or getattr(node.target, "__name__", "")
    stack = node.meta.get("nn_module_stack") or {}
    return {
        "node": node.name,
        "op": str(name),
        "handle": node.meta.get("debug_handle"),
        "stack_trace": node.meta.get("stack_trace"),
        "modules": [str(path) for path, _ in stack.values()],
    }
