"""Event: a view of one row of a block.

Names and attributes are those of executorch.devtools, and more. What comes from the
graph is empty without an ETRecord, and read when it is first asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from etscope.inspector.graph_row import GraphFields, Hierarchy
from etscope.inspector.perf_data import PerfData
from etscope.inspector.samples import Samples

if TYPE_CHECKING:
    import pandas as pd

    from etscope.inspector.event_block import EventBlock


class Event:
    """One row of a block: an operator, a delegate call, or what the runtime did around them."""

    def __init__(self, block: EventBlock, row: int) -> None:
        self.block, self._row = block, row
        self._slot = block.columns.slots[row]
        self.name = self._slot.name
        self.delegate_debug_identifier = self._slot.signature.delegate
        self.is_delegated_op = self._slot.is_delegated
        self._instruction_id = self._slot.signature.instruction

    @property
    def graph(self) -> GraphFields:
        """All that the graph says of the event."""
        return self.block.fields[self._row]

    @property
    def debug_handles(self) -> int | list[int] | None:
        """Of its instruction: a number for an operator, a list for a delegate."""
        return self.graph.debug_handles

    @property
    def num_outputs(self) -> int:
        """Of its delegate call; 1 for everything else."""
        return self.graph.num_outputs

    @property
    def delegate_backend_name(self) -> str | None:
        """The backend of a delegate call and of what runs inside it."""
        return self.graph.delegate_backend_name

    @property
    def op_types(self) -> list[str]:
        """The operators of all nodes with its debug handles, "aten.addmm.default"."""
        return self.graph.op_types

    @property
    def stack_traces(self) -> dict[str, str | None]:
        """Node → the stack trace that the export wrote. Names end in an underscore."""
        return self.graph.stack_traces

    @property
    def module_hierarchy(self) -> dict[str, Hierarchy]:
        """Node → the modules around it, outermost first: key → (path, type)."""
        return self.graph.module_hierarchy

    @property
    def node(self) -> str | None:
        """The one node that it runs; None: not known, or a whole delegate."""
        return self.graph.node

    @property
    def op(self) -> str | None:
        """The operator of that node."""
        return self.graph.op

    @property
    def module(self) -> str | None:
        """The path of the innermost module that holds all that it runs; "" is the root."""
        return self.graph.module

    @property
    def source(self) -> str | None:
        """The user's line, "file:line"."""
        return self.graph.source

    @property
    def mapped_by(self) -> str:
        """What that rests on: "debug handle", "delegate blob", "not mapped" and more."""
        return self.graph.mapped_by

    @property
    def confidence(self) -> str:
        """How sure it is: "exact", "aligned", "guessed" or "none"."""
        return self.graph.confidence

    @property
    def reason(self) -> str:
        """Why it is not mapped, or not surer; "": nothing to add."""
        return self.graph.reason

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
