"""Backends as plug-ins: what a delegate was given, and which of its events is which operation.

A package adds a backend with an entry point of the group `etscope.backends`
that names an object (or a class without arguments) with the members of
`Backend`. The first to serve a name wins; etscope's own come last, so that a
vendor can replace them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from etscope.etdump.columns import Bytes
from etscope.etdump.delegates import Delegate
from etscope.etdump.errors import TraceError, UsageError
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.program import Program
from etscope.inspector.backends import guarded
from etscope.inspector.backends.operations import Attribution, Operations
from etscope.inspector.backends.weights import Weights

GROUP = "etscope.backends"

Found = TypeVar("Found")

#: (what, backend, first byte, size) of what was read of a program's delegates, or why it was not:
#: several answers stand on it, many delegates may share their bytes, and reading takes time.
_Place = tuple[str, str, int, int]
_READ: WeakKeyDictionary[Program, dict[_Place, object]] = WeakKeyDictionary()


class _Unread(NamedTuple):
    """An error without its frames, which would keep the program open."""

    kind: type[TraceError]
    message: str
    offset: int
    cure: str

    @staticmethod
    def of(error: TraceError) -> _Unread:
        # A plug-in's own subclass may be made in another way.
        kind = type(error) if type(error).__module__ == TraceError.__module__ else TraceError
        offset = error.offset if isinstance(error.offset, int) else 0
        return _Unread(kind, error.message, offset, error.cure)


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
    if backend is None or name is None:
        return None
    try:
        return guarded.resolution_of(backend, name)
    except TraceError:
        return None  # the step is then derived from its readings


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
    plan = program.method(method)
    if not 0 <= instruction < len(plan.instructions):
        return None
    if plan.instructions.kind[instruction] != InstructionKind.DELEGATE_CALL:
        return None
    return operations_in(program, plan.delegates[int(plan.instructions.callee[instruction])])


def operations_in(program: Program, delegate: Delegate) -> Operations | None:
    """What one delegate of a program runs; None: no plug-in reads it.

    Raises:
        TraceError: its bytes are damaged, or the plug-in failed; the place is that in the program.
    """
    backend = backend_of(delegate.backend)
    if backend is None:
        return None

    def read() -> Operations:
        return guarded.operations_of(backend, delegate.backend, program.blob(delegate))

    return _kept(program, delegate, "operations", read)


def weights_in(program: Program, delegate: Delegate) -> Weights | None:
    """The constants that the operations of a delegate read; None: no plug-in tells.

    Raises:
        TraceError: its bytes are damaged, or the plug-in failed; the place is that in the program.
    """
    backend, operations = backend_of(delegate.backend), operations_in(program, delegate)
    if backend is None or operations is None:
        return None

    def read() -> Weights | None:
        blob = program.blob(delegate)
        return guarded.weights_of(backend, delegate.backend, blob, len(operations))

    return _kept(program, delegate, "weights", read)


def _kept(program: Program, delegate: Delegate, what: str, read: Callable[[], Found]) -> Found:
    """What `read` gives or raises, read once for all delegates of the same bytes."""
    known = _READ.setdefault(program, {})
    place = (what, delegate.backend, delegate.start, delegate.size_bytes)
    if place not in known:
        try:
            known[place] = read()
        except TraceError as error:
            known[place] = _Unread.of(error)
    found = known[place]
    if isinstance(found, _Unread):
        start = delegate.start + found.offset
        raise found.kind(found.message, path=program.path, offset=start, cure=found.cure)
    return cast(Found, found)


def attribute(events: Sequence[str | int], operations: Operations) -> Attribution:
    """Which operation each event of one call of a delegate reports.

    Args:
        events: the delegate's event names or numbers, in the order of the trace.
        operations: from `delegate_operations`.

    Returns:
        A row per event; where the plug-in fails, rows of nothing with what failed as the reason.
    """
    backend = backend_of(operations.backend)
    if backend is None:
        return Attribution.unknown(len(events), f"no plug-in reads {operations.backend}")
    try:
        return guarded.attribution_of(backend, events, operations)
    except TraceError as error:
        return Attribution.unknown(len(events), error.message)
