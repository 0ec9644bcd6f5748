"""One trace in the library: what is known of it before, and after, it was opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from etscope.dashboard.library.content import Part, size_of
from etscope.etdump.file_kind import FileKind

State = Literal["arriving", "ready", "broken"]

#: Kinds that can be opened; others are listed only where they were given by name.
OPENED = (FileKind.BUNDLE, FileKind.ETDUMP, FileKind.PROGRAM, FileKind.BUNDLED_PROGRAM)


@dataclass(frozen=True)
class Entry:
    """A trace as it was found: immutable; a changed file becomes another entry.

    Attributes:
        key: 64 hexadecimal digits, the hash of the content.
        place: the path to show: as it was given, or the name of what was uploaded.
        path: the file, or the bundle's folder.
        when: ISO 8601 time at which it was recorded, or else last written.
        private: whether nobody else can write to it, so that it is read where it is.
    """

    key: str
    kind: FileKind
    place: str
    path: Path
    parts: tuple[Part, ...]
    when: str
    private: bool = False

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return Path(self.place).name or self.place

    @property
    def size_bytes(self) -> int:
        """Bytes of its files."""
        return size_of(self.parts)


@dataclass(frozen=True)
class About:
    """What opening a trace told: counts, and the verdict. None: not known."""

    methods: int | None
    inferences: int | None
    verdict: str | None


@dataclass(frozen=True)
class Summary:
    """A line of the list of traces. `fault`: the sentence on why it cannot be opened."""

    place: str
    state: State
    entry: Entry | None = None
    about: About | None = None
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data; null where a figure is not known, or not known yet."""
        entry, about = self.entry, self.about
        return {
            "key": entry.key if entry else None,
            "name": entry.name if entry else Path(self.place).name,
            "place": self.place,
            "state": self.state,
            "kind": entry.kind.value if entry else None,
            "when": entry.when if entry else None,
            "size_bytes": entry.size_bytes if entry else None,
            "uploaded": entry.private if entry else False,
            "methods": about.methods if about else None,
            "inferences": about.inferences if about else None,
            "verdict": about.verdict if about else None,
            "fault": self.fault,
        }
