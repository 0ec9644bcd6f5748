"""The time of a module: of the operators in it and in the modules that it holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from etscope.etdump.program_graph import Module
from etscope.inspector.correlate.how import How
from etscope.inspector.node_texts import SELF
from etscope.inspector.operator_events import operator_events

if TYPE_CHECKING:
    from etscope.inspector.event_block import EventBlock


def module_total(blocks: Iterable[EventBlock], name: str) -> float | None:
    """Mean time per run of the operators in a module, over all blocks; None: there are none.

    Args:
        name: its path, "layers.0"; "" is the whole model. The name that an export gives
            it ("L__self__layers.0") will do, too.

    In the unit of the blocks. Every operator counts once, inside a delegate by its own
    module, so that the sum is never more than what the runs took.
    """
    path = name.removeprefix(SELF).removeprefix("_")
    total, found = 0.0, False
    for block in blocks:
        origins = block.graph.origins
        for row in operator_events(block.columns, origins):
            if origins[row].how < How.HANDLE or not is_inside(origins[row].modules, path):
                continue
            found = True
            calls = len(block.columns.rows(row)) / block.run_count
            mean = float(block.statistics.mean[row]) * calls
            total += 0.0 if np.isnan(mean) else mean
    return total if found else None


def is_inside(modules: tuple[Module, ...], path: str) -> bool:
    """Whether a module is among these, or holds one of them: by whole parts of the path.

    Containers that are never called themselves (a ModuleList) are in no stack, but hold some.
    The whole model, "", holds everything.
    """
    return not path or any(m.path == path or m.path.startswith(f"{path}.") for m in modules)


def why_none(blocks: Iterable[EventBlock], name: str) -> str:
    """Why there may be no operator in a module."""
    hidden = any(
        slot.is_delegated and block.graph.origins[row].how == How.NONE
        for block in blocks
        for row, slot in enumerate(block.columns.slots)
    )
    text = f"no operator is known to be in a module {name!r}"
    more = "; what runs inside its delegates is not known: give program=, the .pte that ran"
    return text + more if hidden else text
