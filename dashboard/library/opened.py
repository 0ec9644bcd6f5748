"""An opened trace: read once, changed never, with the answers that were asked of it so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from etscope.dashboard.library.entry import About, Entry
from etscope.dashboard.library.once import Once
from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.inspector.recording import Recording

if TYPE_CHECKING:
    from etscope.inspector.latency_report import LatencyReport

_Answer = TypeVar("_Answer")

#: The verdict of more events than these is given when somebody asks for the report.
_CHEAP_EVENTS = 200_000


@dataclass(frozen=True, eq=False)
class Opened:
    """What an entry holds. Hold on to this while working with what is in it: its files go with it.

    Attributes:
        recording: of a bundle or an ETDump, else None.
        program: of a program file, or the one that came with the recording; None: none did.
        salvaged: whether damage was passed over; the recording's notes say what is missing.
        copied_bytes: of the private copy that it is read from; 0: it is read where it lies.
    """

    entry: Entry
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

    @property
    def latency(self) -> LatencyReport:
        """The latency report, as `etscope inspect` gives it.

        Raises:
            TraceError: a program by itself has no times.
        """
        from etscope.inspector.latency_report import latency_report

        recording = self.recording
        if recording is None:
            cure = "Record a run of it: etscope run"
            raise TraceError("a program has no times", path=self.entry.place, cure=cure)
        return self.answer("latency", lambda: latency_report(recording))

    def about(self) -> About:
        """Counts and, where it does not take long, the verdict."""
        if self.recording is None:
            methods = len(self.program.methods) if self.program is not None else None
            return About(methods, None, self._program_verdict())
        known = {name for name in self.recording.methods.method if name is not None}
        return About(
            len(known) or None,
            len(self.recording.inferences),
            self.latency.verdict if len(self.recording.trace) <= _CHEAP_EVENTS else None,
        )

    def _program_verdict(self) -> str | None:
        from etscope.inspector.program.report import program_report

        program = self.program
        if program is None:
            return None
        try:
            return self.answer("program", lambda: program_report(program)).verdict
        except TraceError:  # damaged test cases, which the program itself does not need
            return None
