"""JSON out of an ETRecord's members: bounded, and every field of the promised type."""

from __future__ import annotations

import json
from typing import Any

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.record_archive import Archive

#: Values in a graph, with those in its texts; one of ten thousand operators has a million.
GRAPH_VALUES = 4_000_000
#: Values in a map; one of ten thousand instructions has forty thousand.
MAP_VALUES = 400_000
_OPENERS = (b",", b"[", b"{")


def parsed(archive: Archive, member: str, most: int) -> Any:
    """The value of a member that holds `most` values or fewer.

    Raises:
        KeyError: there is no such member.
        TraceError: it cannot be read, or is not JSON of bearable size.
    """
    data = archive.read(member)
    if data[:1] == b"\x80" or data[:2] == b"PK":
        kind = "a pickle" if data[:1] == b"\x80" else "another archive"
        message = f"it is {kind} where JSON belongs; it was not opened"
        raise archive.error(message, member)
    if sum(map(data.count, _OPENERS)) > most:
        raise archive.error(f"it holds more than {most} values", member)
    try:
        return json.loads(data)
    # A ValueError covers bad UTF-8, bad JSON and numbers of too many digits.
    except (ValueError, RecursionError) as why:
        said = "it is nested too deeply" if isinstance(why, RecursionError) else str(why)
        raise archive.error(f"it is not JSON ({said[:200]})", member) from why


class Member:
    """One member while it is being read: asks for fields, and says where one is wrong."""

    def __init__(self, archive: Archive, name: str) -> None:
        self.archive, self.name = archive, name
        self.node: str | None = None  # of a graph, while it is being read

    def error(self, message: str) -> CorruptTrace:
        place = "" if self.node is None else f" (node {self.node[:80]!r})"
        return self.archive.error(message + place, self.name)

    def value(self, most: int = MAP_VALUES) -> Any:
        """The whole value; raises as `parsed`."""
        return parsed(self.archive, self.name, most)

    def table(self, value: Any, what: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.error(f"{what} is not an object")
        return value

    def rows(self, value: Any, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.error(f"{what} is not a list")
        return value

    def text(self, value: Any, what: str) -> str:
        if not isinstance(value, str):
            raise self.error(f"{what} is not a text")
        return value

    def integer(self, value: Any, what: str, least: int = 0) -> int:
        """An integer that fits 64 bits, no less than `least`."""
        if type(value) is not int or not least <= value < 2**63:
            raise self.error(f"{what} is not a number from {least} to 2^63")
        return value

    def union(self, value: Any, what: str) -> tuple[str, Any]:
        """(key, content) of an object of one key, which is how the schema writes a choice."""
        if not isinstance(value, dict) or len(value) != 1:
            raise self.error(f"{what} is not an object of one key")
        return next(iter(value.items()))

    def key_number(self, key: str, what: str) -> int:
        """A number that is the key of an object: JSON has only texts there."""
        if not (key.isascii() and key.isdecimal() and len(key) < 19):
            raise self.error(f"{what} {key[:40]!r} is not a number")
        return int(key)
