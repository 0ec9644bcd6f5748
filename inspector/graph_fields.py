"""What the graph says of each row of an event block, in the shapes of executorch.devtools.

Where the record names the debug handle of an instruction, a row has all nodes of the
edge program with that handle, as there. Where it does not (inside XNNPACK, in loops),
the row has the nodes that the join found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.blocks import Block
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.joined import JoinedMethod, keys_of_slots
from etscope.inspector.correlate.origins import Origin, Origins, origins_of
from etscope.inspector.event_names import DELEGATE_CALL
from etscope.inspector.graph_row import GraphFields
from etscope.inspector.node_texts import NodeTexts
from etscope.inspector.record_handles import RecordHandles
from etscope.inspector.signatures import Slot


class BlockGraph(NamedTuple):
    """One block joined with its graph."""

    record_name: str | None  # what the record calls its method; None: it is not joined
    graph: ProgramGraph | None
    origins: Origins
    rows: tuple[GraphFields, ...]


def graph_of_block(correlation: Correlation, block: Block) -> BlockGraph:
    """Join the rows of a block with the graph of its method.

    What does not fit, or cannot be read, is left empty and told in the notes of the
    correlation.
    """
    if not any(slot.signature.chain >= 0 for slot in block.slots):
        around = Origin(How.NO_OPERATOR, Confidence.NONE, "around the instructions")
        origins = origins_of([around] * len(block.slots), None)
        rows = tuple(_ours(origins, row) for row in range(len(origins)))
        return BlockGraph(None, None, origins, rows)
    joined = correlation.method(block.method, block.slots)
    origins = joined.origins(keys_of_slots(block.slots))
    reader = _Reader(correlation, joined, origins)
    rows = tuple(reader.row(row, slot) for row, slot in enumerate(block.slots))
    return BlockGraph(
        None if joined.graph is None else joined.record_name, joined.graph, origins, rows
    )


def _ours(origins: Origins, row: int) -> GraphFields:
    """The fields that executorch.devtools does not have."""
    origin = origins[row]
    return GraphFields(
        node=origins.node_name(row),
        op=origins.op(row),
        module=origins.module(row),
        source=origins.source(row),
        mapped_by=origin.how.phrase,
        confidence=origin.confidence.word,
        reason=origin.reason,
    )


class _Reader:
    """Reads the rows of one block."""

    def __init__(self, correlation: Correlation, joined: JoinedMethod, origins: Origins) -> None:
        self.origins = origins
        self.steps = joined.steps
        self.step_rows = joined.steps.rows
        self.handles: RecordHandles | None = None
        self.texts: NodeTexts | None = None
        if correlation.record is not None and joined.graph is not None:
            record, name = correlation.record, joined.record_name
            self.handles = RecordHandles(record, name, joined.graph)
            self.texts = NodeTexts(joined.graph)

    def row(self, row: int, slot: Slot) -> GraphFields:
        """The fields of one row."""
        ours, origin, signature = _ours(self.origins, row), self.origins[row], slot.signature
        backend = self._backend(slot)
        if self.handles is None or self.texts is None:
            return replace(ours, delegate_backend_name=backend)
        handles = self.handles.handles_of(signature)
        nodes = self.handles.nodes_of(handles) or list(origin.nodes)
        if handles is None and origin.handles:
            one = len(origin.handles) == 1 and signature.delegate is None
            handles = origin.handles[0] if one else list(origin.handles)
        # What only serves an operator is not of its type.
        serves = origin.how == How.NEIGHBOUR or origin.inserted
        return replace(
            ours,
            debug_handles=handles,
            num_outputs=self.handles.outputs_of(signature),
            delegate_backend_name=backend,
            op_types=[] if serves else self.texts.op_types(nodes),
            stack_traces=self.texts.stack_traces(nodes),
            module_hierarchy=self.texts.hierarchies(nodes),
        )

    def _backend(self, slot: Slot) -> str | None:
        """Of a delegate call and what runs inside it."""
        signature = slot.signature
        if not slot.is_delegated and slot.name != DELEGATE_CALL:
            return None
        named = None if self.handles is None else self.handles.backend_of(signature)
        step = self.step_rows.get((signature.chain, signature.instruction))
        return named if named is not None or step is None else self.steps.backend[step]
