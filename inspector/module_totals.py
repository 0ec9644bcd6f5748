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
        name: its path, "layers.0" or "_head"; "" is the whole model. Where no operator is in
            that, the name that an export gives it: "L__self__layers.0", "L__self___layers.0".

    In the unit of the blocks. Every operator counts once, inside a delegate by its own
    module, so that the sum is never more than what the runs took.
    """
    known = [
        (block, row, block.graph.origins[row].modules)
        for block in blocks
        for row in operator_events(block.columns, block.graph.origins)
        if block.graph.origins[row].how >= How.HANDLE
    ]
    for path in paths_of(name):
        inside = [(block, row) for block, row, modules in known if is_inside(modules, path)]
        if inside:
            return sum(_mean_per_run(block, row) for block, row in inside)
    return None


def paths_of(name: str) -> tuple[str, ...]:
    """The paths that a name may mean, the name itself first.

    An export may put an underscore between what it calls the model and the path; a
    private module has one of its own.
    """
    if not name.startswith(SELF):
        return (name,)
    path = name.removeprefix(SELF)
    return (name, path, path.removeprefix("_")) if path.startswith("_") else (name, path)


def _mean_per_run(block: EventBlock, row: int) -> float:
    calls = len(block.columns.rows(row)) / block.run_count
    mean = float(block.statistics.mean[row]) * calls
    return 0.0 if np.isnan(mean) else mean


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
