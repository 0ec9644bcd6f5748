"""The manifest of a capture that has run all its passes."""

from __future__ import annotations

from datetime import datetime, timezone

from etscope.devtools.capture import inputs as input_files
from etscope.devtools.capture import plan
from etscope.devtools.capture.executorch import ExecuTorchRuntime
from etscope.devtools.capture.host import describe_host, describe_tools
from etscope.devtools.capture.paths import portable_target
from etscope.devtools.capture.runtime import Runtime
from etscope.devtools.capture.work import Work
from etscope.etdump import bundle as names
from etscope.etdump.manifest import Manifest, PassOutcome


def input_sets(work: Work) -> input_files.PackedInputs:
    """Every input set of every method, as the bundle keeps it."""
    once = plan.each_once(work.model.methods)
    return input_files.pack({f"{one.method}/{one.input_set}": one.inputs for one in once})


def manifest_of(work: Work, runtime: Runtime) -> Manifest:
    """What was run, in which order, on which machine, with which outcome."""
    request, model = work.request, work.model
    origins = {method.name: method.origin for method in model.methods}
    threads = request.threads
    if isinstance(runtime, ExecuTorchRuntime):
        threads = runtime.threads_used
    sets = input_sets(work).sets.items()
    logged = names.DEBUG_TRACE in work.files
    return Manifest(
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        tool=describe_tools(),
        runtime={"name": work.choice.name, "why": work.choice.why},
        model={
            "target": portable_target(request.target),
            "backend": None if model.program is not None else request.backend,
            "quantize": request.quantize,
            "methods": list(model.names),
        },
        host=describe_host(threads),
        clock={"unit": "ns", "kind": "measured"},
        warmup=request.warmup,
        iterations=request.iterations,
        inferences=plan.described(work.warm + work.measured, warmup=len(work.warm)),
        tensor_inferences=plan.described(plan.each_once(model.methods)) if logged else (),
        untraced_wall_ns=plan.by_input(work.measured, work.untraced),
        traced_wall_ns={} if work.traced is None else plan.by_input(work.measured, work.traced),
        inputs={key: {"origin": origins[key.rpartition("/")[0]], **row} for key, row in sets},
        passes={
            "timing": PassOutcome("ok"),
            "tensors": work.tensors,
            "footprint": work.footprint_pass,
            "calibration": work.calibration,
        },
        notes=tuple(work.notes),
        footprint=work.footprint,
        machine_peak=work.machine_peak,
    )
