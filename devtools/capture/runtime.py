"""The protocol that both runtimes keep: what a capture asks of whatever runs the model.

A plan is a list of inferences in the order in which they run. Every pass runs
the whole plan: a timing pass without tensors, a pass without any tracing (so
that the cost of tracing can be stated), and a pass that logs tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Trace

#: Called with (inferences done, inferences in all), warm-up included.
Progress = Callable[[int, int], None]


class Inference(NamedTuple):
    """One run of one method."""

    method: str
    input_set: int  # which of the user's input sets these inputs are; recorded in the manifest
    inputs: tuple[object, ...]  # flat: the leaves of (args, kwargs)


class Runtime(Protocol):
    """Something that runs a program and says what happened.

    All passes raise CaptureError when the program cannot be run and UsageError
    when the plan does not fit it (an unknown method, inputs of another shape).
    """

    def timing_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> Trace:
        """Run the plan with event tracing on and no tensors logged.

        Before it, the first inference of each method is run `warmup` times and thrown away.
        """
        ...

    def untraced_pass(
        self, plan: Sequence[Inference], *, warmup: int, progress: Progress | None = None
    ) -> NDArray[np.int64]:
        """Wall time of each inference with tracing off, in ns. Shape (len(plan),)."""
        ...

    def tensor_pass(
        self, plan: Sequence[Inference], debug_buffer_path: str | PathLike[str]
    ) -> Trace:
        """Run the plan once, logging every operator's outputs.

        The tensors go to `debug_buffer_path`, which appears only when it is complete.
        """
        ...
