"""Running a module of ours in a process of its own, which may break without breaking us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How a child process ended."""

    code: int | None  # exit status, negative for a signal; None: stopped at the time limit
    output: str
    last_words: str  # the last line that it wrote to stderr
    seconds: float  # wall time, measured

    @property
    def end(self) -> str:
        """How it ended, in words."""
        if self.code is None:
            return f"was stopped after {self.seconds:.0f} s"
        if self.code < 0:
            return f"died of {signal.Signals(-self.code).name}"
        return f"ended with exit status {self.code}"


def run_module(module: str, arguments: Sequence[str], *, limit_s: float) -> Outcome:
    """Run `python -m module arguments` with our import path; stop it after `limit_s` seconds."""
    # -m puts the working folder first on the path, where a stray numpy.py would be believed.
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    begin = time.perf_counter()
    code: int | None
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
        code, output, words = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, output, words = None, late.stdout or b"", late.stderr or b""
    return Outcome(code, _text(output), _last_line(_text(words)), time.perf_counter() - begin)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
