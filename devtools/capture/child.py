"""Running the child process of a capture: started, watched, and ended whatever happens."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from etscope.devtools.capture.job import PROGRESS, Outcome
from etscope.devtools.capture.runtime import Progress
from etscope.etdump.errors import CaptureError

#: Last lines of the runtime that an error repeats.
LAST_WORDS = 15

# Said by every run on machines whose processor it does not know; tells nothing about the model.
_NOISE = ("[cpuinfo_utils.cpp",)

_MODULE = "etscope.devtools.capture.worker"


class ChildDied(CaptureError):
    """The child ended without an outcome.

    Attributes:
        words: its last lines on standard error.
    """

    def __init__(self, message: str, words: list[str]) -> None:
        self.words = words
        said = "\n".join(f"  {line}" for line in words) or "  (it said nothing)"
        super().__init__(f"{message} Its last words:\n{said}")


def run_child(
    folder: Path,
    what: str,
    *,
    timeout_s: float,
    progress: Progress | None = None,
    started: Callable[[int], None] | None = None,
) -> Outcome:
    """Run the job in `folder` in a fresh process and wait for it.

    Args:
        what: the pass, for messages: "the timing pass".
        started: called with its process id as soon as it runs.

    Raises:
        ChildDied: it crashed or ran out of time.
        CaptureError: it reported an error of its own.
    """
    # In a session of its own: a Ctrl-C must reach it through us, after we have cleaned up.
    process = subprocess.Popen(
        [sys.executable, "-m", _MODULE, os.fspath(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,
    )
    watch = _Watch(process)
    try:
        if started is not None:
            started(process.pid)
        code = watch.wait(timeout_s, progress)
    finally:
        watch.close()
    outcome = Outcome.read(folder)
    if code is None:
        message = f"The runtime did not finish {what} in {timeout_s:g} s and was ended."
        raise ChildDied(message, watch.words())
    if outcome is None:
        raise ChildDied(f"The runtime died in {what} ({_cause(code)}).", watch.words())
    if outcome.error is not None:
        message = f"The runtime failed in {what}: {outcome.error}."
        raise ChildDied(message, watch.words())
    return outcome


def _environment() -> dict[str, str]:
    """The parent's environment, with its import path: the child must find the same packages."""
    path = os.pathsep.join(folder for folder in sys.path if folder)
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


class _Watch:
    """Reads a child's pipes while it runs, so that it never waits for us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._reports: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        assert process.stdout is not None
        assert process.stderr is not None
        readers = ((self._read_reports, process.stdout), (self._read_words, process.stderr))
        self._threads = [
            threading.Thread(target=read, args=(stream,), daemon=True) for read, stream in readers
        ]
        for thread in self._threads:
            thread.start()

    def words(self) -> list[str]:
        """The child's last lines."""
        return list(self._words)

    def wait(self, timeout_s: float, progress: Progress | None) -> int | None:
        """Hand on progress until the child ends: its exit code, or None when time is up."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            try:
                report = self._reports.get(timeout=max(left, 0.0))
            except queue.Empty:
                return None
            if report is None:
                break
            if progress is not None:
                progress(*report)
        try:
            return self.process.wait(max(deadline - time.monotonic(), 1.0))
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End the child if it still runs, and let go of its pipes."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _read_reports(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip()
            if line.startswith(PROGRESS):
                done, total = json.loads(line.removeprefix(PROGRESS))
                self._reports.put((done, total))
            elif line:
                self._words.append(line)
        self._reports.put(None)

    def _read_words(self, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip()
            if line and not line.startswith(_NOISE):
                self._words.append(line[:500])
