"""The embedded runtime: runs a torch.export program operator by operator with torch kernels.

It emits what the real runtime emits, so that everything downstream is the same
code. Times are those of torch's kernels on this machine, not of a device; the
clock is time.perf_counter_ns. There is no OPERATOR_CALL event, because there is
no dispatch layer of its own whose cost it could report.

Each pass loads its methods anew and starts from the state that the program was
exported with, so a pass does not see what another did to a KV cache.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import torch
from numpy.typing import NDArray
from torch.export import ExportedProgram

from etscope.devtools.capture.codegen import Variant, generate
from etscope.devtools.capture.guards import check_inputs
from etscope.devtools.capture.loading import Method, load_method
from etscope.devtools.capture.lowering import Lowered, lower
from etscope.devtools.capture.pytrees import flat_inputs, nested_outputs
from etscope.devtools.capture.recording import Recording
from etscope.devtools.capture.runtime import Inference, Progress
from etscope.devtools.capture.tensor_log import TensorLog
from etscope.devtools.capture.tensor_trace import LoggedRun, tensor_trace
from etscope.etdump.columns import Trace
from etscope.etdump.errors import CaptureError, UsageError


class ReferenceRuntime:
    """Runs exported programs, one per method. Keeps the protocol `Runtime`.

    Args:
        programs: method name -> program. They are never changed.

    Raises:
        UsageError: there is no program, or one is not an ExportedProgram.
    """

    def __init__(self, programs: Mapping[str, ExportedProgram]) -> None:
        for name, program in programs.items():
            if not isinstance(program, ExportedProgram):
                raise UsageError(
                    f"method {name!r} is a {type(program).__name__}, not an ExportedProgram; "
                    "export it with torch.export.export first."
                )
        if not programs:
            raise UsageError("there is no program to run; give at least one method.")
        self._programs = dict(programs)
        self._lowered: dict[str, Lowered] = {}
        self._running: dict[str, Method] = {}

    def run(self, method: str, inputs: Sequence[object]) -> tuple[object, ...]:
        """Run one inference untraced.

        State stays from call to call, and inputs that the model mutates are mutated, as in eager.

        Args:
            method: which.
            inputs: flat; see `flatten`.

        Returns:
            The flat outputs; see `unflatten`.
        """
        self._check(Inference(method, 0, tuple(inputs)))
        if method not in self._running:
            self._running[method] = load_method(method, self._program(method), Variant.PLAIN)
        with torch.no_grad():
            outputs: tuple[object, ...] = self._running[method].call(inputs)
        return outputs

    def timing_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> Trace:
        """See `Runtime.timing_pass`. State starts as exported after the warm-up."""
        methods = self._prepare(plan, Variant.TIMED)
        steps = _Progress(progress, len(plan) + warmup * len(methods))
        recording = Recording(
            {name: method.load for name, method in methods.items()},
            {name: _operators(method.lowered) for name, method in methods.items()},
            [inference.method for inference in plan],
        )
        with torch.no_grad():
            _warm_up(methods, plan, warmup, steps)
            for index, inference in enumerate(plan):
                method = methods[inference.method]
                recording.add(index, method.call(method.own(inference.inputs)))
                steps.done()
        return recording.trace()

    def untraced_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> NDArray[np.int64]:
        """See `Runtime.untraced_pass`."""
        methods = self._prepare(plan, Variant.PLAIN)
        steps = _Progress(progress, len(plan) + warmup * len(methods))
        wall = np.zeros(len(plan), np.int64)
        with torch.no_grad():
            _warm_up(methods, plan, warmup, steps)
            for index, inference in enumerate(plan):
                method = methods[inference.method]
                inputs = method.own(inference.inputs)
                start = perf_counter_ns()
                method.call(inputs)
                wall[index] = perf_counter_ns() - start
                steps.done()
        return wall

    def tensor_pass(
        self, plan: Sequence[Inference], debug_buffer_path: str | os.PathLike[str]
    ) -> Trace:
        """See `Runtime.tensor_pass`. Operator times are without the logging; the run's are with."""
        path = Path(debug_buffer_path)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with open(unfinished, "wb") as file, torch.no_grad():
                log = TensorLog(file)
                methods = self._prepare(plan, Variant.LOGGED, log)
                runs = [_logged_run(methods[item.method], item, log) for item in plan]
            os.replace(unfinished, path)
        except OSError as error:
            raise CaptureError(f"the debug buffer {path} cannot be written: {error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return tensor_trace(
            [method.load for method in methods.values()],
            {name: _operators(method.lowered) for name, method in methods.items()},
            runs,
            log,
        )

    def flatten(
        self, method: str, args: tuple[object, ...], kwargs: Mapping[str, object] | None = None
    ) -> tuple[object, ...]:
        """The flat inputs of a call, in the order of the program.

        Raises:
            UsageError: the nesting is not that of the export.
        """
        return flat_inputs(self._program(method), method, args, dict(kwargs or {}))

    def unflatten(self, method: str, outputs: Sequence[object]) -> object:
        """Flat outputs in the structure that the model returns."""
        return nested_outputs(self._program(method), outputs)

    def instruction_nodes(self, method: str) -> list[str]:
        """For each instruction id the name of its graph node.

        Empty for the write-back of a mutated buffer or input, which is no node of the graph.
        """
        return [step.node for step in self._lower(method).instructions]

    def source(self, method: str, variant: Variant = Variant.PLAIN) -> str:
        """The generated Python of a method, for debugging."""
        lowered = self._lower(method)
        return generate(method, lowered, [None] * len(lowered.lifted), variant).source

    def _program(self, method: str) -> ExportedProgram:
        try:
            return self._programs[method]
        except KeyError:
            known = ", ".join(map(repr, self._programs))
            raise UsageError(f"there is no method {method!r}; the program has {known}.") from None

    def _lower(self, method: str) -> Lowered:
        if method not in self._lowered:
            self._lowered[method] = lower(self._program(method))
        return self._lowered[method]

    def _prepare(
        self, plan: Sequence[Inference], variant: Variant, log: TensorLog | None = None
    ) -> dict[str, Method]:
        """The methods of a plan, loaded in the order of first use; every input set checked once."""
        for inference in {(item.method, id(item.inputs)): item for item in plan}.values():
            self._check(inference)
        names = dict.fromkeys(inference.method for inference in plan)
        return {name: load_method(name, self._program(name), variant, log) for name in names}

    def _check(self, inference: Inference) -> None:
        program = self._program(inference.method)
        nodes = self._lower(inference.method).inputs
        check_inputs(inference.method, nodes, program.range_constraints, inference.inputs)


class _Progress:
    """Reports about 200 times in all: a call per inference would disturb what is measured."""

    def __init__(self, report: Progress | None, total: int) -> None:
        self._report = report
        self._total = total
        self._done = 0
        self._stride = max(1, total // 200)

    def done(self) -> None:
        self._done += 1
        if self._report and (self._done % self._stride == 0 or self._done == self._total):
            self._report(self._done, self._total)


def _operators(lowered: Lowered) -> list[str]:
    return [step.operator for step in lowered.instructions]


def _warm_up(
    methods: Mapping[str, Method], plan: Sequence[Inference], warmup: int, steps: _Progress
) -> None:
    """Run the first inference of each method some times, then forget what that did to the state."""
    first: dict[str, Inference] = {}
    for inference in plan:
        first.setdefault(inference.method, inference)
    for inference in first.values():
        method = methods[inference.method]
        for _ in range(warmup):
            method.call(method.own(inference.inputs))
            steps.done()
        method.state.reset()


def _logged_run(method: Method, inference: Inference, log: TensorLog) -> LoggedRun:
    first = len(log.events)
    readings, outputs = method.call(method.own(inference.inputs))
    for output in outputs:
        log.output(output)
    return LoggedRun(method.name, readings, range(first, len(log.events)))
