"""Findings on results that never change: made of constants alone, again in every inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from etscope.inspector.findings import Finding
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.what_if.answer import WhatIf
from etscope.inspector.memory.what_if.constants import made_of_constants
from etscope.inspector.memory.what_if.ways import CONST_PROP
from etscope.inspector.wording import counted, listed, percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Share of the arenas that is saved, from which on they are what to look at first.
_LARGE = 0.25
_LEAST_BYTES = 1024
_NAMED = 3


def remade_constants(report: MemoryReport) -> Iterator[Finding]:
    """Results of operators that read only constants: weights that are transposed, as a rule."""
    for memory in report.methods:
        plan = memory.plan
        rows = np.flatnonzero(np.isin(plan.producer, made_of_constants(plan)))
        rows = rows[np.argsort(-plan.size_bytes[rows], kind="stable")]
        size = int(plan.size_bytes[rows].sum())
        if size < _LEAST_BYTES:
            continue
        held = sum(memory.holders[row].size_bytes for row in rows.tolist() if row in memory.holders)
        steps = np.unique(plan.producer[rows])
        names = dict.fromkeys(memory.operator_text(step) for step in steps.tolist())
        answer = next((one for one in memory.what_ifs if one.kind == "constants"), None)
        saves = answer.saves_planned_bytes if answer else 0
        yield Finding(
            "remade_constants",
            "medium" if saves >= _LARGE * plan.planned_bytes else "low",
            f"{size_text(size)} are made of constants alone, the same in every inference, by "
            f"{counted(len(steps), 'instruction')} of {memory.name} ({listed([*names], _NAMED)})"
            f"{_effect(memory, answer)}",
            {
                "method": memory.name,
                "size_bytes": size,
                "at_peak_bytes": held,
                "saves_planned_bytes": saves,
                "saves_peak_bytes": answer.saves_peak_bytes if answer else 0,
                "adds_constant_bytes": answer.adds_constant_bytes if answer else None,
                "steps": steps.tolist(),
                "values": plan.value[rows].tolist(),
            },
            CONST_PROP.advice,
        )


def _effect(memory: MethodMemory, answer: WhatIf | None) -> str:
    """What it would save to make them at the export, as it was planned again."""
    if answer is None or not memory.plan.planned_bytes:
        return "; made at the export they would save time, but no bytes of the arenas"
    share = percent(answer.saves_planned_bytes / memory.plan.planned_bytes)
    return (
        f"; made at the export, the arenas would need {size_text(answer.planned_bytes)}, {share} "
        "less (estimated)"
    )
