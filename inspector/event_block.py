"""EventBlock: runs that did the same, as a view on the columns.

Names and attributes are those of executorch.devtools, and more. Everything is made
when it is asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from etscope.inspector.blocks import Block
from etscope.inspector.durations import block_statistics, slot_durations, slot_starts
from etscope.inspector.event import Event
from etscope.inspector.graph_row import GraphFields
from etscope.inspector.perf_data import Source
from etscope.inspector.reference_outputs import case_of
from etscope.inspector.samples import Samples
from etscope.inspector.statistics import Statistics
from etscope.inspector.tensor_values import TensorValues
from etscope.inspector.units import TimeScale

if TYPE_CHECKING:
    import pandas as pd

    from etscope.inspector.graph_fields import BlockGraph


class EventBlock:
    """Runs of one kind: a method load ("Default") or inferences that did the same ("Execute")."""

    def __init__(self, columns: Block, source: Source) -> None:
        self.columns, self.source = columns, source
        self.name = columns.name
        self.bundled_input_index = columns.bundled_input
        self.method = columns.method

    @cached_property
    def graph(self) -> BlockGraph:
        """The rows of the block joined with the graph of its method."""
        return self.source.graphs.of_block(self.columns)

    @cached_property
    def fields(self) -> tuple[GraphFields, ...]:
        """What the graph says of each row."""
        if self.source.graphs.is_given:
            return self.graph.rows
        return tuple(GraphFields() for _ in self.columns.slots)

    @cached_property
    def reference_outputs(self) -> list[list[Any]]:
        """What the record expects of the method: the outputs of each test case. [] if nothing."""
        return self.source.graphs.reference_cases(self.graph.record_name)

    @property
    def reference_output(self) -> list[Any] | None:
        """The outputs expected of the test case that ran; None: none, or it is not known which.

        A runtime writes -1 where it does not know the case. A record with one case
        can only mean that one; of several none is taken.
        """
        return case_of(self.reference_outputs, self.bundled_input_index)

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

    @cached_property
    def values(self) -> TensorValues | None:
        """What was logged; None: nothing is there to be read."""
        return self.source.tensors.of_block(self.columns)

    def logged_at(self, row: int, run: int) -> list[Any]:
        """What one row logged in one run that logged (0 is the first), as torch values."""
        return [] if self.values is None else self.values.at(self.columns.slots[row], run)

    @property
    def run_count(self) -> int:
        """How many runs the block stands for."""
        return len(self.columns.runs)

    @property
    def run_output(self) -> list[Any]:
        """The outputs of the program in the first run, as torch values; [] if none were logged."""
        return self.run_output_of(0)

    @property
    def logged_run_count(self) -> int:
        """How many runs logged values: those of the block, or of a bundle's pass of its own."""
        return 0 if self.values is None else len(self.values.block.runs)

    def run_output_of(self, run: int) -> list[Any]:
        """The outputs of the program in one run that logged values (0 is the first)."""
        return [] if self.values is None else self.values.outputs(run)

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
