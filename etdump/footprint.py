"""What a process used while it loaded and ran a program, as a capture measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from etscope.etdump.json_fields import Fields


@dataclass(frozen=True)
class Phase:
    """The process at the end of one phase. What the system does not tell is absent."""

    name: str
    at_ms: float  # since the process started
    figures: Mapping[str, int]  # bytes: rss_bytes, pss_bytes, uss_bytes, peak_rss_bytes, …

    @classmethod
    def read(cls, fields: Fields) -> Phase:
        """One phase of a manifest."""
        return cls(fields.text("name"), fields.number("at_ms"), fields.counts("figures"))


@dataclass(frozen=True)
class Footprint:
    """Phases in the order in which they ended."""

    phases: tuple[Phase, ...]

    @classmethod
    def read(cls, fields: Fields) -> Footprint:
        """The footprint of a manifest.

        Raises:
            CorruptTrace: a field of it cannot be true.
        """
        rows = fields.rows("phases")
        return cls(
            tuple(
                Phase.read(Fields(row, f"{fields.place}/phases[{place}]", fields.path))
                for place, row in enumerate(rows)
            )
        )
