"""Memory in flat rows: one per planned value, one per instruction, one per entry of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.memory.ledger import Entry, Source
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.peak import Held, Holder
from etscope.inspector.memory.plan import Role
from etscope.inspector.memory.what_if.moves import move_columns


def value_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per planned value, in the order of the plan: by arena and place. All is planned.

    `chain`, `instruction` and `op` are of the instruction that makes it. `first` and `last`
    are steps: instructions counted over all chains, -1 before the first.
    """
    plan, places = memory.plan, memory.places
    specs, touched = plan.method.values.tensors, plan.first <= plan.last
    count = range(len(plan))
    columns: dict[str, Iterable[Any]] = {
        "method": repeat(memory.name, len(plan)),
        "row": count,
        "value": plan.value.tolist(),
        "label": map(memory.label, count),
        "name": map(specs.name_of, plan.tensor.tolist()),
        "type": map(memory.type_text, count),
        **_makers(memory),
        "node": places.node,
        "node_op": places.op,
        "module": places.module,
        "source": places.source,
        "place_confidence": (Confidence(sure).word for sure in places.confidence.tolist()),
        "place_reason": (reason or None for reason in places.reason),
        "arena": plan.arena.tolist(),
        "offset_bytes": plan.offset.tolist(),
        "size_bytes": plan.size_bytes.tolist(),
        "upper_bound": plan.upper_bound.tolist(),
        "first": _where(touched, plan.first),
        "last": _where(touched, plan.last),
        "role": (Role(role).name.lower() for role in plan.role.tolist()),
        "is_input": plan.is_input.tolist(),
        "is_output": plan.is_output.tolist(),
        "shows": _where(plan.shows != np.arange(len(plan)), plan.shows),
        "at_peak": (row in memory.holders for row in count),
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def peak_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per value that is alive at the peak of a method, the largest first."""
    plan, places = memory.plan, memory.places
    return [
        {
            "method": memory.name,
            "row": holder.row,
            "value": int(plan.value[holder.row]),
            "label": memory.label(holder.row),
            "op": plan.operator_of(holder.row),
            "node": places.node[holder.row],
            "module": places.module[holder.row],
            "source": places.source[holder.row],
            "arena": int(plan.arena[holder.row]),
            "size_bytes": holder.size_bytes,
            "share": holder.share,
            "upper_bound": bool(plan.upper_bound[holder.row]),
            "first": int(plan.first[holder.row]),
            "last": int(plan.last[holder.row]),
            "held": holder.held.value,
            "next_step": holder.next_step,
            "next_op": holder.next_operator,
            "saves_bytes": saving_of(holder),
            "absent_saves_bytes": holder.absent_saves_bytes,
        }
        for holder in memory.peak.holders
    ]


def what_if_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per answer to what would need less memory, all of it estimated."""
    plan, rows = memory.plan, []
    table = plan.method.instructions
    for answer in memory.what_ifs:
        step = answer.instruction
        rows.append(
            {
                "method": memory.name,
                "kind": answer.kind,
                "step": step,
                "chain": None if step is None else int(table.chain[step]),
                "instruction": None if step is None else int(table.instruction[step]),
                "op": None if step is None else plan.method.operator_of_instruction[step],
                **memory.place_of_step(-1 if step is None else step),
                "values": [int(plan.value[row]) for row in answer.rows],
                "message": answer.message,
                **move_columns(answer.order),
                "effort": answer.effort.value,
                "advice": answer.advice,
                "condition": answer.condition,
                "adds_constant_bytes": answer.adds_constant_bytes,
                "peak_bytes": answer.peak_bytes,
                "planned_bytes": answer.planned_bytes,
                "saves_peak_bytes": answer.saves_peak_bytes,
                "saves_planned_bytes": answer.saves_planned_bytes,
                "verified": answer.verified,
                "basis": "estimated",
            }
        )
    return rows


def saving_of(holder: Holder) -> int | None:
    """How much lower the peak could be; None: it must keep its bytes, whatever uses it."""
    return None if holder.held is Held.BUFFER else holder.saves_bytes


def timeline_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per step: bytes in use over all arenas, and in each."""
    plan = memory.plan
    curves = {f"arena_{use.arena}_bytes": use.live_bytes.tolist() for use in plan.arenas}
    operators = [None, *plan.method.operator_of_instruction, None]
    names = ("live_bytes", *curves)
    columns = zip(operators, plan.live_bytes.tolist(), *curves.values(), strict=True)
    return [
        {"method": memory.name, "step": step, "op": op, **dict(zip(names, figures, strict=True))}
        for step, (op, *figures) in enumerate(columns, start=-1)
    ]


def _makers(memory: MethodMemory) -> dict[str, Iterable[Any]]:
    """The instruction that makes each value: its chain, number and operator."""
    table, operators = memory.plan.method.instructions, memory.plan.method.operator_of_instruction
    made = memory.plan.producer
    chain, number = (np.append(column, -1)[made] for column in (table.chain, table.instruction))
    return {
        "chain": _where(made >= 0, chain),
        "instruction": _where(made >= 0, number),
        "op": (None if step < 0 else operators[step] for step in made.tolist()),
    }


def _where(known: NDArray[np.bool_], column: NDArray[Any]) -> list[int | None]:
    """A column with None where it is not known."""
    pairs = zip(known.tolist(), column.tolist(), strict=True)
    return [figure if there else None for there, figure in pairs]


def instruction_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per instruction: what it reads, writes, begins and ends, and what is in use."""
    plan, traffic = memory.plan, memory.traffic
    table = plan.method.instructions
    columns = zip(
        table.chain.tolist(),
        table.instruction.tolist(),
        plan.method.operator_of_instruction,
        *(column.tolist() for column in traffic),
        strict=True,
    )
    return [
        {
            "method": memory.name,
            "step": step,
            "chain": chain,
            "instruction": number,
            "op": op,
            **memory.place_of_step(step),
            **dict(zip(_TRAFFIC, figures, strict=True)),
        }
        for step, (chain, number, op, *figures) in enumerate(columns)
    ]


_TRAFFIC = ("read_bytes", "written_bytes", "live_bytes", "allocated_bytes", "freed_bytes")


def arena_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per arena of a method."""
    return [
        {
            "method": memory.name,
            "id": use.arena,
            "device": memory.device_of(use),
            "size_bytes": use.size_bytes,
            "peak_live_bytes": use.peak_bytes,
            "peak_step": use.peak_step,
            "fragmentation_bytes": use.fragmentation_bytes,
            "lower_bound_bytes": use.lower_bound_bytes,
        }
        for use in memory.plan.arenas
    ]


#: What the program plans; all else is there in a file, and as large as it is there.
_PLANNED = (Source.ARENA, Source.CALLER)


def basis_of(source: Source) -> str:
    """What a line of the ledger rests on: "planned", or the "file" that has it."""
    return "planned" if source in _PLANNED else "file"


def ledger_rows(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """A row per entry of the ledger."""
    return [
        {
            "source": entry.source.value,
            "basis": basis_of(entry.source),
            "label": entry.label,
            "size_bytes": entry.size_bytes,
            "methods": list(entry.methods),
            "arena": entry.arena,
            "upper_bound": entry.upper_bound,
        }
        for entry in entries
    ]
