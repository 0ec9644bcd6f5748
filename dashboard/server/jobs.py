"""Long work off the request path: on a few threads of this process, with progress and cancel.

Not through diskcache or another process: there is no child to leave behind, and
nothing is pickled.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from etscope.etdump.errors import EtscopeError


class Cancelled(EtscopeError):
    """The work was given up because somebody asked for that."""


class Busy(EtscopeError):
    """Too much is waiting already; the text says what to do."""


class Progress:
    """How far a piece of work is. `step` is where it can be cancelled, so work calls it often."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._state: tuple[float | None, str] = (None, "waiting")

    def step(self, share: float | None, words: str) -> None:
        """Say how much is done (0 to 1, None: not known), and what is done next.

        Raises:
            Cancelled: it is to stop.
        """
        if self._cancelled.is_set():
            raise Cancelled("This was cancelled: ask again to have it done.")
        self._state = (share, words)

    def cancel(self) -> None:
        """Have the work stop at its next step."""
        self._cancelled.set()

    @property
    def state(self) -> tuple[float | None, str]:
        """(share, words) of the last step."""
        return self._state


class Job:
    """One piece of work: waiting, running, done, failed or cancelled."""

    def __init__(self, key: Hashable, work: Callable[[Progress], object]) -> None:
        self.id = secrets.token_urlsafe(12)
        self.key = key
        self.progress = Progress()
        self.future: Future[object] = Future()
        self._work = work

    def run(self) -> None:
        """Do it, in a thread of the pool."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.progress.step(None, "starting")
            result = self._work(self.progress)
        except BaseException as error:  # told to whoever asks for the result
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    @property
    def status(self) -> str:
        """The word for how it is."""
        if not self.future.done():
            return "running" if self.future.running() else "waiting"
        if self.future.cancelled():
            return "cancelled"
        error = self.future.exception()
        if error is None:
            return "done"
        return "cancelled" if isinstance(error, Cancelled) else "failed"

    def cancel(self) -> None:
        """Stop it: at once if it waits, at its next step if it runs."""
        self.progress.cancel()
        self.future.cancel()

    def to_json(self) -> dict[str, Any]:
        """Plain data: `progress` is a share of 1, null where it is not known."""
        share, words = self.progress.state
        return {"job": self.id, "status": self.status, "progress": share, "doing": words}


class Jobs:
    """Pieces of work by key: who asks for the same while it is under way shares it.

    Args:
        threads: how many run at a time.
        limit: how many may be unfinished.
    """

    def __init__(self, threads: int = 4, limit: int = 64) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="etscope-job")
        self._limit = limit
        self._lock = threading.Lock()
        self._by_key: dict[Hashable, Job] = {}
        self._closed = False

    def start(self, key: Hashable, work: Callable[[Progress], object]) -> Job:
        """The job of a key: the one under way, one whose end nobody heard of yet, or a new one.

        Raises:
            Busy: too many are unfinished, or the dashboard is closing.
        """
        with self._lock:
            if self._closed:
                raise Busy("The dashboard is closing: start it again.")
            job = self._by_key.get(key)
            if job is not None:
                return job
            self._drop_heard()
            if len(self._by_key) >= self._limit:
                raise Busy(f"{self._limit} questions are being worked on: ask again in a moment.")
            job = self._by_key[key] = Job(key, work)
            self._pool.submit(job.run)
            return job

    def _drop_heard(self) -> None:
        """Forget finished jobs that nobody came back for, where room is needed."""
        if len(self._by_key) >= self._limit:
            for key in [key for key, job in self._by_key.items() if job.future.done()]:
                del self._by_key[key]

    def take(self, job: Job) -> object:
        """The result of a finished job, which is forgotten with that.

        Raises:
            Cancelled: it was cancelled.
            Exception: what its work raised.
        """
        with self._lock:
            if self._by_key.get(job.key) is job:
                del self._by_key[job.key]
        if job.future.cancelled():
            raise Cancelled("This was cancelled: ask again to have it done.")
        return job.future.result()

    def of(self, job_id: str) -> Job | None:
        """The job of that id."""
        with self._lock:
            return next((job for job in self._by_key.values() if job.id == job_id), None)

    def close(self, timeout: float = 10.0) -> bool:
        """Cancel everything and end the threads; whether they ended in time."""
        with self._lock:
            self._closed = True
            jobs = list(self._by_key.values())
        for job in jobs:
            job.cancel()
        ended = not wait([job.future for job in jobs], timeout).not_done
        self._pool.shutdown(wait=ended, cancel_futures=True)
        return ended
