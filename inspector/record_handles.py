"""The maps of a record for one method, by instruction, as executorch.devtools looks them up."""

from __future__ import annotations

import numpy as np

from etscope.etdump.program_graph import NodeKind, ProgramGraph
from etscope.etdump.record import Record
from etscope.inspector.signatures import Signature


class RecordHandles:
    """Debug handles, outputs and backends of the instructions of one method.

    Only the first chain has any: events around the instructions carry its number 0, too,
    and mean none.
    """

    def __init__(self, record: Record, method: str, graph: ProgramGraph) -> None:
        self._handles = _handles(record, method)
        self._inside, self._backend = _delegates(record, method)
        counts = record.output_counts
        rows = counts.rows_of(method)
        self._outputs = dict(
            zip(counts.instruction[rows].tolist(), counts.outputs[rows].tolist(), strict=True)
        )
        self._nodes = _nodes_by_handle(graph)

    def handles_of(self, signature: Signature) -> int | list[int] | None:
        """As the record has them: a number for an operator, a list for a delegate."""
        if signature.chain != 0:
            return None
        if signature.delegate is None:
            return self._handles.get(signature.instruction)
        return self._inside.get(signature.instruction, {}).get(str(signature.delegate))

    def nodes_of(self, handles: int | list[int] | None) -> list[int]:
        """The nodes with these handles, handle by handle; repeated as the handles are."""
        listed = [handles] if isinstance(handles, int) else handles or []
        return [node for handle in listed for node in self._nodes.get(handle, ())]

    def outputs_of(self, signature: Signature) -> int:
        """How many outputs a delegate call has; 1 for everything else."""
        return self._outputs.get(signature.instruction, 1) if signature.chain == 0 else 1

    def backend_of(self, signature: Signature) -> str | None:
        """The backend of a delegate call."""
        return self._backend.get(signature.instruction) if signature.chain == 0 else None


def _handles(record: Record, method: str) -> dict[int, int | list[int]]:
    table = record.debug_handles
    out: dict[int, int | list[int]] = {}
    for row in table.rows_of(method).tolist():
        found: list[int] = table.handle[table.edges[row] : table.edges[row + 1]].tolist()
        whole = bool(table.is_list[row]) or len(found) != 1
        out[int(table.instruction[row])] = found if whole else found[0]
    return out


def _delegates(
    record: Record, method: str
) -> tuple[dict[int, dict[str, list[int]]], dict[int, str]]:
    """(instruction → id → handles, instruction → backend)."""
    table = record.delegates
    inside, backend = {}, {}
    for row in table.rows_of(method).tolist():
        number = int(table.instruction[row])
        backend[number] = table.backend[row]
        inside[number] = {
            table.identifier[i]: table.handle[table.edges[i] : table.edges[i + 1]].tolist()
            for i in range(int(table.first_id[row]), int(table.first_id[row + 1]))
        }
    return inside, backend


def _nodes_by_handle(graph: ProgramGraph) -> dict[int, list[int]]:
    """The calls with each handle; those in bodies only where no other carries it."""
    owner = np.repeat(np.arange(len(graph)), np.diff(graph.nodes.handles))
    outer: dict[int, list[int]] = {}
    inner: dict[int, list[int]] = {}
    for handle, node in zip(graph.handle.tolist(), owner.tolist(), strict=True):
        if graph.nodes.kind[node] != NodeKind.CALL:
            continue
        found = (outer if graph.nodes.scope[node] < 0 else inner).setdefault(handle, [])
        if node not in found[-1:]:  # a node may carry a handle twice
            found.append(node)
    return {**inner, **outer}
