"""What one capture has gathered so far, handed from pass to pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture.choice import CaptureRequest, Choice
from etscope.devtools.capture.models import Model
from etscope.devtools.capture.runtime import Inference
from etscope.etdump.footprint import Footprint
from etscope.etdump.machine_peak import MachinePeak
from etscope.etdump.manifest import PassOutcome

#: Called with (stage, steps done, steps in all); stages: export, timing, untraced, tensors,
#: footprint, calibration.
Progress = Callable[[str, int, int], None]

NOT_ASKED = PassOutcome("not_asked")


@dataclass
class Work:
    """The request, what became of it, and files on their way into the bundle."""

    request: CaptureRequest
    choice: Choice
    model: Model
    folder: Path
    say: Progress
    files: dict[str, Path] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    warm: list[Inference] = field(default_factory=list)
    measured: list[Inference] = field(default_factory=list)
    untraced: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    traced: NDArray[np.int64] | None = None
    tensors: PassOutcome = NOT_ASKED
    footprint: Footprint | None = None
    footprint_pass: PassOutcome = NOT_ASKED
    machine_peak: MachinePeak | None = None
    calibration: PassOutcome = NOT_ASKED
