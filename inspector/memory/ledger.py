"""What a program brings into memory: arenas per method, and what the file holds for them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.program.contents import delegate_contents
from etscope.inspector.program.holders import Holder, Part, holders_of


class Source(Enum):
    """Where memory comes from; the value is the name for people."""

    ARENA = "planned arena"
    CALLER = "inputs and outputs of the caller"
    CONSTANTS = "constants"
    STATES = "initial states"
    DELEGATES = "delegate blobs"
    NAMED_DATA = "named data"
    EXTERNAL = "data of other files"


class Entry(NamedTuple):
    """One line of the ledger. Bytes are planned or as the file has them; none is measured."""

    source: Source
    label: str
    size_bytes: int
    methods: tuple[str, ...]  # all that use it; none: no method is known to
    arena: int | None = None
    upper_bound: bool = False  # some of it has a shape that is only known when it runs


_PARTS = {
    Part.CONSTANTS: Source.CONSTANTS,
    Part.STATES: Source.STATES,
    Part.DELEGATES: Source.DELEGATES,
    Part.NAMED_DATA: Source.NAMED_DATA,
}


def ledger_of(program: Program, plans: Iterable[MemoryPlan]) -> list[Entry]:
    """Everything that the methods of a program need, each thing once.

    Methods share what the file holds; arenas are each method's own. A state lies
    in the file and is copied into an arena, so it counts in both.

    Args:
        plans: of the methods that are looked at; the rest of the program is left out.
    """
    looked_at = list(plans)
    names = {plan.method.name for plan in looked_at}
    entries = [entry for plan in looked_at for entry in _planned(plan)]
    entries += _external(looked_at)
    readers = _key_methods(program)
    for holder in holders_of(program):
        source = _PARTS.get(holder.part)
        if source is not None:
            methods = _methods_of(holder, readers)
            if not methods or names & {*methods}:
                size = sum(end - start for start, end in holder.spans)
                entries.append(Entry(source, holder.label, size, methods))
    return entries


def totals(entries: Iterable[Entry], method: str | None = None) -> dict[Source, int]:
    """Bytes by source: of all entries, or of those that one method uses."""
    out = dict.fromkeys(Source, 0)
    for entry in entries:
        if method is None or method in entry.methods:
            out[entry.source] += entry.size_bytes
    return {source: size for source, size in out.items() if size}


def _planned(plan: MemoryPlan) -> list[Entry]:
    name = (plan.method.name,)
    entries = [
        Entry(
            Source.ARENA,
            f"arena {use.arena} of {plan.method.name}",
            use.size_bytes,
            name,
            use.arena,
            bool((plan.upper_bound & (plan.arena == use.arena)).any()),
        )
        for use in plan.arenas
    ]
    inputs = set(plan.method.inputs.tolist())
    given = plan.unplanned.tolist()
    return entries + [_given(plan.method, value, value in inputs) for value in given]


def _given(method: Method, value: int, is_input: bool) -> Entry:
    """An input or output whose memory the caller brings."""
    specs, tensor = method.values.tensors, int(method.values.tensor[value])
    kind = "input" if is_input else "output"
    size = max(int(specs.size_bytes[tensor]), 0)
    label = f"{kind} {value} of {method.name}"
    bound = bool(specs.dynamism[tensor])
    return Entry(Source.CALLER, label, size, (method.name,), upper_bound=bound)


def _external(plans: list[MemoryPlan]) -> list[Entry]:
    """Tensors whose data is in another file, which methods share by name."""
    found: dict[str, tuple[int, dict[str, None]]] = {}
    for plan in plans:
        specs = plan.method.values.tensors
        for tensor in specs.external.nonzero()[0].tolist():
            name = (
                specs.name_of(tensor) or f"value {int(specs.value[tensor])} of {plan.method.name}"
            )
            size, methods = found.get(name, (0, {}))
            methods[plan.method.name] = None
            found[name] = (max(size, int(specs.size_bytes[tensor])), methods)
    return [
        Entry(Source.EXTERNAL, name, size, tuple(methods))
        for name, (size, methods) in found.items()
    ]


def _key_methods(program: Program) -> dict[str, tuple[str, ...]]:
    """Key of named data → the methods whose delegates or tensors ask for it."""
    found: dict[str, dict[str, None]] = {}
    for contents in delegate_contents(program):
        for key in () if contents.weights is None else contents.weights.key:
            if key:
                found.setdefault(key, {})[contents.method] = None
    return {key: tuple(methods) for key, methods in found.items()}


def _methods_of(holder: Holder, readers: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if holder.part is not Part.NAMED_DATA:
        return holder.methods
    return tuple(dict.fromkeys(name for key in holder.keys for name in readers.get(key, ())))
