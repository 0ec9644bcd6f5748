"""What lies inside a delegate: its operations as the backend's plug-in reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from etscope.etdump.delegates import Delegate
from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.inspector.backends import backend_of, operations_in, weights_in
from etscope.inspector.backends.operations import Operations
from etscope.inspector.backends.weights import Weights
from etscope.inspector.program.calls import Place, delegate_calls, delegate_counts


@dataclass(frozen=True, eq=False)
class DelegateContents:
    """One delegate of a program. `number` counts over all methods, from 0."""

    number: int
    method: str
    index: int  # in its method
    delegate: Delegate
    calls: int  # instructions that call it
    place: Place | None  # of the first of them; None: never called
    operations: Operations | None
    unread: str | None  # why `operations` is not there
    weights: Weights | None  # constants that they read; None: not known

    def row(self) -> dict[str, Any]:
        """The delegate as a flat row."""
        where = self.delegate
        return {
            "delegate": self.number,
            "method": self.method,
            "index": self.index,
            "backend": where.backend,
            "size_bytes": where.size_bytes,
            "start_byte": where.start,
            "segment": where.index if where.in_segment else None,
            "calls": self.calls,
            "chain": None if self.place is None else self.place.chain,
            "instruction": None if self.place is None else self.place.instruction,
            "operations": None if self.operations is None else len(self.operations),
            "unread": self.unread,
            "compile_specs": [
                {"key": key, "size_bytes": len(value)} for key, value in where.compile_specs
            ],
        }

    def operation_rows(self) -> list[dict[str, Any]]:
        """A flat row per operation inside, in the order in which they run; [] where not read."""
        found = self.operations
        if found is None:
            return []
        held = self._weight_bytes(len(found))
        return [
            {
                "operation": row,
                "kind": found.kind[row],
                "detail": found.detail[row] or None,
                "debug_handle": None if found.handle[row] < 0 else int(found.handle[row]),
                "inserted": bool(found.inserted[row]),
                "weight_bytes": held[row],
                "inputs": found.input[found.inputs[row] : found.inputs[row + 1]].tolist(),
                "outputs": found.output[found.outputs[row] : found.outputs[row + 1]].tolist(),
            }
            for row in range(len(found))
        ]

    def _weight_bytes(self, operations: int) -> list[int | None]:
        """Bytes of the constants that each operation reads; None: not known."""
        if self.weights is None:
            return [None] * operations
        sums = np.zeros(operations, np.int64)
        np.add.at(sums, self.weights.operation, self.weights.size_bytes)
        unknown = set(self.weights.operation[self.weights.size_bytes < 0].tolist())
        return [None if row in unknown else total for row, total in enumerate(sums.tolist())]

    def name_of(self, operation: int) -> str:
        """An operation for people: "Conv2d 3x3"."""
        assert self.operations is not None
        detail = self.operations.detail[operation]
        return f"{self.operations.kind[operation]} {detail}".rstrip()


def key_readers(delegates: list[DelegateContents]) -> dict[str, tuple[DelegateContents, int]]:
    """Key of named data → the first delegate and operation that read it."""
    found: dict[str, tuple[DelegateContents, int]] = {}
    for contents in delegates:
        if contents.weights is not None and contents.operations is not None:
            rows = contents.weights.operation.tolist()
            for key, row in zip(contents.weights.key, rows, strict=True):
                found.setdefault(key, (contents, row))
    found.pop("", None)
    return found


def delegate_contents(program: Program) -> list[DelegateContents]:
    """Every delegate of every method, in the order of the file."""
    out: list[DelegateContents] = []
    for method in program.methods:
        first, counts = delegate_calls(method), delegate_counts(method)
        for index, delegate in enumerate(method.delegates):
            operations, weights, unread = _inside(program, delegate)
            out.append(
                DelegateContents(
                    number=len(out),
                    method=method.name,
                    index=index,
                    delegate=delegate,
                    calls=counts[index],
                    place=Place.of(method, first[index]) if index in first else None,
                    operations=operations,
                    unread=unread,
                    weights=weights,
                )
            )
    return out


def _inside(
    program: Program, delegate: Delegate
) -> tuple[Operations | None, Weights | None, str | None]:
    """(operations, weights, why they are not known)."""
    if backend_of(delegate.backend) is None:
        return None, None, f"no plug-in reads {delegate.backend}"
    try:
        return operations_in(program, delegate), weights_in(program, delegate), None
    except TraceError as error:
        return None, None, f"byte {error.offset}: {error.message}"
