"""The rows of a block that stand for the work of operators, each operator once.

A trace has several events for one operator: its kernel, and the call around it; the
operations inside a delegate, and the call of the delegate.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from etscope.inspector.blocks import Block
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.event_names import CONTROL, DELEGATE_CALL, OPERATOR_CALL

if TYPE_CHECKING:
    from etscope.inspector.event import Event
    from etscope.inspector.event_block import EventBlock


def operator_events(block: Block, origins: Origins) -> list[int]:
    """Rows of a block, none of which holds the time of another.

    Kernels; operations inside delegates where the graph knows any of them, else the
    delegate call; the call of an operator only where no kernel in it has an event.
    """
    mapped = origins.mapped
    kernels, inside = set(), set()
    for row, slot in enumerate(block.slots):
        place = (slot.signature.chain, slot.signature.instruction)
        if slot.is_delegated:
            inside.update([place] if mapped[row] else [])
        elif slot.profile and slot.name not in (OPERATOR_CALL, DELEGATE_CALL, *CONTROL):
            kernels.add(place)
    rows = []
    for row, slot in enumerate(block.slots):
        place = (slot.signature.chain, slot.signature.instruction)
        if place[0] < 0 or not slot.profile:
            continue
        if slot.is_delegated:
            counts = place in inside and bool(mapped[row])
        elif slot.name == DELEGATE_CALL:
            counts = place not in inside
        elif slot.name == OPERATOR_CALL:
            counts = place not in kernels
        else:
            counts = slot.name not in CONTROL
        if counts:
            rows.append(row)
    return rows


def events_by_operator(
    blocks: Iterable[EventBlock], with_delegated: bool
) -> dict[str, list[Event]]:
    """Operator, "aten.addmm.default" → its events, in the order of the blocks.

    A delegate call whose inside is not known stands under each operator that it runs.
    """
    found: dict[str, list[Event]] = {}
    for block in blocks:
        for row in operator_events(block.columns, block.graph.origins):
            event = block.events[row]
            if not with_delegated and (event.is_delegated_op or event.name == DELEGATE_CALL):
                continue
            own = event.op_types if event.op is None else [event.op]
            for name in dict.fromkeys(own if event.op_types else []):
                found.setdefault(name, []).append(event)
    return found
