"""The programs of sample_traces/, lowered again as `make samples` does, with their graphs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sample_traces.make_samples import requests

from etscope.devtools.capture import executorch_export as export
from etscope.devtools.capture.choice import CaptureRequest
from etscope.devtools.capture.models import load_model


def lowered_again(request: CaptureRequest) -> Any:
    """ExecuTorch's program manager of one sample."""
    model = load_model(request.target, seed=request.seed)
    with export._quiet():
        programs = {method.name: method.exported for method in model.methods}
        if request.quantize:
            programs = {
                method.name: export._quantized(method.exported, method.input_sets)
                for method in model.methods
                if method.exported is not None
            }
        return export._lower({name: ep for name, ep in programs.items() if ep}, request.backend)


#: Name of the bundle → the program manager.
SAMPLES: dict[str, Callable[[], Any]] = {
    request.output.name: partial(lowered_again, request) for request in requests()
}
