"""The maps of a record for one method, by instruction, as executorch.devtools looks them up."""

from __future__ import annotations

from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record import Record
from etscope.inspector.correlate.calls import nodes_by_handle
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
        """As the record has them: a number for an operator, a list for a delegate.

        A list is the caller's own.
        """
        if signature.chain != 0:
            return None
        found: int | list[int] | None
        if signature.delegate is None:
            found = self._handles.get(signature.instruction)
        else:
            found = self._inside.get(signature.instruction, {}).get(str(signature.delegate))
        return list(found) if isinstance(found, list) else found

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
    out = {}
    for handle, carriers in nodes_by_handle(graph).items():
        nodes = list(dict.fromkeys(carriers))  # a node may carry a handle twice
        out[handle] = [node for node in nodes if graph.nodes.scope[node] < 0] or nodes
    return out
