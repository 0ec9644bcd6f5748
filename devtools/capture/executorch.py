"""The real runtime: each pass in a process of its own, so that its death costs that pass only.

Ways in which the runtime of executorch 1.5 ends its process, and what is done:
a debug buffer that is too small (sized from the program, tried again larger), a
None among the logged values (found before the run), a dump of 2^31 bytes
(measured before the run), a second write or a run after one (never done). A
half-precision value breaks the dump of the tensor pass (salvaged).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from os import PathLike
from pathlib import Path
from time import monotonic_ns

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture import inputs as input_files
from etscope.devtools.capture.child import ChildDied, run_child
from etscope.devtools.capture.failures import DumpTooLarge, TensorsNotLogged
from etscope.devtools.capture.footprint import read_footprint
from etscope.devtools.capture.footprint_sampler import RssSampler
from etscope.devtools.capture.host import free_memory_bytes
from etscope.devtools.capture.job import DUMP, INPUTS, TENSORS, WALL, Job, Outcome
from etscope.devtools.capture.runtime import Inference, Progress
from etscope.etdump.buffer_size import Obstacle, debug_buffer_bytes, unloggable
from etscope.etdump.columns import Trace
from etscope.etdump.errors import TraceError
from etscope.etdump.footprint import Footprint
from etscope.etdump.manifest import PassOutcome
from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import used_bytes
from etscope.etdump.writer import write_etdump

#: A tensor pass gets its planned buffer, then twice, then four times as much.
FACTORS = (1, 2, 4)

_OVERFLOW = "Ran out of space"


class ExecuTorchRuntime:
    """Runs a .pte with the runtime of the `executorch` package. Keeps the protocol `Runtime`.

    Args:
        program: the .pte.
        folder: where dumps are left: `timing.etdp` and `tensors.etdp`.
        threads: size of the runtime's thread pool; its own choice if None.
        timeout_s: for each pass.

    Attributes:
        traced_wall_ns: wall time of each inference of the last timing pass, shape (len(plan),).
        tensors: how the last tensor pass ended.
        threads_used: size of the thread pool in the last pass.
    """

    def __init__(
        self, program: Path, folder: Path, *, threads: int | None = None, timeout_s: float = 1800.0
    ) -> None:
        self.program, self.folder = program, folder
        self.threads, self.timeout_s = threads, timeout_s
        self.traced_wall_ns: NDArray[np.int64] = np.zeros(0, np.int64)
        self.tensors = PassOutcome("not_asked")
        self.threads_used: int | None = None

    def timing_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> Trace:
        """See `Runtime.timing_pass`. Its warm-up runs untraced, in a module of its own.

        Raises:
            DumpTooLarge: found before the run.
        """
        with self._folder() as name:
            folder = Path(name)
            outcome = self._child("timing", plan, folder, warmup=warmup, progress=progress)
            if outcome.fits is not None:
                raise DumpTooLarge(len(plan), outcome.fits)
            self.traced_wall_ns = np.load(folder / WALL, allow_pickle=False)
            path = self.folder / "timing.etdp"
            os.replace(folder / DUMP, path)
        return read_etdump(path)

    def untraced_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> NDArray[np.int64]:
        """See `Runtime.untraced_pass`. Wall time is around the call from Python."""
        with self._folder() as name:
            folder = Path(name)
            self._child("untraced", plan, folder, warmup=warmup, progress=progress)
            wall: NDArray[np.int64] = np.load(folder / WALL, allow_pickle=False)
        return wall

    def tensor_pass(
        self, plan: Sequence[Inference], debug_buffer_path: str | PathLike[str]
    ) -> Trace:
        """See `Runtime.tensor_pass`.

        Raises:
            TensorsNotLogged: the program cannot be run with tensors, or died of it.
        """
        program = read_program(self.program)
        ran = Counter(inference.method for inference in plan)
        obstacles = [found for found in unloggable(program) if found.method in ran]
        deadly = next((found for found in obstacles if found.aborts), None)
        if deadly is not None:
            self._fail(PassOutcome("skipped", f"In method {deadly.method!r} {deadly.reason}."))
        planned = debug_buffer_bytes(program, ran)
        with self._folder() as name:
            dump, logged = Path(name) / DUMP, Path(name) / TENSORS
            tries = self._log_tensors(plan, Path(name), planned)
            trace, lost = _salvaged(dump, obstacles)
            used = used_bytes(trace)
            outcome = PassOutcome("partial" if lost else "ok", lost, planned, used, tries)
            if lost and not len(trace.values):
                self._fail(replace(outcome, status="failed"))
            self.tensors = outcome
            path = self.folder / "tensors.etdp"
            if lost:
                # The runtime's file is broken; what could be read of it makes a good one.
                write_etdump(trace, path)
            else:
                os.replace(dump, path)
            # The runtime writes the whole buffer; what no tensor refers to is not worth carrying.
            os.truncate(logged, used)
            os.replace(logged, debug_buffer_path)
        return replace(trace, path=str(path))

    def footprint_pass(self, plan: Sequence[Inference]) -> Footprint:
        """Load and run the plan step by step, untraced, and measure the process meanwhile.

        Raises:
            CaptureError: the program cannot be run.
        """
        sampler = RssSampler()
        with self._folder() as name:
            folder, origin = Path(name), monotonic_ns()
            try:
                self._child("footprint", plan, folder, started=sampler.start)
            finally:
                sampler.stop()
            program = str(self.program.resolve())
            return read_footprint(folder, program, origin, sampler.readings)

    def _log_tensors(self, plan: Sequence[Inference], folder: Path, planned: int) -> int:
        """Run until the buffer is large enough; the number of tries."""
        for number, factor in enumerate(FACTORS, start=1):
            size = planned * factor
            self._make_room(folder, size)
            try:
                self._child("tensors", plan, folder, buffer_bytes=size)
            except ChildDied as why:
                full = any(_OVERFLOW in line for line in why.words)
                if full and number < len(FACTORS):
                    continue
                self._fail(PassOutcome("failed", str(why), planned, None, number))
            return number
        raise AssertionError("the loop always returns or raises")

    def _make_room(self, folder: Path, size: int) -> None:
        """The runtime fills the whole buffer and writes all of it; neither may take the machine."""
        free = shutil.disk_usage(folder).free
        memory = free_memory_bytes()
        if size > min(free, memory) // 2:
            reason = (
                f"The debug buffer would take {size} bytes; the machine has "
                f"{memory} bytes of memory and {free} bytes of disk free."
            )
            self._fail(PassOutcome("skipped", reason, size))

    def _fail(self, outcome: PassOutcome) -> None:
        self.tensors = outcome
        raise TensorsNotLogged(outcome)

    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="pass-", dir=self.folder)

    def _child(
        self,
        kind: str,
        plan: Sequence[Inference],
        folder: Path,
        *,
        warmup: int = 0,
        progress: Progress | None = None,
        buffer_bytes: int = 0,
        started: Callable[[int], None] | None = None,
    ) -> Outcome:
        packed = input_files.pack({f"{one.method}/{one.input_set}": one.inputs for one in plan})
        input_files.save(packed, folder / INPUTS)
        job = Job(
            kind=kind,
            program=str(self.program.resolve()),
            plan=run_lengths(plan),
            inputs=packed.sets,
            warmup=warmup,
            threads=self.threads,
            debug_buffer_bytes=buffer_bytes,
        )
        job.write(folder)
        outcome = run_child(
            folder,
            f"the {kind} pass",
            timeout_s=self.timeout_s,
            progress=progress,
            started=started,
        )
        self.threads_used = outcome.threads or self.threads_used
        return outcome


def _salvaged(dump: Path, obstacles: Sequence[Obstacle]) -> tuple[Trace, str | None]:
    """The trace of a dump, and what is missing in it; None if it is whole."""
    try:
        trace = read_etdump(dump)
    except TraceError:
        trace = read_etdump(dump, strict=False)
    if not trace.losses:
        return trace, None
    kept = len(trace.values)
    left = f"{kept} logged values could be saved" if kept else "no logged value could be saved"
    if obstacles:  # known beforehand: where exactly the dump broke says nothing more
        return trace, f"{obstacles[0].reason.capitalize()}; {left}."
    return trace, f"The dump is damaged ({trace.losses[0].what}); {left}."


def run_lengths(plan: Sequence[Inference]) -> list[tuple[str, int, int]]:
    """(method, input set, how often in a row) in the order of the plan."""
    groups = groupby((inference.method, inference.input_set) for inference in plan)
    return [(method, number, len(list(group))) for (method, number), group in groups]
