"""Watching the paths of a library, so that a new trace appears without a restart.

By looking, not by events of the system: those are not sent for network and
container mounts, where traces come from. One look costs a stat per file.
"""

from __future__ import annotations

import logging
import threading

from etscope.dashboard.library.library import Library
from etscope.etdump.errors import UnknownTrace

_LOG = logging.getLogger(__name__)


class Watcher:
    """A thread that refreshes a library now and again, and looks at what is new.

    Args:
        seconds: between two looks.
    """

    def __init__(self, library: Library, seconds: float = 1.0) -> None:
        self._library, self._seconds = library, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="etscope-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch; the first look is at once."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread; a look that is under way ends after the trace it is at."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    @property
    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except Exception:  # a folder in an odd state must not end the watch
                _LOG.exception("failed to look for traces")
            self._stop.wait(self._seconds)

    def _look(self) -> None:
        self._library.refresh(self._stop)
        for key in self._library.to_look_at():
            if self._stop.is_set():
                return
            try:
                self._library.look(key)
            except UnknownTrace:  # it went between the two
                continue
