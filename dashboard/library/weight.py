"""How much memory a value keeps: an estimate, for a cache that must not grow without end."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

#: More objects than these are not visited; their part is estimated from the rest.
_VISITED = 100_000

_OPAQUE = (type, ModuleType, FunctionType)


def estimated_bytes(value: object) -> int:
    """Estimated bytes of everything that a value holds, each object once.

    Arrays on mapped files count nothing: their pages are the system's to drop.
    """
    seen: set[int] = set()
    waiting: list[object] = [value]
    total = 0
    while waiting and len(seen) < _VISITED:
        found = waiting.pop()
        if id(found) in seen or found is None or isinstance(found, _OPAQUE):
            continue
        seen.add(id(found))
        if isinstance(found, np.ndarray):
            owner = _owner(found)
            if isinstance(owner, np.ndarray):
                total += 0 if id(owner) in seen and owner is not found else int(owner.nbytes)
                seen.add(id(owner))
            else:
                waiting.append(owner)
            continue
        total += sys.getsizeof(found, 0)
        waiting.extend(_children(found))
    return total * (len(seen) + len(waiting)) // max(1, len(seen))


def _owner(array: np.ndarray[Any, Any]) -> object:
    """What holds the bytes of an array; None for a mapped file."""
    found: object = array
    while isinstance(found, np.ndarray) and found.base is not None:
        found = found.base
    if isinstance(found, memoryview):
        found = found.obj
    return None if isinstance(found, mmap.mmap) else found


def _children(value: object) -> Iterable[object]:
    if isinstance(value, str | bytes | bytearray | int | float):
        return ()
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, tuple | list | set | frozenset):
        return value
    held = list(getattr(value, "__dict__", {}).values())
    slots = getattr(type(value), "__slots__", ())
    names = (slots,) if isinstance(slots, str) else slots
    return held + [getattr(value, name) for name in names if hasattr(value, name)]
