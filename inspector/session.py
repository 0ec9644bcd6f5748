"""One opened trace: the Inspector."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any, TextIO

from etscope.etdump.columns import Trace
from etscope.etdump.errors import UsageError
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer
from etscope.inspector.blocks import blocks_of
from etscope.inspector.collection import no_collection
from etscope.inspector.durations import Clock, DelegateConverter
from etscope.inspector.event_block import EventBlock
from etscope.inspector.perf_data import MetadataParser, Source
from etscope.inspector.units import TimeScale, ticks_per_unit

if TYPE_CHECKING:
    import pandas as pd


class NeitherOrBoth(UsageError, ValueError):
    """Not exactly one of etdump_path and etdump_data was given; a ValueError, too."""


class Inspector:
    """A trace, opened: drop-in for `executorch.devtools.Inspector`.

    Opening reads the file into columns; events, statistics and frames are
    made when asked for.

    Args:
        etdump_path: the ETDump file; any suffix.
        etdump_data: its bytes instead; exactly one of the two is given.
        etrecord: the export's record. Its graphs are not joined to the events
            yet: op_types, stack_traces and module_hierarchy stay empty.
        source_time_scale: the unit of the trace's clock (the file does not say).
        target_time_scale: the unit of all figures.
        debug_buffer_path: the tensors that the trace refers to.
        delegate_metadata_parser: bytes per sample → texts or a dict.
        delegate_time_scale_converter: (event name, ticks) → time, for events
            inside delegates; None: they tick like the rest.
        enable_module_hierarchy, reference_graph_name: taken for compatibility;
            they choose among graphs, of which there are none yet.
        strict: with False a damaged trace gives up what is readable, and
            `trace.losses` says what is missing.

    Raises:
        TraceError: the trace cannot be read.
        ValueError (NeitherOrBoth): not exactly one source.
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
        strict: bool = True,
    ) -> None:
        ticks_per_unit(source_time_scale, target_time_scale)
        if etrecord is not None:
            warnings.warn(
                "the ETRecord is not joined to the events by this version: "
                "op_types, stack_traces and module_hierarchy stay empty",
                stacklevel=2,
            )
        source = etdump_path if etdump_path is not None else etdump_data
        if source is None or (etdump_path is not None and etdump_data is not None):
            raise NeitherOrBoth("give exactly one of etdump_path and etdump_data")
        self.trace: Trace = read_etdump(source, strict=strict)
        parser: MetadataParser | None = delegate_metadata_parser
        buffer = None if debug_buffer_path is None else DebugBuffer(debug_buffer_path)
        clock = Clock(source_time_scale, target_time_scale, delegate_time_scale_converter)
        shared = Source(clock, buffer, parser)
        with no_collection():
            self.event_blocks = [EventBlock(block, shared) for block in blocks_of(self.trace)]
        self.op_graph_dict: dict[str, Any] | None = None

    def to_dataframe(
        self, include_units: bool = True, include_delegate_debug_data: bool = False
    ) -> pd.DataFrame:
        """One row per event of every block.

        Columns are those of executorch.devtools, in its order. Cells of `raw`
        and `start_time` behave like lists and compute their numbers when read.
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
