"""One method of a memory report for machines."""

from __future__ import annotations

from typing import Any

from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.rows import instruction_rows, peak_rows
from etscope.inspector.memory.run_rows import allocator_json


def method_json(memory: MethodMemory) -> dict[str, Any]:
    """Its plan and what follows from it; see docs/schemas/memory.json."""
    plan = memory.plan
    return {
        "method": memory.name,
        "instructions": plan.instructions,
        "planned_bytes": plan.planned_bytes,
        "peak_bytes": plan.peak_bytes,
        "peak_step": plan.peak_step,
        "peak": {
            "steps": list(memory.peak.steps),
            "shared_bytes": memory.peak.shared_bytes,
            "holders": peak_rows(memory),
        },
        "devices": _device_rows(memory),
        "allocator": allocator_json(memory.allocator),
        "allocator_32": allocator_json(memory.allocator_32),
        "timeline": {
            "first_step": -1,
            "live_bytes": plan.live_bytes.tolist(),
            "arenas": [
                {"id": use.arena, "live_bytes": use.live_bytes.tolist()} for use in plan.arenas
            ],
        },
        "instruction_rows": instruction_rows(memory),
    }


def _device_rows(memory: MethodMemory) -> list[dict[str, Any]]:
    """A row per device that a method plans arenas on, the host first."""
    return [
        {
            "device": use.device,
            "planned_bytes": use.planned_bytes,
            "peak_bytes": use.peak_bytes,
            "peak_step": use.peak_step,
        }
        for use in memory.devices
    ]
