"""Event, EventBlock and PerfData: views on the columns, made when asked for.

Names and attributes are those of executorch.devtools. What comes from the
graph (op types, stack traces, module hierarchy) is empty without an ETRecord.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etscope.inspector.blocks import Block
from etscope.inspector.durations import block_statistics, slot_durations, slot_starts
from etscope.inspector.perf_data import PerfData, Source
from etscope.inspector.samples import Samples
from etscope.inspector.statistics import Statistics
from etscope.inspector.units import TimeScale

if TYPE_CHECKING:
    import pandas as pd


class Event:
    """One row of a block: an operator, a delegate call, or what the runtime did around them."""

    def __init__(self, block: EventBlock, row: int) -> None:
        self.block, self._row = block, row
        self._slot = block.columns.slots[row]
        self.name = self._slot.name
        self.delegate_debug_identifier = self._slot.signature.delegate
        self.is_delegated_op = self._slot.is_delegated
        self._instruction_id = self._slot.signature.instruction
        self.debug_handles: int | Sequence[int] | None = None
        self.num_outputs = 1
        self.op_types: list[str] = []
        self.stack_traces: dict[str, str] = {}
        self.module_hierarchy: dict[str, dict[str, Any]] = {}
        self.delegate_backend_name: str | None = None

    @property
    def is_timed(self) -> bool:
        """Whether the event has samples; some only logged values."""
        return bool(self._slot.profile)

    @cached_property
    def perf_data(self) -> PerfData | None:
        """Samples and statistics; None when the event only logged values."""
        if not self.is_timed:
            return None
        return PerfData.of(self.samples, self.block.statistics, self._row)

    @property
    def samples(self) -> Samples:
        """The durations, in the unit of the block."""
        return self.block.samples(self._row)

    @property
    def start_samples(self) -> Samples:
        """The start of each sample in ticks of the trace's clock."""
        return self.block.start_samples(self._row)

    @property
    def start_time(self) -> list[int] | None:
        """The start of each sample in ticks; None when the event only logged values."""
        return list(self.start_samples) if self.is_timed else None

    @property
    def raw_delegate_debug_metadatas(self) -> list[Any]:
        """The bytes a delegate attached, per sample (as lists of numbers; "" where none)."""
        return self.block.metadata(self._row)

    @cached_property
    def delegate_debug_metadatas(self) -> list[Any] | dict[str, Any]:
        """The same, through the parser that the Inspector was given."""
        parser = self.block.source.parser
        raw = self.raw_delegate_debug_metadatas
        return raw if not self.is_delegated_op or parser is None else parser(raw)

    @property
    def debug_data(self) -> list[Any]:
        """What was logged here in the first run that logged anything, as torch values.

        Empty without a debug buffer: nothing stands in for what is not there.
        """
        return self.debug_data_of(0)

    def debug_data_of(self, run: int) -> list[Any]:
        """What was logged here in one run of the block (0 is the first)."""
        return self.block.logged_at(self._row, run)

    def to_dataframe(self, _units: str = "") -> pd.DataFrame:
        """This event as a frame of one row; `_units` is appended to the time columns."""
        from etscope.inspector.tables import event_frame

        return event_frame(self.block, self._row, _units)

    def asdict(self, _units: str = "") -> dict[str, Any]:
        """This event as column name → value."""
        frame = self.to_dataframe(_units)
        return {str(name): frame[name].iloc[0] for name in frame.columns}

    def __repr__(self) -> str:
        return f"Event(name={self.name!r}, instruction={self._instruction_id})"


class EventBlock:
    """Runs of one kind: a method load ("Default") or inferences that did the same ("Execute")."""

    def __init__(self, columns: Block, source: Source) -> None:
        self.columns, self.source = columns, source
        self.name = columns.name
        self.bundled_input_index = columns.bundled_input
        self.method = columns.method
        self.reference_output: list[Any] | None = None

    @property
    def source_time_scale(self) -> TimeScale:
        """The unit of the trace's clock."""
        return self.source.clock.source

    @property
    def target_time_scale(self) -> TimeScale:
        """The unit of the figures."""
        return self.source.clock.target

    @cached_property
    def events(self) -> list[Event]:
        """The rows of the block, in the order in which a run meets them."""
        return [Event(self, row) for row in range(len(self.columns.slots))]

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of every row at once."""
        return block_statistics(self.columns, self.source.clock)

    def samples(self, row: int) -> Samples:
        """The durations of one row."""
        return Samples(slot_durations, self.columns, row, self.source.clock)

    def start_samples(self, row: int) -> Samples:
        """The start of each sample of one row, in ticks."""
        return Samples(slot_starts, self.columns, row)

    def logged_at(self, row: int, run: int) -> list[Any]:
        """What one row logged in one run of the block (0 is the first), as torch values."""
        if self.source.buffer is None or not self.columns.slots[row].debug:
            return []
        return self.logged(self.columns.logged_rows(row, int(self.columns.runs[run])))

    @property
    def run_count(self) -> int:
        """How many runs the block stands for."""
        return len(self.columns.runs)

    @property
    def run_output(self) -> list[Any]:
        """The outputs of the program in the first run, as torch values; [] if none were logged."""
        return self.run_output_of(0)

    def run_output_of(self, run: int) -> list[Any]:
        """The outputs of the program in one run of the block (0 is the first)."""
        trace = self.columns.trace
        number = int(self.columns.runs[run])
        low, high = trace.runs.first_event[number : number + 2]
        values = trace.values
        inside = (values.event >= low) & (values.event < high) & values.is_output
        return self.logged(values.event[inside])

    def logged(self, events: Any) -> list[Any]:
        """The values that some debug events logged."""
        if self.source.buffer is None or not len(events):
            return []
        from etscope.inspector.numerics.torch_values import logged_values

        return logged_values(self.columns.trace, self.source.buffer, events)

    def metadata(self, row: int) -> list[Any]:
        """The delegate's bytes for each sample of one row; [] when no sample has any."""
        metadata = self.columns.trace.metadata
        if not len(metadata):
            return []
        rows = self.columns.rows(row)
        at = np.minimum(np.searchsorted(metadata.event, rows), len(metadata) - 1)
        known = metadata.event[at] == rows
        if not known.any():
            return []
        return [
            list(metadata.blob(index)) if there else ""
            for index, there in zip(at.tolist(), known.tolist(), strict=True)
        ]

    def to_dataframe(
        self, include_units: bool = False, include_delegate_debug_data: bool = False
    ) -> pd.DataFrame:
        """One row per event; with units the time columns end in " (ms)" or the like."""
        from etscope.inspector.tables import blocks_frame

        return blocks_frame([self], include_units, include_delegate_debug_data)

    def __repr__(self) -> str:
        return f"EventBlock(name={self.name!r}, runs={self.run_count}, events={len(self.events)})"
