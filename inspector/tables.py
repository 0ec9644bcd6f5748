"""Events as pandas frames, text tables and TSV. pandas loads when one of these is called."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from etscope.inspector.event_block import Event, EventBlock

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


def _shortened(names: list[str]) -> list[str] | str:
    if len(names) < 5:
        return names
    return f"['{names[0]}', '{names[1]}' ... '{names[-1]}'] ({len(names)} total)"


def _columns(events: Sequence[Event], units: str) -> dict[str, Any]:
    perf = [event.perf_data for event in events]
    timed = [(event, data is not None) for event, data in zip(events, perf, strict=True)]
    out: dict[str, Any] = {
        "event_name": _cells([event.name for event in events]),
        "raw": _cells(
            [event.samples if p else None for event, p in zip(events, perf, strict=True)]
        ),
    }
    for column in _STATISTICS:
        values = [getattr(p, column) if p else np.nan for p in perf]
        out[column + units] = np.array(values, np.float64)
    delegated = [event.is_delegated_op for event in events]
    return out | {
        "op_types": _cells([_shortened(event.op_types) for event in events]),
        # Numbers, texts and None side by side: pandas would make a text column of it.
        "delegate_debug_identifier": _objects([e.delegate_debug_identifier for e in events]),
        "stack_traces": _cells([event.stack_traces for event in events]),
        "module_hierarchy": _cells([event.module_hierarchy for event in events]),
        "is_delegated_op": np.array(delegated, np.bool_),
        "delegate_backend_name": _cells([event.delegate_backend_name for event in events]),
        "debug_data": _cells([event.debug_data for event in events]),
        "start_time": _cells([event.start_samples if known else None for event, known in timed]),
    }


def event_frame(events: Sequence[Event], units: str) -> pd.DataFrame:
    """One row per event, without the name of the block."""
    import pandas as pd

    return pd.DataFrame(_columns(events, units))


def block_frame(block: EventBlock, include_units: bool, include_metadata: bool) -> pd.DataFrame:
    """One row per event of one block."""
    return _frame([block], include_units, include_metadata)


def blocks_frame(
    blocks: Sequence[EventBlock], include_units: bool, include_metadata: bool
) -> pd.DataFrame:
    """One row per event of all blocks, one block after the other."""
    return _frame(blocks, include_units, include_metadata)


def _frame(
    blocks: Sequence[EventBlock], include_units: bool, include_metadata: bool
) -> pd.DataFrame:
    import pandas as pd

    events = [event for block in blocks for event in block.events]
    scale = blocks[0].target_time_scale.value if blocks else "ms"
    names = [block.name for block in blocks for _ in block.events]
    columns = {"event_block_name": _cells(names)}
    columns |= _columns(events, f" ({scale})" if include_units else "")
    if include_metadata:
        columns |= _metadata(events)
    return pd.DataFrame(columns)


def _metadata(events: Sequence[Event]) -> dict[str, Any]:
    """The delegates' metadata: one column per key a parser made, else one of lists."""
    found = [event.delegate_debug_metadatas or None for event in events]
    keys: dict[str, None] = {}
    for value in found:
        if isinstance(value, dict):
            keys |= dict.fromkeys(value)
        elif value is not None:
            keys["delegate_debug_metadata"] = None
    rows = [
        v if isinstance(v, dict) else {} if v is None else {"delegate_debug_metadata": v}
        for v in found
    ]
    return {key: _cells([row.get(key, np.nan) for row in rows]) for key in keys}


def printed_frame(
    blocks: Sequence[EventBlock], include_units: bool, include_metadata: bool
) -> pd.DataFrame:
    """The frame that is printed and saved: fewer columns, no OPERATOR_CALL rows."""
    frame = blocks_frame(blocks, include_units, include_metadata)
    frame = frame.drop(columns=_NOT_PRINTED)
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
