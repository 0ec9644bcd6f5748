"""From exported programs to a .pte and its ETRecord, with ExecuTorch's own exporter."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etscope.devtools.capture.inputs import Values
from etscope.devtools.capture.paths import portable_text
from etscope.devtools.extras import install_line, require
from etscope.etdump.errors import CaptureError, MissingExtra, UsageError

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

    from etscope.devtools.capture.record_parts import SavedRecord

BACKENDS = ("portable", "xnnpack")
QUANTIZATIONS = ("int8",)

INSTALL = f"Install the runtime: {install_line('executorch')}."


@dataclass(frozen=True)
class Exported:
    """What an export left behind. `record` is None where it could not be saved; see `notes`."""

    program: Path
    record: Path | None
    notes: tuple[str, ...]


def export_program(
    programs: Mapping[str, ExportedProgram],
    input_sets: Mapping[str, Sequence[Values]],
    folder: Path,
    *,
    backend: str = "portable",
    quantize: str | None = None,
) -> Exported:
    """Lower programs to one .pte in `folder`, and record the graphs.

    Args:
        programs: method name -> program of torch.export.
        input_sets: flat inputs by method; an int8 quantization is calibrated with all of them.

    Raises:
        MissingExtra: executorch is not installed.
        CaptureError: the exporter refused the program; the text says at which step.
    """
    import torch

    from etscope.devtools.capture.record_parts import save_record

    notes: list[str] = []
    # Without gradients: a buffer that a graph writes back would else refuse to be written.
    with _quiet(), torch.no_grad():
        chosen = dict(programs)
        if quantize is not None:
            for name, program in programs.items():
                with _step(f"quantizing method {name!r} to {quantize}"):
                    chosen[name] = _quantized(program, input_sets[name])
                if program.range_constraints:
                    notes.append(f"Method {name!r} was quantized with the shapes of its first set.")
        manager = _lower(chosen, backend)
        extras = _extras(programs, chosen)
        # What numerical comparisons start from; the format knows one set, of one method.
        example = input_sets.get("forward") or next(iter(input_sets.values()))
        saved = save_record(manager, extras, list(example[0]), folder / "record.etrecord")
        notes += saved.notes
        if saved.lost:
            notes.append(_said_of(saved))
        if not saved.explains_all:
            manager = _with_source_lines(chosen, backend, notes) or manager
        path = folder / "program.pte"
        with path.open("wb") as stream:
            manager.write_to_file(stream)
    return Exported(path, saved.path, tuple(notes))


def _said_of(saved: SavedRecord) -> str:
    lost = ", ".join(saved.lost)
    if saved.path is None:
        return f"The ETRecord could not be saved ({lost}), so the bundle has none."
    return f"The ETRecord is not whole, because ExecuTorch could not save: {lost}."


def _lower(programs: Mapping[str, ExportedProgram], backend: str) -> Any:
    exir: Any = require("executorch.exir")
    with _step(f"lowering to the {backend} backend"):
        edge = exir.to_edge_transform_and_lower(
            dict(programs), partitioner=_partitioners(backend), generate_etrecord=True
        )
    with _step("making the ExecuTorch program"):
        # Without stack traces: they would put paths of this machine into the program.
        return edge.to_executorch(exir.ExecutorchBackendConfig(emit_stacktrace=False))


def _with_source_lines(
    programs: Mapping[str, ExportedProgram], backend: str, notes: list[str]
) -> Any:
    """The program made again, with the stack trace of each instruction; None if that fails."""
    exir: Any = require("executorch.exir")
    try:
        edge = exir.to_edge_transform_and_lower(dict(programs), partitioner=_partitioners(backend))
        for name in edge.methods:
            _make_traces_portable(edge.exported_program(name).graph_module)
        made = edge.to_executorch(exir.ExecutorchBackendConfig(emit_stacktrace=True))
    except Exception as why:
        notes.append(f"The program could not be given source lines either ({reason_of(why)}).")
        return None
    notes.append("The program itself carries source lines, as far as ExecuTorch writes them.")
    return made


def _make_traces_portable(module: torch.fx.GraphModule) -> None:
    for part in module.modules():
        for node in getattr(getattr(part, "graph", None), "nodes", ()):
            # Each operator must have one, or the program cannot be made.
            node.meta["stack_trace"] = portable_text(node.meta.get("stack_trace") or "")


def _partitioners(backend: str) -> list[Any]:
    if backend == "portable":
        return []
    if backend == "xnnpack":
        room: Any = require("executorch.backends.xnnpack.partition.xnnpack_partitioner")
        return [room.XnnpackPartitioner()]
    raise UsageError(f"Backend {backend!r} is unknown; there are {', '.join(BACKENDS)}.")


def _quantized(program: ExportedProgram, sets: Sequence[Values]) -> ExportedProgram:
    """The program with 8-bit weights and activations (PT2E), calibrated with the input sets."""
    import torch
    from torch.utils import _pytree

    room: Any = require("executorch.backends.xnnpack.quantizer.xnnpack_quantizer")
    pt2e: Any = require("torchao.quantization.pt2e.quantize_pt2e")
    # Registers the quantize and dequantize operators for what no backend takes.
    require("executorch.kernels.quantized")
    config = room.get_symmetric_quantization_config()
    prepared = pt2e.prepare_pt2e(program.module(), room.XNNPACKQuantizer().set_global(config))
    spec = program.call_spec.in_spec
    if spec is None:
        raise CaptureError("its inputs have no recorded structure; export it again.")
    calls = [_pytree.tree_unflatten(list(values), spec) for values in sets]
    for args, kwargs in calls:
        prepared(*args, **kwargs)
    args, kwargs = calls[0]
    return torch.export.export(pt2e.convert_pt2e(prepared), args, kwargs)


def _extras(
    programs: Mapping[str, ExportedProgram], lowered: Mapping[str, ExportedProgram]
) -> dict[str, ExportedProgram]:
    """Graphs that an ETRecord drops by itself: those before quantizing, and not of `forward`."""
    found = {f"float_{name}": ep for name, ep in programs.items() if lowered[name] is not ep}
    return found | {f"aten_{name}": ep for name, ep in lowered.items() if name != "forward"}


def reason_of(why: BaseException) -> str:
    """The kind and the first line of an exception."""
    first = (str(why).strip().splitlines() or ["no reason given"])[0]
    return f"{type(why).__name__}: {first}"


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    try:
        yield
    except (CaptureError, UsageError, MissingExtra):
        raise
    except Exception as why:
        message = f"ExecuTorch failed at {what}: {reason_of(why)}"
        raise CaptureError(message) from why


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns and logs about itself; none of it is about the user's model."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
