"""One capture from beginning to end: a model in, a bundle out."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture import choice, plan
from etscope.devtools.capture import inputs as input_files
from etscope.devtools.capture.bundle import bundle_path, check_target, unfinished, write_bundle
from etscope.devtools.capture.choice import CaptureRequest, Choice
from etscope.devtools.capture.executorch import (
    DumpTooLarge,
    ExecuTorchRuntime,
    TensorsNotLogged,
)
from etscope.devtools.capture.executorch_export import export_program
from etscope.devtools.capture.host import describe_host, describe_tools
from etscope.devtools.capture.models import SYNTHETIC, Model, load_model
from etscope.devtools.capture.paths import portable_target
from etscope.devtools.capture.runtime import Inference, Runtime
from etscope.etdump import bundle as names
from etscope.etdump.columns import Trace
from etscope.etdump.errors import CaptureError, UsageError
from etscope.etdump.manifest import Manifest, PassOutcome
from etscope.etdump.writer import write_etdump

__all__ = ["CaptureRequest", "capture"]

#: Called with (stage, steps done, steps in all); stages: export, timing, untraced, tensors.
Progress = Callable[[str, int, int], None]

_NOT_ASKED = PassOutcome("not_asked")


@dataclass
class _Work:
    """What one capture has gathered so far."""

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
    tensors: PassOutcome = _NOT_ASKED


def capture(request: CaptureRequest, *, progress: Progress | None = None) -> Path:
    """Run a model with tracing on and write the bundle; what came before it stays until then.

    Returns:
        The bundle's folder, NAME.etscope.

    Raises:
        UsageError: the request makes no sense, or its dump would be too large.
        CaptureError: the model, the export or the runtime failed.
        MissingExtra: what it asks for is not installed.
        TraceError: a .pte that was given is not one.
    """
    choice.check(request)
    target = bundle_path(request.output)
    check_target(target)
    say = progress or _silent
    chosen = choice.choose(request)
    say("export", 0, 1)
    model = load_model(
        request.target, inputs=request.inputs, methods=request.methods, seed=request.seed
    )
    with unfinished(target) as folder:
        work = _Work(request, chosen, model, folder, say, notes=list(model.notes))
        runtime = _prepare(work)
        say("export", 1, 1)
        _timing(work, runtime)
        _tensors(work, runtime)
        _save_inputs(work)
        return write_bundle(work.files, _manifest(work, runtime), folder, target)


def _silent(stage: str, done: int, total: int) -> None:
    """No progress was asked for."""


def _prepare(work: _Work) -> Runtime:
    request, model = work.request, work.model
    work.warm = plan.warm_up(model.methods, request.warmup)
    work.measured = plan.measured(model.methods, request.iterations)
    if any(method.origin == SYNTHETIC for method in model.methods):
        work.notes.append("Inputs were made up from the program; times that depend on values lie.")
    if not request.warmup:
        work.notes.append("There was no warm-up: the first wall times include loading the method.")
    if work.choice.name == "reference":
        return _reference(work)
    program = work.folder / names.PROGRAM
    if model.program is not None:
        shutil.copyfile(model.program, program)
    else:
        _export(work)
    work.files[names.PROGRAM] = program
    return ExecuTorchRuntime(
        program, work.folder, threads=request.threads, timeout_s=request.timeout_s
    )


def _reference(work: _Work) -> Runtime:
    from etscope.devtools.capture.reference import ReferenceRuntime

    work.notes.append("The reference runtime runs the exported graph; there is no .pte program.")
    programs = {m.name: m.exported for m in work.model.methods if m.exported is not None}
    if len(programs) < len(work.model.methods):
        raise UsageError(choice.no_graph(work.request.target))
    if work.request.threads is not None:
        import torch

        torch.set_num_threads(work.request.threads)
    return ReferenceRuntime(programs)


def _export(work: _Work) -> None:
    exported = export_program(
        {m.name: m.exported for m in work.model.methods if m.exported is not None},
        {method.name: method.input_sets for method in work.model.methods},
        work.folder,
        backend=work.request.backend,
        quantize=work.request.quantize,
    )
    work.notes += exported.notes
    if exported.record is not None:
        work.files[names.RECORD] = exported.record


def _timing(work: _Work, runtime: Runtime) -> None:
    request, whole = work.request, work.warm + work.measured
    work.say("timing", 0, len(whole))
    try:
        # The warm-up is part of the traced plan: in the manifest it is flagged as such.
        trace = runtime.timing_pass(whole, warmup=0, progress=partial(work.say, "timing"))
    except DumpTooLarge as why:
        turns = len(plan.each_once(work.model.methods))
        fits = max(why.fits - len(work.warm), 0) // turns
        raise UsageError(
            f"{request.iterations} iterations would make a dump of 2^31 bytes, where the runtime "
            f"crashes; ask for at most {fits} iterations."
        ) from why
    work.files[names.TRACE] = _dump(trace, work.folder / "timing.etdp")
    if isinstance(runtime, ExecuTorchRuntime):
        # The reference runtime has nothing around a method that its own event would not cover.
        work.traced = runtime.traced_wall_ns[len(work.warm) :]
    work.say("timing", len(whole), len(whole))
    work.say("untraced", 0, len(whole))
    # After the other, which finds out beforehand whether there are too many inferences.
    work.untraced = runtime.untraced_pass(
        work.measured, warmup=request.warmup, progress=partial(work.say, "untraced")
    )
    work.say("untraced", len(whole), len(whole))


def _dump(trace: Trace, path: Path) -> Path:
    """The file of a trace: the runtime's own where it wrote one."""
    if trace.path is not None:
        return Path(trace.path)
    write_etdump(trace, path)
    return path


def _tensors(work: _Work, runtime: Runtime) -> None:
    if not work.request.tensors:
        return
    once = plan.each_once(work.model.methods)
    work.say("tensors", 0, 1)
    buffer = work.folder / "tensors.bin"
    try:
        trace = runtime.tensor_pass(once, buffer)
    except TensorsNotLogged as why:
        work.tensors = why.outcome
        return
    except CaptureError as why:
        work.tensors = PassOutcome("failed", str(why))
        return
    work.files[names.DEBUG_TRACE] = _dump(trace, work.folder / "tensors.etdp")
    work.files[names.DEBUG_BUFFER] = buffer
    used = buffer.stat().st_size
    work.tensors = PassOutcome("ok", buffer_bytes_used=used)
    if isinstance(runtime, ExecuTorchRuntime):
        work.tensors = runtime.tensors
    work.say("tensors", 1, 1)


def _input_sets(work: _Work) -> input_files.PackedInputs:
    once = plan.each_once(work.model.methods)
    return input_files.pack({f"{one.method}/{one.input_set}": one.inputs for one in once})


def _save_inputs(work: _Work) -> None:
    path = work.folder / "inputs"
    input_files.save(_input_sets(work), path)
    work.files[names.INPUTS] = path


def _manifest(work: _Work, runtime: Runtime) -> Manifest:
    request, model = work.request, work.model
    origins = {method.name: method.origin for method in model.methods}
    threads = request.threads
    if isinstance(runtime, ExecuTorchRuntime):
        threads = runtime.threads_used
    sets = _input_sets(work).sets.items()
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
        passes={"timing": PassOutcome("ok"), "tensors": work.tensors},
        notes=tuple(work.notes),
    )
