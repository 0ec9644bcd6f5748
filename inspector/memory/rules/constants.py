"""Findings on results that never change: made of constants alone, again in every inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.program_constants import Storage
from etscope.inspector.findings import Finding
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.wording import counted, listed, percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Share of the peak from which on they are what to look at first.
_LARGE = 0.25
_LEAST_BYTES = 1024
_NAMED = 3


def remade_constants(report: MemoryReport) -> Iterator[Finding]:
    """Results of operators that read only constants: weights that are transposed, as a rule."""
    for memory in report.methods:
        plan = memory.plan
        rows = np.flatnonzero(np.isin(plan.producer, made_of_constants(memory)))
        rows = rows[np.argsort(-plan.size_bytes[rows], kind="stable")]
        size = int(plan.size_bytes[rows].sum())
        if size < _LEAST_BYTES:
            continue
        held = sum(memory.holders[row].size_bytes for row in rows.tolist() if row in memory.holders)
        share = held / max(plan.peak_bytes, 1)
        steps = np.unique(plan.producer[rows])
        names = dict.fromkeys(memory.operator_text(step) for step in steps.tolist())
        text = (
            f"{size_text(size)} are made of constants alone, the same in every inference, by "
            f"{counted(len(steps), 'instruction')} of {memory.name} ({listed([*names], _NAMED)})"
        )
        if held:
            text += f"; they hold {percent(share)} of the peak"
        yield Finding(
            "remade_constants",
            "medium" if share >= _LARGE else "low",
            text,
            {
                "method": memory.name,
                "size_bytes": size,
                "at_peak_bytes": held,
                "steps": steps.tolist(),
                "values": plan.value[rows].tolist(),
            },
            "Make them once, at the export: constant_prop_pass of executorch.exir.passes, or a "
            "backend that packs its weights. The file has them then, and the arena does not.",
        )


def made_of_constants(memory: MethodMemory) -> Ints:
    """The kernel calls whose tensors, but for those that they write, are all constants."""
    method, touches = memory.plan.method, memory.plan.touches
    constant = np.isin(method.storage.kind, (Storage.CONSTANT, Storage.EXTERNAL))
    reads = np.zeros(memory.plan.instructions, np.int64)
    others = np.zeros(memory.plan.instructions, np.int64)
    read = touches.reads & touches.carries
    np.add.at(reads, touches.row[read], 1)
    np.add.at(others, touches.row[read & ~constant[touches.tensor]], 1)
    kernels = method.instructions.kind == InstructionKind.KERNEL_CALL
    return np.flatnonzero(kernels & (reads > 0) & (others == 0))
