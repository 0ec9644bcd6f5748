"""One capture from beginning to end: a model in, a bundle out."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from etscope.devtools.capture import calibration_pass, choice, plan
from etscope.devtools.capture import inputs as input_files
from etscope.devtools.capture.bundle import bundle_path, check_target, unfinished, write_bundle
from etscope.devtools.capture.choice import CaptureRequest
from etscope.devtools.capture.described import input_sets, manifest_of
from etscope.devtools.capture.executorch import ExecuTorchRuntime
from etscope.devtools.capture.executorch_export import export_program
from etscope.devtools.capture.failures import DumpTooLarge, TensorsNotLogged
from etscope.devtools.capture.models import SYNTHETIC, load_model
from etscope.devtools.capture.runtime import Runtime
from etscope.devtools.capture.work import Progress, Work
from etscope.etdump import bundle as names
from etscope.etdump.columns import Trace
from etscope.etdump.errors import CaptureError, UsageError
from etscope.etdump.manifest import PassOutcome
from etscope.etdump.writer import write_etdump

__all__ = ["CaptureRequest", "capture"]


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
        work = Work(request, chosen, model, folder, say, notes=list(model.notes))
        runtime = _prepare(work)
        say("export", 1, 1)
        _timing(work, runtime)
        _tensors(work, runtime)
        _footprint(work, runtime)
        _calibration(work, runtime)
        _save_inputs(work)
        return write_bundle(work.files, manifest_of(work, runtime), folder, target)


def _silent(stage: str, done: int, total: int) -> None:
    """No progress was asked for."""


def _prepare(work: Work) -> Runtime:
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


def _reference(work: Work) -> Runtime:
    from etscope.devtools.capture.reference import ReferenceRuntime

    work.notes.append("The reference runtime runs the exported graph; there is no .pte program.")
    programs = {m.name: m.exported for m in work.model.methods if m.exported is not None}
    if len(programs) < len(work.model.methods):
        raise UsageError(choice.no_graph(work.request.target))
    if work.request.threads is not None:
        import torch

        torch.set_num_threads(work.request.threads)
    return ReferenceRuntime(programs)


def _export(work: Work) -> None:
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


def _timing(work: Work, runtime: Runtime) -> None:
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


def _tensors(work: Work, runtime: Runtime) -> None:
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


def _footprint(work: Work, runtime: Runtime) -> None:
    if not work.request.footprint:
        return
    if not isinstance(runtime, ExecuTorchRuntime):
        reason = "The reference runtime runs inside this process, whose memory is not the model's."
        work.footprint_pass = PassOutcome("skipped", reason)
        return
    work.say("footprint", 0, 1)
    try:
        work.footprint = runtime.footprint_pass(plan.each_once(work.model.methods))
    # Times and tensors are worth having without it.
    except (CaptureError, OSError, ValueError) as why:
        work.footprint_pass = PassOutcome("failed", str(why))
        return
    work.footprint_pass = PassOutcome("ok")
    work.say("footprint", 1, 1)


def _calibration(work: Work, runtime: Runtime) -> None:
    if not work.request.calibrate:
        return
    work.say("calibration", 0, 1)
    threads = work.request.threads
    if isinstance(runtime, ExecuTorchRuntime):
        threads = runtime.threads_used
    work.machine_peak, work.calibration = calibration_pass.calibrate(threads)
    work.say("calibration", 1, 1)


def _save_inputs(work: Work) -> None:
    path = work.folder / "inputs"
    input_files.save(input_sets(work), path)
    work.files[names.INPUTS] = path
