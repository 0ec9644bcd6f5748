"""Events as pandas frames, text tables and TSV. pandas loads when one of these is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from etscope.inspector.collection import no_collection
from etscope.inspector.event import Event
from etscope.inspector.event_block import EventBlock

if TYPE_CHECKING:
    import pandas as pd

#: What a printed table leaves out, and the rows that only repeat the one before.
_NOT_PRINTED = [
    "raw",
    "delegate_debug_identifier",
    "stack_traces",
    "module_hierarchy",
    "debug_data",
]
_NOT_PRINTED_EVENT = "OPERATOR_CALL"
#: What a record adds at the right end.
_OURS = ["node", "op", "module", "source", "mapped_by", "confidence", "reason"]
#: Of these the printed table shows what is short and not said by op_types.
_OURS_NOT_PRINTED = ["node", "op", "reason"]
#: A cell names that many operators; of more, the first two and the last.
_SOME_OPERATORS = 4
_STATISTICS = {"p10": "p10", "p50": "p50", "p90": "p90", "avg": "mean", "min": "min", "max": "max"}


def _cells(values: Sequence[Any]) -> NDArray[np.object_]:
    """A column of whatever objects, lists included, one per cell."""
    out = np.empty(len(values), object)
    for row, value in enumerate(values):
        out[row] = value
    return out


def _objects(values: Sequence[Any]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(_cells(values), dtype=object)


#: Blocks with those of their rows that become rows of a frame.
Selection = Sequence[tuple["EventBlock", Sequence[int]]]


def _columns(selection: Selection, units: str, with_values: bool = True) -> dict[str, Any]:
    """The columns of these rows, straight from the columns beneath them."""
    places = [(block, row) for block, rows in selection for row in rows]
    slots = [block.columns.slots[row] for block, row in places]
    graph = [block.fields[row] for block, row in places]
    timed = [(*place, bool(slot.profile)) for place, slot in zip(places, slots, strict=True)]
    out: dict[str, Any] = {
        "event_name": _cells([slot.name for slot in slots]),
        "raw": _cells([block.samples(row) if known else None for block, row, known in timed]),
    }
    for column, name in _STATISTICS.items():
        parts = [getattr(block.statistics, name)[list(rows)] for block, rows in selection if rows]
        out[column + units] = np.concatenate(parts) if parts else np.zeros(0)
    return out | {
        "op_types": _cells([_short(fields.op_types) for fields in graph]),
        # Numbers or texts and None side by side: pandas would make texts and NaN of them.
        "delegate_debug_identifier": _objects([slot.signature.delegate for slot in slots]),
        "stack_traces": _cells([fields.stack_traces for fields in graph]),
        "module_hierarchy": _cells([fields.module_hierarchy for fields in graph]),
        "is_delegated_op": np.array([slot.is_delegated for slot in slots], np.bool_),
        "delegate_backend_name": _objects([fields.delegate_backend_name for fields in graph]),
        "debug_data": _cells(
            [block.logged_at(row, 0) if with_values else [] for block, row in places]
        ),
        "start_time": _cells(
            [block.start_samples(row) if known else None for block, row, known in timed]
        ),
    }


def _short(operators: list[str]) -> list[str] | str:
    """The cell of a list of operators, as upstream writes it."""
    if len(operators) <= _SOME_OPERATORS:
        return operators
    first, second, last = operators[0], operators[1], operators[-1]
    return f"['{first}', '{second}' ... '{last}'] ({len(operators)} total)"


def _ours(selection: Selection) -> dict[str, Any]:
    """The columns that executorch.devtools does not have; none without a record or a program."""
    if not any(block.source.graphs.is_given for block, _ in selection):
        return {}
    graph = [block.fields[row] for block, rows in selection for row in rows]
    return {name: _objects([getattr(fields, name) for fields in graph]) for name in _OURS}


def event_frame(block: EventBlock, row: int, units: str) -> pd.DataFrame:
    """One event as a row, without the name of the block."""
    import pandas as pd

    selection = [(block, [row])]
    return pd.DataFrame(_columns(selection, units) | _ours(selection))


def blocks_frame(
    blocks: Sequence[EventBlock],
    include_units: bool,
    include_metadata: bool,
    *,
    with_values: bool = True,
) -> pd.DataFrame:
    """One row per event of all blocks, one block after the other.

    Args:
        with_values: False leaves `debug_data` empty, so that no tensor is read.
    """
    import pandas as pd

    scale = blocks[0].target_time_scale.value if blocks else "ms"
    names = [block.name for block in blocks for _ in block.columns.slots]
    columns = {"event_block_name": _cells(names)}
    with no_collection():
        whole = [(block, range(len(block.columns.slots))) for block in blocks]
        columns |= _columns(whole, f" ({scale})" if include_units else "", with_values)
        frames = [pd.DataFrame(columns)]
        if include_metadata:
            frames.append(_metadata([event for block in blocks for event in block.events]))
        frames.append(pd.DataFrame(_ours(whole)))
    frames = [frame for frame in frames if len(frame.columns)]
    return pd.concat(frames, axis=1) if len(frames) > 1 else frames[0]


def _metadata(events: Sequence[Event]) -> pd.DataFrame:
    """The delegates' metadata: a column per key that a parser made, else one of lists."""
    import pandas as pd

    found = [event.delegate_debug_metadatas or {} for event in events]
    return pd.DataFrame(
        [v if isinstance(v, dict) else {"delegate_debug_metadata": v} for v in found]
    )


def printed_frame(
    blocks: Sequence[EventBlock], include_units: bool, include_metadata: bool
) -> pd.DataFrame:
    """The frame that is printed and saved: fewer columns, no OPERATOR_CALL rows."""
    frame = blocks_frame(blocks, include_units, include_metadata, with_values=False)
    frame = frame.drop(columns=_NOT_PRINTED)
    frame = frame.drop(columns=_OURS_NOT_PRINTED, errors="ignore")
    kept = ~frame["event_name"].str.contains(_NOT_PRINTED_EVENT, regex=False)
    return frame[kept].reset_index(drop=True)


def print_frame(frame: pd.DataFrame, file: TextIO) -> None:
    """Show a frame: rich text in a notebook, a grid of characters elsewhere."""
    if _in_notebook():
        import_module("IPython.display").display(frame)
        return
    from tabulate import tabulate

    rows: Any = frame  # tabulate takes frames, its stubs do not say so
    file.write(tabulate(rows, headers="keys", tablefmt="fancy_grid") + "\n")


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and shell.get_ipython() is not None


def save_tsv(frame: pd.DataFrame, file: TextIO | str | PathLike[str]) -> None:
    """Write a frame with tabs between its columns."""
    frame.to_csv(file, sep="\t")
