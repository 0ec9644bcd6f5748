"""What a capture was asked for, and which runtime that means."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from etscope.devtools.capture.executorch_export import BACKENDS, INSTALL, QUANTIZATIONS
from etscope.etdump.errors import MissingExtra, UsageError
from etscope.etdump.manifest import INFERENCE_LIMIT

RUNTIMES = ("auto", "executorch", "reference")


@dataclass(frozen=True)
class CaptureRequest:
    """What to run, how often, and where the bundle goes.

    Attributes:
        target: `path.py:factory`, `package.module:factory`, `x.pte` or `x.pt2`;
            see `models` for what a factory returns.
        output: the bundle; `.etscope` is added where it is missing.
        runtime: executorch, reference, or auto: the first if it is installed.
        backend: portable or xnnpack; of no effect on a .pte, which is lowered already.
        quantize: None, or int8: PT2E with XNNPACK's quantizer, calibrated with the inputs.
        iterations: measured inferences per method and input set.
        warmup: inferences per method before them; they are in the trace, and flagged.
        tensors: whether to run a pass that logs every operator's outputs.
        footprint: whether to run a pass that measures the memory of the process.
        calibrate: whether to measure what the machine reaches.
        inputs: a .safetensors or .npz file instead of the model's own inputs.
        seed: of torch's generator, for weights and made-up inputs.
        methods: only these; all if empty.
        threads: of the runtime's thread pool; its own choice if None.
        timeout_s: for each pass.
    """

    target: str
    output: Path
    runtime: str = "auto"
    backend: str = "portable"
    quantize: str | None = None
    iterations: int = 20
    warmup: int = 3
    tensors: bool = True
    footprint: bool = True
    calibrate: bool = True
    inputs: Path | None = None
    seed: int = 0
    methods: tuple[str, ...] = ()
    threads: int | None = None
    timeout_s: float = 1800.0


@dataclass(frozen=True)
class Choice:
    """The runtime of a capture, and the sentence that says why it is this one."""

    name: str
    why: str


def check(request: CaptureRequest) -> None:
    """Refuse what could only fail later.

    Raises:
        UsageError: a value of the request is none of those that there are.
    """
    _one_of("runtime", request.runtime, RUNTIMES)
    _one_of("backend", request.backend, BACKENDS)
    if request.quantize is not None:
        _one_of("quantization", request.quantize, QUANTIZATIONS)
    if request.iterations < 1:
        raise UsageError(f"{request.iterations} iterations measure nothing; ask for at least 1.")
    if request.warmup < 0:
        raise UsageError(f"{request.warmup} warm-up inferences cannot be run; ask for 0 or more.")
    if request.iterations + request.warmup > INFERENCE_LIMIT:
        raise UsageError(f"No dump can hold more than {INFERENCE_LIMIT} inferences; ask for fewer.")
    if request.threads is not None and request.threads < 1:
        raise UsageError(f"{request.threads} threads cannot run anything; ask for at least 1.")
    if request.timeout_s <= 0:
        raise UsageError("The time limit must be more than 0 seconds.")
    lowered = request.target.endswith(".pte")
    if lowered and (request.quantize is not None or request.backend != BACKENDS[0]):
        raise UsageError(
            f"{request.target} is lowered already, so it can be neither quantized nor given "
            "another backend; give the model instead."
        )


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{value!r} is no {what}; there are: {', '.join(known)}.")


def choose(request: CaptureRequest) -> Choice:
    """The runtime for a request.

    Raises:
        MissingExtra: it needs the real runtime, which is not installed.
        UsageError: it asks the reference runtime for what that cannot do.
    """
    installed = has_executorch()
    if request.runtime == "executorch" or (request.runtime == "auto" and installed):
        if not installed:
            raise MissingExtra(f"The ExecuTorch runtime is not installed. {INSTALL}")
        asked = request.runtime == "executorch"
        why = "It was asked for." if asked else "The package executorch is installed."
        return Choice("executorch", why)
    if request.target.endswith(".pte"):
        raise UsageError(no_graph(request.target))
    if request.backend != BACKENDS[0] or request.quantize is not None:
        raise UsageError(
            "The reference runtime knows neither backends nor quantization. " + INSTALL
        )
    asked = request.runtime == "reference"
    why = "It was asked for." if asked else f"The package executorch is not installed. {INSTALL}"
    return Choice("reference", why)


def no_graph(target: str) -> str:
    """Why the reference runtime cannot run a .pte."""
    return (
        f"{target} holds no torch graph, only instructions for the ExecuTorch runtime, so the "
        f"reference runtime cannot run it. {INSTALL}"
    )


def has_executorch() -> bool:
    """Whether the real runtime is installed, found out without importing it."""
    try:
        return find_spec("executorch.extension.pybindings._C") is not None
    except ModuleNotFoundError:
        return False
