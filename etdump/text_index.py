"""Texts kept once and named by a number."""

from __future__ import annotations


def readable(text: str) -> str:
    """The text, with halves of characters escaped: JSON can hold them, no file or terminal can."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


class TextIndex:
    """Distinct strings, numbered in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers.setdefault(readable(text), len(self._numbers))
        return found

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts, by number."""
        return tuple(self._numbers)
