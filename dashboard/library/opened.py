"""An opened trace: read once, changed never, with the answers that were asked of it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from etscope.dashboard.library.entry import Entry
from etscope.dashboard.library.once import Once
from etscope.etdump.program import Program
from etscope.inspector.recording import Recording

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, eq=False)
class Opened:
    """What an entry holds. Hold on to this while working with what is in it: its files go with it.

    Attributes:
        path: where it is read from; not to be shown, which is what `entry.place` is for.
        recording: of a bundle or an ETDump, else None.
        program: of a program file, or the one that came with the recording; None: none did.
        salvaged: whether damage was passed over; the recording's notes say what is missing.
        copied_bytes: of the private copy at `path`; 0: it is read where it lies.
    """

    entry: Entry
    path: Path
    recording: Recording | None
    program: Program | None
    salvaged: bool = False
    copied_bytes: int = 0
    on_growth: Callable[[Opened], None] = field(default=lambda opened: None, repr=False)
    _answers: Once[str, Any] = field(default_factory=Once, repr=False)

    def answer(self, name: str, make: Callable[[], _Answer]) -> _Answer:
        """The answer of that name, made by the first who asks; the others wait for it.

        The maker must not change what it gave away afterwards.
        """
        found, new = self._answers.get(name, make)
        if new:
            self.on_growth(self)
        result: _Answer = found
        return result

    def has(self, name: str) -> bool:
        """Whether the answer of that name is there already."""
        return self._answers.ready(name)
