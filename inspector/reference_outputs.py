"""The outputs that a record expects of a method, one list per test case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etscope.etdump.record import Record

_MEMBER = "reference_outputs"


def reference_cases(record: Record, method: str) -> list[list[Any]]:
    """The expected outputs of each test case of a method; [] where the record has none.

    Args:
        method: what the record calls it.

    Raises:
        MissingExtra: torch is not installed.
        CorruptTrace: they cannot be read.
    """
    if not any(entry.member == _MEMBER for entry in record.tensors):
        return []
    from etscope.inspector.numerics.saved_values import saved_values

    found = saved_values(record.content(_MEMBER), "reference outputs")
    cases = found.get(method) if isinstance(found, dict) else found
    if not isinstance(cases, list | tuple):
        return []
    return [list(case) if isinstance(case, list | tuple) else [case] for case in cases]


def case_of(cases: list[list[Any]], index: int) -> list[Any] | None:
    """The case that a dump says it ran.

    Runtimes write -1 where they do not know. Then only a single case can be meant:
    of several, none is taken, where executorch.devtools takes the last.
    """
    if index < 0:
        return cases[0] if len(cases) == 1 else None
    return cases[index] if index < len(cases) else None
