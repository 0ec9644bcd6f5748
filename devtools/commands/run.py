"""`etscope run`: a model in, a bundle and its latency report out."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import click

from etscope.devtools.capture.choice import RUNTIMES, CaptureRequest, check, choose
from etscope.devtools.capture.executorch_export import BACKENDS, QUANTIZATIONS
from etscope.devtools.documents import STDOUT
from etscope.devtools.latency_output import Wanted, deliver
from etscope.devtools.latency_text import SCREENFUL, Layout
from etscope.devtools.pass_progress import shown_progress
from etscope.devtools.terminal import complain, say
from etscope.devtools.trace_input import open_trace
from etscope.inspector.recording import Recording

_AUTO = "auto"


@click.command()
@click.argument("target")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="NAME.etscope",
    help="The bundle; an older bundle of that name is replaced.  [default: after TARGET]",
)
@click.option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default=_AUTO,
    show_default=True,
    help="auto: executorch if it is installed, else reference (torch kernels, one by one).",
)
@click.option(
    "--backend",
    type=click.Choice([_AUTO, *BACKENDS]),
    default=_AUTO,
    show_default=True,
    help="What to lower to. auto: xnnpack on executorch, where it is not lowered already.",
)
@click.option(
    "--quantize",
    type=click.Choice(QUANTIZATIONS),
    help="Quantize first (PT2E), calibrated with the inputs.",
)
@click.option(
    "--iterations",
    type=int,
    default=CaptureRequest.iterations,
    show_default=True,
    metavar="N",
    help="Measured inferences per method and input set.",
)
@click.option(
    "--warmup",
    type=int,
    default=CaptureRequest.warmup,
    show_default=True,
    metavar="N",
    help="Inferences per method before them, not counted.",
)
@click.option(
    "--tensors/--no-tensors",
    default=CaptureRequest.tensors,
    show_default=True,
    help="Log the outputs of every operator, in a pass of its own.",
)
@click.option(
    "--footprint/--no-footprint",
    default=CaptureRequest.footprint,
    show_default=True,
    help="Measure the memory of a process that loads and runs the program.",
)
@click.option(
    "--calibrate/--no-calibrate",
    default=CaptureRequest.calibrate,
    show_default=True,
    help="Measure what the machine reaches, for operators to be held against.",
)
@click.option(
    "--inputs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Inputs (.safetensors or .npz; keys method/set/argument) instead of the model's own.",
)
@click.option(
    "--seed",
    type=int,
    default=CaptureRequest.seed,
    show_default=True,
    metavar="N",
    help="Of torch's generator, for weights and made-up inputs.",
)
@click.option("--methods", default="", metavar="A,B", help="Only these methods.  [default: all]")
@click.option("--threads", type=int, metavar="N", help="Of the runtime.  [default: its choice]")
@click.option("--html", metavar="FILE", help="Also write the report as a page to FILE.")
@click.option(
    "--json",
    "json_to",
    is_flag=False,
    flag_value=STDOUT,
    metavar="[FILE]",
    help="Also write the report as JSON to FILE; without FILE, alone to stdout.",
)
@click.option(
    "--top",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Rows of a table; 0 for all.  [default: {SCREENFUL}, or all in a pipe]",
)
def command(
    target: str,
    output: Path | None,
    backend: str,
    methods: str,
    html: str | None,
    json_to: str | None,
    top: int | None,
    **settings: Any,
) -> int:
    """Run a model with tracing on, write a bundle, and say where the time goes.

    TARGET is path.py:function or package.module:function, where the function returns
    (module, inputs), a list of inputs, or a dict of methods; or a .pte or .pt2 program.
    """
    wanted = Wanted(Layout(top=top), json=json_to, html=html)
    wanted.check()
    names = tuple(name.strip() for name in methods.split(",") if name.strip())
    place = output or Path(default_name(target))
    request = CaptureRequest(target, place, methods=names, **settings)
    # Where stdout belongs to a document, what is said for people goes beside it.
    stream = sys.stderr if wanted.is_document else sys.stdout
    bundle = _capture(with_backend(request, backend), stream, by_default=backend == _AUTO)
    recording = open_trace(bundle)
    _say_what_was_made(recording, stream)
    code = deliver(recording, wanted)
    say(f"next: etscope inspect {bundle} --sort order --all", stream=stream)
    return code


def default_name(target: str) -> str:
    """The bundle's name where none was given: that of the function or of the file."""
    return Path(target.rpartition(":")[2]).stem or "model"


def with_backend(request: CaptureRequest, backend: str) -> CaptureRequest:
    """The request with its backend chosen.

    Raises:
        UsageError, MissingExtra: as `check` and `choose`.
    """
    if backend != _AUTO:
        return replace(request, backend=backend)
    lowered = request.target.endswith(".pte")
    check(request)
    plain = replace(request, quantize=None)
    real = not lowered and choose(plain).name == "executorch"
    return replace(request, backend="xnnpack") if real else request


def _capture(request: CaptureRequest, stream: TextIO, *, by_default: bool) -> Path:
    from etscope.devtools.capture.session import capture

    check(request)
    choice = choose(request)
    say(f"runtime: {choice.name}. {choice.why}", stream=stream)
    if choice.name == "executorch" and not request.target.endswith(".pte"):
        hint = ", the default; --backend portable lowers to no delegate" if by_default else ""
        say(f"backend: {request.backend}{hint}", stream=stream)
    stream.flush()
    try:
        with shown_progress() as progress:
            return capture(request, progress=progress)
    except KeyboardInterrupt:
        complain("etscope: interrupted; no bundle was written.")
        raise


def _say_what_was_made(recording: Recording, stream: TextIO) -> None:
    """Where the bundle is, what it holds, and which passes lost something."""
    bundle = recording.bundle
    assert bundle is not None
    size = sum(entry.bytes for entry in bundle.manifest.files.values())
    files = ", ".join(sorted(bundle.manifest.files))
    say(f"bundle: {bundle.folder} ({size / 1000:,.0f} kB: {files})", stream=stream)
    for name, outcome in bundle.manifest.passes.items():
        if outcome.status not in ("ok", "not_asked"):
            reason = "" if outcome.reason is None else f": {outcome.reason}"
            say(f"{name} pass {outcome.status}{reason}", style="yellow", stream=stream)
    say(stream=stream)
