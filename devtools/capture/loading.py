"""One method made ready to run: compiled code, a state of its own, and what loading took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter_ns
from typing import Any

import torch
from torch.export import ExportedProgram

from etscope.devtools.capture.codegen import Generated, Variant, generate
from etscope.devtools.capture.lowering import Lowered, lower
from etscope.devtools.capture.recording import Load
from etscope.devtools.capture.state import State
from etscope.devtools.capture.tensor_log import TensorLog
from etscope.etdump.errors import CaptureError


@dataclass(frozen=True)
class Method:
    """One method, loaded: compiled code and a state of its own."""

    name: str
    lowered: Lowered
    state: State
    code: Generated
    load: Load

    def call(self, inputs: Iterable[object]) -> Any:
        """Run the generated function.

        Raises:
            CaptureError: an operator failed; the text names it.
        """
        try:
            return self.code.function(*inputs)
        except Exception as error:
            raise CaptureError(self._last_words(error)) from error

    def own(self, inputs: tuple[object, ...]) -> tuple[object, ...]:
        """The inputs, copied if a run could change them: every inference sees them as given."""
        if not self.lowered.changes_inputs:
            return inputs
        return tuple(
            value.detach().clone() if isinstance(value, torch.Tensor) else value for value in inputs
        )

    def _last_words(self, error: Exception) -> str:
        reason = " ".join(str(error).split()) or type(error).__name__
        line, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.code.filename:
                line = trace.tb_lineno
            trace = trace.tb_next
        step = self.code.step_at.get(line)
        if step is None:
            return f"method {self.name!r} failed: {reason[:500]}"
        what = f"{step.operator or 'the step'} ({step.node or 'write-back'})"
        return f"method {self.name!r} failed in {what}: {reason[:500]}"


def load_method(
    name: str, program: ExportedProgram, variant: Variant, log: TensorLog | None = None
) -> Method:
    """Load a method anew, measured: init is its state and code, load is that and the lowering."""
    start = perf_counter_ns()
    lowered = lower(program)
    init = perf_counter_ns()
    state = State(program, lowered)
    returned = None if log is None else log.returned
    code = generate(name, lowered, state.values, variant, returned)
    ready = perf_counter_ns()
    load = Load((init, ready), (start, perf_counter_ns()))
    return Method(name, lowered, state, code, load)
