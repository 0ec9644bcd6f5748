"""Backends as plug-ins: what a delegate was given, and which of its events is which operation.

A package adds a backend with an entry point of the group `etscope.backends`
that names an object (or a class without arguments) with the members of
`Backend`. The first to serve a name wins; etscope's own come last, so that a
vendor can replace them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Protocol
from weakref import WeakKeyDictionary

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import TraceError, UsageError
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.backends.operations import Attribution, Operations

GROUP = "etscope.backends"

#: What the delegates of open programs run: several answers stand on it, and reading takes time.
_READ: WeakKeyDictionary[Program, dict[tuple[str, int], Operations | None]] = WeakKeyDictionary()


class Backend(Protocol):
    """What etscope asks of a backend's plug-in."""

    @property
    def names(self) -> tuple[str, ...]:
        """The backend's ids in a program: "XnnpackBackend"."""
        ...

    @property
    def resolution_ns(self) -> float | None:
        """The smallest step of its clock: shorter times read as 0. None: that of the runtime."""
        ...

    def operations(self, blob: Bytes) -> Operations:
        """What a delegate runs, from the bytes that the program holds for it.

        Raises:
            TraceError: they cannot be read; offsets are those in the blob.
        """
        ...

    def attribute(self, events: Sequence[str | int], operations: Operations) -> Attribution:
        """Which operation each event of one call of the delegate reports.

        `events` are the delegate's event names or numbers, in the order of the trace.
        """
        ...


@cache
def backends() -> dict[str, Backend]:
    """Every known backend by the names that it serves.

    Raises:
        UsageError: an installed plug-in cannot be loaded; the text says which.
    """
    found: dict[str, Backend] = {}
    for backend in (*_installed(), *_own()):
        for name in backend.names:
            found.setdefault(name, backend)
    return found


def _own() -> Iterator[Backend]:
    from etscope.inspector.backends.xnnpack import Xnnpack

    yield Xnnpack()


def _installed() -> Iterator[Backend]:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP):
        try:
            loaded = point.load()
            backend: Backend = loaded() if isinstance(loaded, type) else loaded
            if not all(isinstance(name, str) for name in backend.names):
                raise TypeError("its names are not texts")
        except Exception as error:
            # Whatever a stranger's module raises, the user must learn whose it is.
            raise UsageError(
                f"the backend plug-in {point.name!r} ({point.value}) cannot be loaded: {error}. "
                "Repair or uninstall the package that brings it"
            ) from error
        yield backend


def backend_of(name: str | None) -> Backend | None:
    """The plug-in that serves a backend's id; None: there is none."""
    return None if name is None else backends().get(name)


def resolution_ns(name: str | None) -> float | None:
    """The step of a backend's clock in nanoseconds; None: not known to be coarse."""
    backend = backend_of(name)
    return None if backend is None else backend.resolution_ns


def delegate_operations(program: Program, method: str, instruction: int) -> Operations | None:
    """What the delegate runs that an instruction calls.

    Args:
        instruction: row of the method's instructions (the instruction id, in the first chain).

    Returns:
        None where the instruction calls no delegate, or one that no plug-in can read.

    Raises:
        KeyError: the program has no such method.
        TraceError: the delegate's bytes are damaged; the place is that in the program.
    """
    known = _READ.setdefault(program, {})
    if (method, instruction) not in known:
        known[method, instruction] = _read(program, program.method(method), instruction)
    return known[method, instruction]


def _read(program: Program, plan: Method, instruction: int) -> Operations | None:
    backend = backend_of(_backend_at(plan, instruction))
    if backend is None:
        return None
    delegate = plan.delegates[int(plan.instructions.callee[instruction])]
    try:
        return backend.operations(program.blob(delegate))
    except TraceError as error:
        place = delegate.start + (error.offset or 0)
        raise type(error)(error.message, path=program.path, offset=place, cure=error.cure) from None


def _backend_at(method: Method, instruction: int) -> str | None:
    if not 0 <= instruction < len(method.instructions):
        return None
    if method.instructions.kind[instruction] != InstructionKind.DELEGATE_CALL:
        return None
    return method.backend_of(instruction)


def attribute(events: Sequence[str | int], operations: Operations) -> Attribution:
    """Which operation each event of one call of a delegate reports.

    Args:
        events: the delegate's event names or numbers, in the order of the trace.
        operations: from `delegate_operations`.
    """
    backend = backend_of(operations.backend)
    if backend is None:
        return Attribution.unknown(len(events), f"no plug-in reads {operations.backend}")
    return backend.attribute(events, operations)
