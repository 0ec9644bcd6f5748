"""Texts out of files, made safe to show: what cannot be printed is written as an escape."""

from __future__ import annotations


def printable(text: str, *, lines: bool = False) -> str:
    """`text` with every character that is not printable written as an escape.

    With `lines` newlines stay.
    """
    if text.isprintable():
        return text
    keep = "\n" if lines else ""
    return "".join(
        char if char.isprintable() or char in keep else char.encode("unicode_escape").decode()
        for char in text
    )
