"""The library: every trace in the given paths, opened once for all who look at it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from etscope.dashboard.library.catalogue import Catalogue
from etscope.dashboard.library.content import Part
from etscope.dashboard.library.entry import About, Entry, Summary
from etscope.dashboard.library.listing import Listing
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.library.opening import COPY_LIMIT, open_entry
from etscope.dashboard.library.place_words import sentence_of, unknown_trace
from etscope.dashboard.library.private_folder import PrivateFolder
from etscope.dashboard.library.reports import about
from etscope.dashboard.library.roots import Found, Roots
from etscope.dashboard.library.shelf import Shelf
from etscope.dashboard.library.weight import estimated_bytes
from etscope.etdump.errors import ChangedTrace, TraceError

#: A larger trace tells its verdict when somebody opens it.
_CHEAP_BYTES = 2**23

#: Names of files that are worth a line even where they cannot be read.
_SUFFIXES = (".etdp", ".pte", ".bpte")

_LOG = logging.getLogger(__name__)


class Library:
    """Traces by the hash of their content; immutable, shared by threads, bounded in memory.

    Args:
        paths: bundles, ETDumps, programs, and folders of those. Nothing outside is opened.
        memory_limit_bytes: for all opened traces together, as estimated; the trace that
            was asked for last stays open even where it is larger by itself.
        copy_limit: bytes up to which a trace is copied to a private folder when opened.
        settle_ns: a younger file may still be written to: it is listed when two looks
            in a row find it the same.

    Raises:
        MissingFile: a path leads to nothing.
    """

    def __init__(
        self,
        paths: Sequence[str | PathLike[str]] = (),
        *,
        memory_limit_bytes: int = 2**30,
        copy_limit: int = COPY_LIMIT,
        settle_ns: int = 2 * 10**9,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._roots = Roots(paths)
        self.folder = PrivateFolder()
        self._copy_limit = copy_limit
        self._settle_ns, self._now_ns = settle_ns, now_ns
        self._catalogue = Catalogue()
        self._shelf: Shelf[tuple[str, bool], Opened] = Shelf(memory_limit_bytes, _weight)
        self._listing = Listing()
        self._refreshing = threading.Lock()
        self._seen: dict[Path, tuple[Part, ...]] = {}
        self._listed: dict[Path, tuple[Part, ...]] = {}

    # ------------------------------------------------------------ the list

    def refresh(self, stop: threading.Event | None = None) -> None:
        """Look into the paths again: what is new, changed, gone, or still being written.

        Args:
            stop: ends it early, after the trace that it is at.
        """
        with self._refreshing:
            found, notes = self._roots.find()
            there = {item.path for item in found}
            self._catalogue.keep_only(there, notes)
            self._listing.keep_only(found)
            self._listed = {path: parts for path, parts in self._listed.items() if path in there}
            for item in found:
                if stop is not None and stop.is_set():
                    return
                if self._listed.get(item.path) != item.parts:
                    self._look_at(item)
            self._seen = {item.path: item.parts for item in found}

    def _look_at(self, item: Found) -> None:
        try:
            if not self._is_settled(item):
                arriving = Summary(item.place, "arriving")
                self._put(item, arriving if self._listing.is_trace(item) else None)
                return
            entry = self._listing.entry_of(item)
            self._put(item, None if entry is None else Summary(item.place, "ready", entry))
        except (TraceError, OSError) as error:
            worth = item.given or item.path.suffix in _SUFFIXES
            broken = Summary(item.place, "broken", fault=sentence_of(item.place, error))
            self._put(item, broken if worth else None)
        self._listed[item.path] = item.parts

    def _put(self, item: Found, summary: Summary | None) -> None:
        if summary is None:
            self._catalogue.remove(item.path)
        else:
            self._catalogue.put(item.path, summary)

    def _is_settled(self, item: Found) -> bool:
        latest = max((part.stamp.modified_ns for part in item.parts), default=0)
        old = latest <= self._now_ns() - self._settle_ns
        return old or self._seen.get(item.path) == item.parts

    def summaries(self) -> tuple[int, list[Summary], tuple[str, ...]]:
        """(version, a line per trace, what was not looked at). The version grows with changes."""
        return self._catalogue.summaries()

    def summary(self, key: str) -> Summary:
        """The line of one trace.

        Raises:
            UnknownTrace: no trace has this key.
        """
        for line in self.summaries()[1]:
            if line.entry is not None and line.entry.key == key:
                return line
        raise unknown_trace()

    # ------------------------------------------------------------ opening

    def opened(self, key: str, *, salvage: bool = False) -> Opened:
        """Open a trace, or take the opened one. Threads that ask for the same wait for one opening.

        Args:
            salvage: of a damaged ETDump, keep what is readable.

        Raises:
            UnknownTrace: no trace has this key.
            TraceError: it cannot be read; the text is the sentence for the viewer.
            OSError: there is no room for its copy.
        """
        fault = self._catalogue.fault(key)
        entry = self._catalogue.entry(key)
        if fault is not None and entry is not None and not salvage:
            # Anew: one exception raised in many threads would gather all their tracebacks.
            raise type(fault)(fault.message, path=fault.path, offset=fault.offset, cure=fault.cure)
        return self._shelf.get((key, salvage), lambda: self._open(entry, salvage))

    def _open(self, entry: Entry | None, salvage: bool) -> Opened:
        if entry is None:
            raise unknown_trace()
        try:
            return self._open_entry(entry, salvage)
        except ChangedTrace:
            raise
        except TraceError as error:
            if not salvage:
                self._catalogue.blame(entry.key, error)
            raise

    def _open_entry(self, entry: Entry, salvage: bool) -> Opened:
        def grew(opened: Opened) -> None:
            self._shelf.weigh_again((entry.key, salvage), opened)

        try:
            return open_entry(
                entry, self.folder, salvage=salvage, copy_limit=self._copy_limit, on_growth=grew
            )
        except (TraceError, OSError, MemoryError):
            raise
        except Exception as error:  # one trace that we fail at must not take the others down
            _LOG.exception("failed to open %s", entry.place)
            message = f"etscope failed at it ({type(error).__name__})"
            raise TraceError(message, path=entry.place, cure="Report it, with the file.") from error

    def look(self, key: str) -> None:
        """Open a trace to learn what its line in the list says; its fault becomes part of it.

        Raises:
            UnknownTrace: no trace has this key.
        """
        held = self._shelf.ready((key, False))
        try:
            self._catalogue.tell(key, _about(self.opened(key)))
        except (TraceError, OSError):  # it is noted, or the next refresh finds what it has become
            return
        if not held and 2 * self._shelf.held_bytes > self._shelf.limit_bytes:
            self._shelf.drop((key, False))

    def to_look_at(self) -> list[str]:
        """The keys of small traces of which nothing is known but where they are."""
        return [e.key for e in self._catalogue.unknown() if e.size_bytes <= _CHEAP_BYTES]

    # ------------------------------------------------------------ uploads

    def holds(self, key: str) -> bool:
        """Whether a trace with this key is in the list."""
        return self._catalogue.entry(key) is not None

    def admit(self, entry: Entry) -> None:
        """Take in a trace that was uploaded, if it can be opened.

        Raises:
            TraceError: it cannot be read, and is not taken in.
            OSError: likewise.
        """
        opened = self._open_entry(entry, False)
        self._shelf.get((entry.key, False), lambda: opened)
        self._catalogue.put(entry.path, Summary(entry.place, "ready", entry))
        self._catalogue.tell(entry.key, _about(opened))

    def remove(self, entry: Entry) -> None:
        """Forget a trace that was uploaded; who looks at it may go on."""
        self._catalogue.remove(entry.path)
        for salvage in (False, True):
            self._shelf.drop((entry.key, salvage))

    @property
    def held_bytes(self) -> int:
        """Estimated bytes of all opened traces."""
        return self._shelf.held_bytes

    @property
    def opened_count(self) -> int:
        """How many traces are open."""
        return len(self._shelf)

    def close(self) -> None:
        """Remove the private copies and uploads. Nothing can be opened afterwards."""
        self.folder.close()


def _weight(opened: Opened) -> int:
    # The copy may lie on a disk that is memory itself.
    return estimated_bytes(opened) + opened.copied_bytes


def _about(opened: Opened) -> About:
    try:
        return about(opened)
    except Exception:  # what it cannot say in the list must not keep it from being opened
        _LOG.exception("failed to sum up %s", opened.entry.place)
        return About(None, None, None)
