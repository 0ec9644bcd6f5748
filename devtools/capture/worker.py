"""The child process: runs one pass of a job with the ExecuTorch runtime, then ends.

Started as `python -m etscope.devtools.capture.worker JOB_FOLDER`. The folder
holds job.json and inputs.safetensors; the results go there too. Whatever the
runtime does to this process, the parent lives on.

Standard output carries progress lines, standard error the runtime's words. When
standard input closes, the parent is gone, and so is this process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import threading
from mmap import ACCESS_READ, mmap
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture import inputs as input_files
from etscope.devtools.capture.footprint_phases import run_phases
from etscope.devtools.capture.footprint_probe import Probe
from etscope.devtools.capture.job import DUMP, INPUTS, PROGRESS, TENSORS, WALL, Job, Outcome
from etscope.etdump.footprint import LIBRARIES, START

_REPORT_NS = 200_000_000

#: Room for what a dump holds besides its inferences.
_HEADROOM = 2**20


def main(folder: Path) -> int:
    """Run the job in the folder; what Python can report goes into result.json."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = Job.read(folder)
    try:
        outcome = _footprint(job, folder) if job.kind == "footprint" else _Pass(job, folder).run()
    except Exception as why:
        outcome = Outcome(error=f"{type(why).__name__}: {why}")
    outcome.write(folder)
    return 0 if outcome.error is None else 1


def _footprint(job: Job, folder: Path) -> Outcome:
    probe = Probe(folder)
    probe.phase(START)
    loaded = _Pass(job, folder)
    probe.settle()
    probe.phase(LIBRARIES)
    run_phases(loaded.runtime, job.program, loaded.plan, probe)
    probe.write()
    return Outcome(threads=int(loaded.runtime._threadpool_get_thread_count()))


def _end_with_parent() -> None:
    # os.read, because a buffered read holds a lock that stops the interpreter from ending.
    while os.read(0, 4096):
        pass
    os._exit(1)


def _bindings(program: Path) -> Any:
    import torch  # noqa: F401  the bindings need its libraries in the process

    try:
        # Spares the ten seconds that the Python side of executorch takes to import.
        runtime = importlib.import_module("executorch.extension.pybindings._C")
    except ImportError:
        runtime = importlib.import_module("executorch.extension.pybindings.portable_lib")
    if _names_quantized_operators(program):
        # Operators of int8 graphs that no backend took; their kernels are in a library apart.
        importlib.import_module("executorch.kernels.quantized")
    return runtime


def _names_quantized_operators(program: Path) -> bool:
    with program.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        return data.find(b"quantized_decomposed::") >= 0


class _Pass:
    """One job: a program, a plan of inferences, and the way to run it."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self.folder = job, folder
        self.runtime = _bindings(Path(job.program))
        if job.threads is not None:
            self.runtime._unsafe_reset_threadpool(job.threads)
        packed = input_files.load(folder / INPUTS, job.inputs)
        self.values = input_files.unpack(packed)
        self.plan = [
            (method, self.values[f"{method}/{number}"])
            for method, number, count in job.plan
            for _ in range(count)
        ]

    def run(self) -> Outcome:
        job = self.job
        if job.kind == "timing":
            fits = self._inferences_that_fit()
            if fits is not None:
                return Outcome(fits=fits)
            self._warm_up_apart()
        traced = job.kind != "untraced"
        module = self._load(traced, job.debug_buffer_bytes)
        wall = self._run_plan(module)
        np.save(self.folder / WALL, wall, allow_pickle=False)
        if traced:
            # Only once, and nothing may run in this module afterwards: both abort the process.
            buffer = str(self.folder / TENSORS) if job.debug_buffer_bytes else None
            module.write_etdump_result_to_file(str(self.folder / DUMP), buffer)
        return Outcome(threads=int(self.runtime._threadpool_get_thread_count()))

    def _load(self, traced: bool, debug_buffer_bytes: int = 0) -> Any:
        # From the file: a program loaded from bytes reads them after Python has freed them.
        return self.runtime._load_for_executorch(
            self.job.program, enable_etdump=traced, debug_buffer_size=debug_buffer_bytes
        )

    def _run_plan(self, module: Any) -> NDArray[np.int64]:
        """Run every inference: wall ns of each, without the warm-up that is not in the plan."""
        total = len(self.plan)
        wall = np.zeros(total, np.int64)
        warm = [] if self.job.kind == "timing" else self._warm_up_calls()
        run, clock, said = module.run_method, perf_counter_ns, perf_counter_ns()
        gc.collect()
        gc.disable()
        for position, (method, values) in enumerate(warm + self.plan, start=-len(warm)):
            start = clock()
            run(method, values, False)
            end = clock()
            if position >= 0:
                wall[position] = end - start
            if end - said > _REPORT_NS:
                said = end
                _say(position + len(warm) + 1, len(warm) + total)
        gc.enable()
        return wall

    def _warm_up_apart(self) -> None:
        """Warm up the machine in a module of its own: in the traced one it would be recorded."""
        if self.job.warmup:
            module = self._load(False)
            for method, values in self._warm_up_calls():
                module.run_method(method, values, False)

    def _warm_up_calls(self) -> list[Any]:
        first = {method: (method, values) for method, values in reversed(self.plan)}
        order = dict.fromkeys(method for method, _ in self.plan)
        return [first[method] for method in order for _ in range(self.job.warmup)]

    def _inferences_that_fit(self) -> int | None:
        """How many of the plan's inferences one dump can hold; None if all of them.

        The runtime dies at 2^31 bytes, so their number is measured first, in
        modules of their own: one round over everything, and another of two.
        """
        total = len(self.plan)
        kinds = list(
            {(method, id(values)): (method, values) for method, values in self.plan}.values()
        )
        once = self._dump_bytes(kinds)
        room = self.job.size_limit - _HEADROOM
        if once * -(-total // len(kinds)) < room // 2:
            return None
        per_round = max(self._dump_bytes(kinds * 2) - once, 1)
        fits = max(room - once, 0) * len(kinds) // per_round
        return None if fits >= total else int(fits)

    def _dump_bytes(self, calls: list[Any]) -> int:
        module = self._load(True)
        for method, values in calls:
            module.run_method(method, values, False)
        path = self.folder / "probe.etdp"
        module.write_etdump_result_to_file(str(path), None)
        size = path.stat().st_size
        path.unlink()
        return size


def _say(done: int, total: int) -> None:
    print(PROGRESS + json.dumps([done, total]), flush=True)  # noqa: T201  the parent reads it


if __name__ == "__main__":
    _code = main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the interpreter's ending: the runtime's destructors may abort there.
    os._exit(_code)
