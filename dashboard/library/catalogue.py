"""The list of traces as its viewers see it: consistent at any moment, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

from etscope.dashboard.library.entry import About, Entry, Summary
from etscope.etdump.errors import TraceError


class Catalogue:
    """What lies where, and what is known of it by its key.

    Attributes:
        version: grows with every change, so that a viewer can ask for news.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at: dict[Path, Summary] = {}
        self._faults: dict[str, TraceError] = {}
        self._about: dict[str, About] = {}
        self._notes: tuple[str, ...] = ()
        self.version = 0

    def put(self, path: Path, summary: Summary) -> None:
        """Say what lies at a path."""
        with self._lock:
            if self._at.get(path) != summary:
                self._at[path] = summary
                self.version += 1

    def remove(self, path: Path) -> None:
        """Nothing of ours lies at a path any more."""
        with self._lock:
            if self._at.pop(path, None) is not None:
                self.version += 1

    def keep_only(self, paths: Collection[Path], notes: Collection[str]) -> None:
        """Forget what lies elsewhere, uploads apart. `notes`: what was not looked at."""
        with self._lock:
            gone = [
                path
                for path, summary in self._at.items()
                if path not in paths and not (summary.entry and summary.entry.private)
            ]
            for path in gone:
                del self._at[path]
            self.version += bool(gone) or self._notes != tuple(notes)
            self._notes = tuple(notes)
            keys = {summary.entry.key for summary in self._at.values() if summary.entry}
            self._faults = {key: fault for key, fault in self._faults.items() if key in keys}
            self._about = {key: about for key, about in self._about.items() if key in keys}

    def blame(self, key: str, fault: TraceError) -> None:
        """A trace cannot be opened, for this reason."""
        with self._lock:
            self._faults[key] = fault
            self.version += 1

    def tell(self, key: str, about: About) -> None:
        """A trace was opened, and this is what it says."""
        with self._lock:
            if self._about.get(key) != about:
                self._about[key] = about
                self.version += 1

    def entry(self, key: str) -> Entry | None:
        """The trace with that content, wherever it lies."""
        with self._lock:
            entries = (summary.entry for summary in self._at.values())
            return next((entry for entry in entries if entry and entry.key == key), None)

    def fault(self, key: str) -> TraceError | None:
        """Why a trace cannot be opened; None: it can, or nobody tried."""
        with self._lock:
            return self._faults.get(key)

    def unknown(self) -> list[Entry]:
        """The traces of which nothing is known but where they are."""
        with self._lock:
            found = [summary.entry for summary in self._at.values() if summary.entry]
            known = self._about.keys() | self._faults.keys()
            return [entry for entry in found if entry.key not in known]

    def summaries(self) -> tuple[int, list[Summary], tuple[str, ...]]:
        """(version, a line per trace in order of its place, notes); the same content once."""
        with self._lock:
            rows = sorted(self._at.values(), key=lambda summary: summary.place)
            seen: set[str] = set()
            lines = []
            for row in rows:
                if row.entry is None:
                    lines.append(row)
                elif row.entry.key not in seen:
                    seen.add(row.entry.key)
                    lines.append(self._line(row, row.entry.key))
            return self.version, lines, self._notes

    def _line(self, row: Summary, key: str) -> Summary:
        fault = self._faults.get(key)
        if fault is not None:
            return Summary(row.place, "broken", row.entry, None, fault.text)
        return Summary(row.place, row.state, row.entry, self._about.get(key))
