"""What the program holds for each delegate of a method, read once."""

from __future__ import annotations

from dataclasses import dataclass

from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.inspector.backends import backend_of, delegate_operations
from etscope.inspector.backends.operations import Operations
from etscope.inspector.correlate.steps import Steps

_NO_PROGRAM = "only a program that belongs to this run says what its delegates run: there is none"


@dataclass(frozen=True, eq=False)
class Blobs:
    """The operations of delegates, by row of the instructions; `unread` says why not of others."""

    operations: dict[int, Operations]
    unread: dict[int, str]


def blobs_of(program: Program | None, steps: Steps) -> Blobs:
    """Read the delegates that a method calls."""
    found = Blobs({}, {})
    for row, kind in enumerate(steps.kind):
        if kind != "delegate":
            continue
        if program is None:
            found.unread[row] = _NO_PROGRAM
            continue
        if steps.plan is None:
            found.unread[row] = "which method ran is not known, so nor is what its delegates run"
            continue
        name = steps.backend[row]
        if backend_of(name) is None:
            found.unread[row] = f"no plug-in reads what the program holds for {name}"
            continue
        try:
            operations = delegate_operations(program, steps.plan.name, row)
        except TraceError as error:
            found.unread[row] = f"the delegate's bytes cannot be read: {error}"
            continue
        if operations is None:
            found.unread[row] = "the instruction calls no delegate"
        else:
            found.operations[row] = operations
    return found
