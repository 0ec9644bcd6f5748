"""What decides whether a backend takes an operator: the call as plain facts, and the refusal."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from etscope.etdump.errors import TraceError
from etscope.inspector.backends import guarded

#: What a refusal may be about; "unknown": the plug-in failed to say.
KINDS = ("operator", "dtype", "shape", "argument", "weights", "unknown")


class TensorFacts(NamedTuple):
    """A tensor that a call takes or gives."""

    dtype: str  # "float32"; "" where the number is not known
    shape: tuple[int, ...]  # upper bounds where it is dynamic
    dynamic: bool
    constant: bool  # a weight, or made from nothing but weights
    rank_order: tuple[int, ...]  # dimensions from outermost to innermost in memory

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        count = 1
        for size in self.shape:
            count *= size
        return count


Argument: TypeAlias = (
    TensorFacts | int | float | bool | str | tuple[int, ...] | tuple[float, ...] | None
)


class Call(NamedTuple):
    """One operator of a program as a partitioner sees it."""

    namespace: str  # "aten"
    name: str  # "mean"
    overload: str | None  # "dim"; None: not known
    inputs: tuple[TensorFacts, ...]  # members of lists one by one
    outputs: tuple[TensorFacts, ...]
    arguments: tuple[Argument, ...]  # in the order of the schema; a list of tensors is None

    @property
    def title(self) -> str:
        """ "aten.mean.dim"."""
        return ".".join(part for part in (self.namespace, self.name, self.overload) if part)


class Refusal(NamedTuple):
    """Why a backend does not take a call."""

    kind: str  # one of KINDS
    text: str  # "takes float32 and float16, not int64"


@runtime_checkable
class Refuses(Protocol):
    """What a backend's plug-in may offer besides `Backend`: the rules of its partitioner."""

    def refusal(self, call: Call) -> Refusal | None:
        """Why the backend leaves this call to others; None: nothing known speaks against it."""
        ...


def refusal_of(backend: object, call: Call) -> tuple[bool, Refusal | None]:
    """(whether the plug-in knows its partitioner's rules, why it refuses the call).

    A plug-in that fails knows nothing; the text of its answer says how it failed.
    """
    if not isinstance(backend, Refuses):
        return False, None
    rules = backend
    try:
        found = guarded.asked(rules, "its backends", "refusal", lambda: rules.refusal(call))
        if found is None or (isinstance(found, Refusal) and found.kind in KINDS):
            return True, found
        raise guarded.fault(rules, "its backends", "refusal", f"{found!r} is no Refusal")
    except TraceError as error:
        return False, Refusal("unknown", f"does not say: {error.message}")
