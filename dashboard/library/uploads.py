"""Traces that are sent to the dashboard: in pieces, hashed on the way, taken in whole or not.

A file comes in pieces, so that no request is long, progress is known, and a
limit is kept before the bytes are there.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from etscope.dashboard.library.arrival import Arrival
from etscope.dashboard.library.content import is_plain_name
from etscope.dashboard.library.entry import Entry
from etscope.dashboard.library.library import Library
from etscope.dashboard.library.listing import entry_of_bundle, entry_of_file
from etscope.etdump.bundle import MANIFEST
from etscope.etdump.errors import UploadRefused

_NO_NAME = "This is not a plain file name: send it without folders."


@dataclass(frozen=True)
class UploadLimits:
    """What may be sent, and how long a sender may think."""

    trace_bytes: int = 2**31  # of one trace, all its files together
    kept_bytes: int = 2**32  # of all uploads together, unfinished ones included
    files: int = 16  # of one bundle
    unfinished: int = 16
    idle_seconds: float = 600.0


@dataclass
class _Waiting:
    """An upload that is not finished."""

    name: str
    room: Path
    touched: float
    files: dict[str, Arrival] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    gone: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes that are there."""
        return sum(arrival.size_bytes for arrival in tuple(self.files.values()))


class Uploads:
    """Begin, write pieces, finish or cancel; a trace that cannot be read is not kept."""

    def __init__(
        self,
        library: Library,
        limits: UploadLimits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or UploadLimits()
        self._library, self._now = library, now
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._kept: dict[str, tuple[Entry, Path]] = {}
        self._closed = False

    def begin(self, name: str) -> str:
        """The id of a new upload, which nobody can guess.

        Args:
            name: to list the trace by: of the file, or of the bundle's folder.

        Raises:
            UploadRefused: that is no name, too many are unfinished, or the dashboard is closing.
        """
        if not is_plain_name(name):
            raise UploadRefused(_NO_NAME)
        with self._lock:
            stale = self._now() - self.limits.idle_seconds
            idle = [at for at, waiting in self._waiting.items() if waiting.touched < stale]
        for upload in idle:
            self.cancel(upload)
        with self._lock:
            if self._closed:
                raise UploadRefused("The dashboard is closing: start it again, then send the file.")
            if len(self._waiting) >= self.limits.unfinished:
                raise UploadRefused(
                    f"{len(self._waiting)} uploads are unfinished: wait for them, or cancel some."
                )
            upload = secrets.token_urlsafe(16)
            room = self._library.folder.room("upload")
            self._waiting[upload] = _Waiting(name, room, self._now())
            return upload

    def write(self, upload: str, name: str, offset: int, piece: IO[bytes]) -> int:
        """Add a piece to a file of an upload; how many bytes of the file there are now.

        Args:
            name: of the file; in a bundle, its name inside of the folder.
            offset: how many bytes were sent before.

        Raises:
            UploadRefused: the upload is unknown, the piece out of order, or a limit is passed.
        """
        if not is_plain_name(name):
            raise UploadRefused(_NO_NAME)
        waiting = self._of(upload)
        try:
            with waiting.lock:
                self._check(waiting)
                arrival = self._arrival(waiting, name)
                kept = arrival.add(offset, piece, self._room_left(waiting))
                waiting.touched = self._now()
                return kept
        except UploadRefused as refusal:
            if refusal.too_large:
                self.cancel(upload)
            raise

    def finish(self, upload: str) -> str:
        """Take the trace in, once it could be opened; its key. The upload is over either way.

        Raises:
            UploadRefused: nothing was sent, or several files that are no bundle.
            TraceError: it cannot be read.
        """
        waiting = self._of(upload)
        try:
            with waiting.lock:
                self._check(waiting)
                entry = self._entry(waiting)
                if self._library.holds(entry.key):
                    return entry.key
                self._library.admit(entry)
                with self._lock:
                    self._kept[entry.key] = (entry, waiting.room)
                return entry.key
        finally:
            self._forget(upload)

    def cancel(self, upload: str) -> None:
        """Drop an upload that is not finished; an unknown one is none."""
        self._forget(upload)

    def remove(self, key: str) -> None:
        """Forget a trace that was uploaded.

        Raises:
            UploadRefused: it was not uploaded.
        """
        with self._lock:
            found = self._kept.pop(key, None)
        if found is None:
            raise UploadRefused("This trace was not uploaded, so it cannot be removed here.")
        entry, room = found
        self._library.remove(entry)
        shutil.rmtree(room, ignore_errors=True)

    def close(self) -> None:
        """Drop what is unfinished, and take no more."""
        with self._lock:
            self._closed = True
            unfinished = list(self._waiting)
        for upload in unfinished:
            self.cancel(upload)

    # ------------------------------------------------------------ inside

    def _of(self, upload: str) -> _Waiting:
        with self._lock:
            waiting = self._waiting.get(upload)
        if waiting is None:
            raise _over()
        return waiting

    def _check(self, waiting: _Waiting) -> None:
        if waiting.gone:
            raise _over()

    def _arrival(self, waiting: _Waiting, name: str) -> Arrival:
        if name not in waiting.files:
            if len(waiting.files) >= self.limits.files:
                raise UploadRefused(f"A bundle has no more than {self.limits.files} files.")
            waiting.files[name] = Arrival(waiting.room / name)
        return waiting.files[name]

    def _room_left(self, waiting: _Waiting) -> int:
        """How many more bytes an upload may have."""
        with self._lock:
            others = sum(entry.size_bytes for entry, _ in self._kept.values())
            others += sum(w.size_bytes for w in self._waiting.values() if w is not waiting)
        limit = min(self.limits.trace_bytes, self.limits.kept_bytes - others)
        return limit - waiting.size_bytes

    def _entry(self, waiting: _Waiting) -> Entry:
        if not waiting.files:
            raise UploadRefused("No file was sent.")
        for arrival in waiting.files.values():
            arrival.close()
        if len(waiting.files) == 1:
            ((_, arrival),) = waiting.files.items()
            return entry_of_file(waiting.name, arrival.path, arrival.sha256)
        hashes = {name: arrival.sha256 for name, arrival in waiting.files.items()}
        if MANIFEST not in hashes:
            raise UploadRefused(
                f"Several files without a {MANIFEST} are no bundle: send each alone."
            )
        return entry_of_bundle(waiting.name, waiting.room, hashes)

    def _forget(self, upload: str) -> None:
        with self._lock:
            waiting = self._waiting.pop(upload, None)
        if waiting is None:
            return
        with waiting.lock:  # a piece that is being written is written first
            waiting.gone = True
            for arrival in waiting.files.values():
                arrival.close()
            with self._lock:
                kept = any(room == waiting.room for _, room in self._kept.values())
            if not kept:
                shutil.rmtree(waiting.room, ignore_errors=True)


def _over() -> UploadRefused:
    return UploadRefused("This upload is over: begin another one.")
