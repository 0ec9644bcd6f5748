"""The memory report to every place that was asked for: screen, JSON, CSV, page, counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from etscope.devtools.documents import (
    STDOUT,
    check_targets,
    csv_text,
    json_text,
    put,
)
from etscope.devtools.memory_text import print_memory
from etscope.devtools.terminal import complain, paragraph, say
from etscope.etdump.errors import UsageError
from etscope.inspector.memory.counters import counter_trace
from etscope.inspector.memory.devices import HOST, planned_by_device
from etscope.inspector.memory.report import MemoryReport

_FINE, _OVER = 0, 1


@dataclass(frozen=True)
class MemoryWanted:
    """What to show, and where. A target is a file's name, "-" or None."""

    top: int | None = None
    fail_over: int | None = None  # bytes
    html: str | None = None
    json: str | None = None
    csv: str | None = None
    chrome: str | None = None

    def check(self) -> None:
        """Refuse, before any work is done, what could only fail later.

        Raises:
            UsageError: two documents for one place, or one that would overwrite another file.
        """
        for option, target in (("--html", self.html), ("--chrome", self.chrome)):
            if target == STDOUT:
                raise UsageError(f"{option} writes no text for stdout: give it a FILE.")
        check_targets(self.targets)

    @property
    def targets(self) -> tuple[str | None, ...]:
        """The places of all documents."""
        return self.json, self.csv, self.html, self.chrome


def deliver(report: MemoryReport, wanted: MemoryWanted, source: dict[str, Any]) -> int:
    """Write the report everywhere that was asked for; the exit code."""
    limit = None if wanted.fail_over is None else limit_of(report, wanted.fail_over)
    code = _OVER if limit is not None and limit.over else _FINE
    if wanted.json is not None:
        held = {"limit": None if limit is None else limit.to_json()}
        put(json_text(report.to_json(source) | held), wanted.json)
    if wanted.csv is not None:
        put(csv_text([_flat(row) for row in report.rows]), wanted.csv)
    if wanted.chrome is not None:
        put(json_text(counter_trace(report)), wanted.chrome)
    if wanted.html is not None:
        _write_page(report, wanted.html)
    if STDOUT in wanted.targets:
        if limit is not None and limit.over:
            complain(limit.sentence())
        return code
    if limit is not None:
        paragraph(limit.sentence(), style="bold red" if limit.over else "green")
        say()
    print_memory(report, wanted.top)
    written = [target for target in wanted.targets if target is not None]
    if written:
        say(f"\nwritten: {', '.join(written)}")
    return code


class Limit(NamedTuple):
    """The most that a method sets aside on one device, held against what is allowed. In bytes."""

    method: str | None  # None: there is none
    device: str | None
    planned_bytes: int
    limit_bytes: int
    devices: dict[str, int]  # the most of any method on each; memories are not added up

    @property
    def over(self) -> bool:
        """Whether it is more than allowed."""
        return self.planned_bytes > self.limit_bytes

    def sentence(self) -> str:
        """The outcome for people."""
        planned, most = self.planned_bytes, self.limit_bytes
        place = f" on {self.device}" if list(self.devices) not in ([], [HOST]) else ""
        what = f"the arenas planned for {self.method or 'no method'}{place}, {planned:,} bytes,"
        others = [
            f"{size:,} on {name}" for name, size in self.devices.items() if name != self.device
        ]
        rest = f" Each device is held against it; at most {', '.join(others)}." if others else ""
        if self.over:
            over = f"{what} are {planned - most:,} more than the {most:,} allowed."
            return f"over the limit: {over}{rest}"
        return f"within the limit: {what} are not more than the {most:,} allowed.{rest}"

    def to_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return {"figure": "planned_bytes", **self._asdict(), "over": self.over}


def limit_of(report: MemoryReport, most: int) -> Limit:
    """The method that plans most on one device, held against so many bytes.

    Methods that no name reaches count as well: a runtime may load them by their place.
    """
    methods = [memory.plan.method for memory in report.methods] + report.shadowed
    found = [
        (size, device, method.name)
        for method in methods
        for device, size in planned_by_device(method).items()
    ]
    devices: dict[str, int] = {}
    for size, device, _ in found:
        devices[device] = max(size, devices.get(device, 0))
    if not found:
        return Limit(report.main.name if methods else None, None, 0, most, {})
    size, device, name = max(found, key=lambda one: one[0])
    return Limit(name, device, size, most, devices)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row without lists."""
    return {key: value for key, value in row.items() if not isinstance(value, list)}


def _write_page(report: MemoryReport, target: str) -> None:
    from etscope.dashboard.memory_page import write_memory_page

    write_memory_page(report, target)
