"""What one look found: a line for people, a row and perhaps a finding for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: ok: as it should be. note: good to know. missing: not there, and something cannot be
#: done without it. broken: there, and does not work.
State = Literal["ok", "note", "missing", "broken"]

SEVERITY = {"note": "info", "missing": "warning", "broken": "error"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    subject: str  # a package, "trial run", or a file
    rule: str  # what was asked, as a stable name: "import", "file-kind", ...
    state: State
    message: str
    cure: str | None = None
    seconds: float | None = None  # wall time that the look took, measured
    evidence: Mapping[str, object] = field(default_factory=dict)

    def row(self) -> dict[str, object]:
        """As a row of the JSON report."""
        return {
            "subject": self.subject,
            "rule": self.rule,
            "state": self.state,
            "message": self.message,
            "cure": self.cure,
            "wall_s": self.seconds,
            "evidence": dict(self.evidence),
        }

    def finding(self) -> dict[str, object]:
        """As a finding of the JSON report; only what is not ok is one."""
        cure = "" if self.cure is None else f" {self.cure}"
        return {
            "rule": self.rule,
            "severity": SEVERITY[self.state],
            "message": f"{self.subject}: {self.message}{cure}",
            "evidence": dict(self.evidence),
        }


def about_file(
    path: Path,
    kind: str,
    state: State,
    message: str,
    cure: str | None = None,
    *,
    rule: str = "file-kind",
    **evidence: object,
) -> Check:
    """A check of a file; its kind is always among the evidence."""
    return Check(str(path), rule, state, message, cure, evidence={"kind": kind, **evidence})
