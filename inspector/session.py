"""One opened trace: the Inspector."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any, TextIO

from etscope.etdump.columns import Trace
from etscope.etdump.errors import UsageError
from etscope.etdump.tensors import DebugBuffer
from etscope.inspector.collection import no_collection
from etscope.inspector.durations import Clock, DelegateConverter
from etscope.inspector.event import Event
from etscope.inspector.event_block import EventBlock
from etscope.inspector.graph_source import GraphSource
from etscope.inspector.opened_trace import open_trace
from etscope.inspector.perf_data import MetadataParser, Source
from etscope.inspector.tensor_values import TensorSource
from etscope.inspector.units import TimeScale, ticks_per_unit

if TYPE_CHECKING:
    import pandas as pd

    from etscope.etdump.program import Program
    from etscope.inspector.memory.frames import Memory
    from etscope.inspector.operator_graph import OperatorGraph


class NeitherOrBoth(UsageError, ValueError):
    """Not exactly one of etdump_path and etdump_data was given; a ValueError, too."""


class NotOffered(UsageError, NotImplementedError):
    """executorch.devtools has a method of this name, and so have we, to say what to use instead."""


class Inspector:
    """A trace, opened: drop-in for `executorch.devtools.Inspector`.

    Opening reads the trace into columns; events, statistics, graphs and frames are
    made when asked for.

    Args:
        etdump_path: the ETDump file; any suffix. Or a bundle folder, which brings its
            record, its program and the tensors of its second pass with it.
        etdump_data: its bytes instead; exactly one of the two is given.
        etrecord: the export's record: a path, its bytes, a `Record`, or the object of
            executorch that the export made. One that does not belong to the trace is
            told in a warning, and what comes from the graph stays empty.
        source_time_scale: the unit of the trace's clock (the file does not say).
        target_time_scale: the unit of all figures.
        debug_buffer_path: the tensors that the trace refers to.
        delegate_metadata_parser: bytes per sample → texts or a dict.
        delegate_time_scale_converter: (event name, ticks) → time, for events
            inside delegates; None: they tick like the rest.
        enable_module_hierarchy: group the calls in `op_graph_dict` by module.
        reference_graph_name: taken for compatibility; events are joined with the graph
            of the record that fits what ran.
        program: the .pte that ran, or a `Program`: tells methods apart, and holds what
            is known of the inside of delegates.
        strict: with False a damaged trace gives up what is readable, and
            `trace.losses` says what is missing.

    Raises:
        TraceError: the trace, or a record or program that was given, cannot be read.
        ValueError (NeitherOrBoth): not exactly one source.
        TypeError (NoRecord): etrecord is nothing that a record can be made of.
        RuntimeError (ClockMismatch): only one of the scales is in cycles.
    """

    def __init__(
        self,
        etdump_path: str | PathLike[str] | None = None,
        etdump_data: bytes | None = None,
        etrecord: Any = None,
        source_time_scale: TimeScale = TimeScale.NS,
        target_time_scale: TimeScale = TimeScale.MS,
        debug_buffer_path: str | PathLike[str] | None = None,
        delegate_metadata_parser: Callable[[list[bytes]], Any] | None = None,
        delegate_time_scale_converter: DelegateConverter | None = None,
        enable_module_hierarchy: bool = False,
        reference_graph_name: str = "edge_dialect_graph_module",
        *,
        program: str | PathLike[str] | Program | None = None,
        strict: bool = True,
    ) -> None:
        ticks_per_unit(source_time_scale, target_time_scale)
        source = etdump_path if etdump_path is not None else etdump_data
        if source is None or (etdump_path is not None and etdump_data is not None):
            raise NeitherOrBoth("give exactly one of etdump_path and etdump_data")
        opened = open_trace(source, program, strict=strict)
        self.trace: Trace = opened.trace
        self._opened, self._source = opened, source
        self._by_module = enable_module_hierarchy
        self._graphs = GraphSource.of(etrecord, opened)
        parser: MetadataParser | None = delegate_metadata_parser
        buffer = None if debug_buffer_path is None else DebugBuffer(debug_buffer_path)
        clock = Clock(source_time_scale, target_time_scale, delegate_time_scale_converter)
        tensors = TensorSource(opened, buffer, self._graphs.tell)
        shared = Source(clock, tensors, parser, self._graphs)
        with no_collection():
            self.event_blocks = [EventBlock(block, shared) for block in opened.blocks]

    def to_dataframe(
        self, include_units: bool = True, include_delegate_debug_data: bool = False
    ) -> pd.DataFrame:
        """One row per event of every block.

        Columns are those of executorch.devtools, in its order; with a record or a
        program ours follow at the right end. Cells of `raw` and `start_time` behave
        like lists and compute their numbers when read.
        """
        from etscope.inspector.tables import blocks_frame

        return blocks_frame(self.event_blocks, include_units, include_delegate_debug_data)

    def print_data_tabular(
        self,
        file: TextIO = sys.stdout,
        include_units: bool = True,
        include_delegate_debug_data: bool = False,
    ) -> None:
        """Write the events as a table; in a notebook, show it."""
        from etscope.inspector.tables import print_frame, printed_frame

        frame = printed_frame(self.event_blocks, include_units, include_delegate_debug_data)
        print_frame(frame, file)

    def save_data_to_tsv(
        self,
        file: TextIO | str | PathLike[str],
        include_units: bool = True,
        include_delegate_debug_data: bool = False,
    ) -> None:
        """Write the printed table with tabs between its columns."""
        from etscope.inspector.tables import printed_frame, save_tsv

        frame = printed_frame(self.event_blocks, include_units, include_delegate_debug_data)
        save_tsv(frame, file)

    @cached_property
    def op_graph_dict(self) -> dict[str, OperatorGraph] | None:
        """The record's graphs by name as trees of nodes; None without a record.

        "edge_dialect_graph_module" is the edge program. Of several methods each has its
        own, "edge_dialect_graph_module/encode".
        """
        return self._graphs.operator_graphs(self._by_module)

    @cached_property
    def memory(self) -> Memory:
        """What holds the memory, when, and why the peak is where it is, as frames.

        Raises:
            UsageError (NoProgram): there is no program, which has the plan.
            TraceError: the program plans a value outside of its arena.
        """
        from etscope.inspector.memory.of_trace import memory_of_trace

        return memory_of_trace(self._opened, self._graphs.record, self._source)

    def find_total_for_module(self, module_name: str) -> float:
        """The mean time of the operators in a module, summed over all blocks.

        In the target unit. `module_name` is a path, "layers.0", matched by whole parts;
        "" is the whole model. A warning says that no operator is known to be in it,
        where 0 is no measurement.
        """
        from etscope.inspector.module_totals import module_total, why_none

        total = module_total(self.event_blocks, module_name)
        if total is None:
            self._graphs.tell(why_none(self.event_blocks, module_name))
        return total or 0.0

    def get_op_list(
        self, event_block: str = "Execute", show_delegated_ops: bool | None = True
    ) -> dict[str, list[Event]]:
        """Operator → its events in the blocks of a name, each operator of a run once.

        Args:
            show_delegated_ops: with False, without what ran inside delegates.
        """
        from etscope.inspector.operator_events import events_by_operator

        blocks = [block for block in self.event_blocks if block.name == event_block]
        return events_by_operator(blocks, bool(show_delegated_ops))

    def get_exported_program(self, graph: str | None = None) -> Any:
        """A program of the record as torch.export has it: None for the edge program.

        Needs executorch, unless the record was given as its object. None, with a
        warning, without a record.

        Raises:
            MissingExtra: executorch is not installed.
        """
        return self._graphs.exported_program(graph)

    def calculate_numeric_gap(
        self,
        distance: Any,
        disable_debug_handle_valdiation: bool = False,  # spelled as upstream spells it
        reference_graph: str | None = None,
    ) -> pd.DataFrame:
        """Not offered: executorch.devtools compares what operators logged with the export.

        Raises:
            NotOffered: always.
        """
        raise NotOffered(
            "calculate_numeric_gap is not there yet: etscope runs no exported program to compare "
            "operators with; compare_results(block.reference_output, block.run_output) compares "
            "the outputs, and executorch.devtools.Inspector every operator"
        )

    def write_tensorboard_artifact(self, path: str) -> None:
        """Not offered: executorch.devtools has the name, and writes nothing either.

        Raises:
            NotOffered: always.
        """
        raise NotOffered(
            f"nothing is written to {path}: etscope has no TensorBoard export; "
            "save_data_to_tsv and to_dataframe give the same rows"
        )
