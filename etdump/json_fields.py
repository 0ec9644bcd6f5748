"""JSON that may come from anywhere: each field is of the promised type, or an error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from etscope.etdump.errors import CorruptTrace

CURE = "Record the bundle again, or open its files one by one."


class Fields:
    """One JSON object, asked field by field; what is not as promised raises CorruptTrace."""

    def __init__(self, value: Any, place: str, path: Path) -> None:
        self.place, self.path = place, path
        if not isinstance(value, dict):
            raise self.error(f"{place} is not an object")
        self.value: dict[str, Any] = value

    def error(self, message: str) -> CorruptTrace:
        return CorruptTrace(message, path=self.path, cure=CURE)

    def _get(self, key: str, kind: type, default: Any) -> Any:
        found = self.value.get(key, default)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self.error(f"'{key}' of {self.place} is missing or not a {kind.__name__}")
        return found

    def text(self, key: str) -> str:
        return str(self._get(key, str, None))

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, False))

    def count(self, key: str, limit: int = 2**63) -> int:
        number = int(self._get(key, int, None))
        if not 0 <= number < limit:
            raise self.error(f"'{key}' of {self.place} is {number}, which cannot be true")
        return number

    def maybe_count(self, key: str) -> int | None:
        return None if self.value.get(key) is None else self.count(key)

    def number(self, key: str) -> float:
        """A figure that is finite and not negative."""
        found = self.value.get(key)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise self.error(f"'{key}' of {self.place} is missing or not a number")
        # Whole numbers of JSON may be too large for a float.
        if not 0 <= found <= sys.float_info.max:
            raise self.error(f"'{key}' of {self.place} is {found}, which cannot be true")
        return float(found)

    def counts(self, key: str) -> dict[str, int]:
        """A table of counts."""
        inner = Fields(self.table(key), f"'{key}' of {self.place}", self.path)
        return {name: inner.count(name) for name in inner.value}

    def maybe_below(self, key: str) -> Fields | None:
        """The object under a key; None where there is none."""
        found = self.value.get(key)
        return None if found is None else Fields(found, f"'{key}'", self.path)

    def maybe_text(self, key: str) -> str | None:
        return None if self.value.get(key) is None else self.text(key)

    def rows(self, key: str) -> list[Any]:
        return list(self._get(key, list, []))

    def table(self, key: str) -> dict[str, Any]:
        return dict(self._get(key, dict, {}))

    def below(self, key: str) -> dict[str, Fields]:
        found = self.table(key).items()
        return {name: Fields(value, f"{key}/{name}", self.path) for name, value in found}


def texts(fields: Fields, key: str) -> dict[str, str]:
    found = fields.table(key)
    all_texts(fields, key, found.values())
    return found


def all_texts(fields: Fields, key: str, values: Iterable[Any]) -> None:
    if not all(isinstance(value, str) for value in values):
        raise fields.error(f"a value of '{key}' is not a text")
