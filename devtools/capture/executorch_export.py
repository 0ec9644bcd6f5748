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
from etscope.devtools.capture.paths import make_record_portable
from etscope.devtools.extras import install_line, require
from etscope.etdump.errors import CaptureError, MissingExtra, UsageError

if TYPE_CHECKING:
    from torch.export import ExportedProgram

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
        path = folder / "program.pte"
        with path.open("wb") as stream:
            manager.write_to_file(stream)
        extras = _extras(programs, quantized=quantize is not None)
        # What numerical comparisons start from; the format knows one set, of one method.
        example = input_sets.get("forward") or next(iter(input_sets.values()))
        path_of_record = folder / "record.etrecord"
        record = _save_record(manager, extras, list(example[0]), path_of_record, notes)
    return Exported(path, record, tuple(notes))


def _lower(programs: Mapping[str, ExportedProgram], backend: str) -> Any:
    exir: Any = require("executorch.exir")
    with _step(f"lowering to the {backend} backend"):
        edge = exir.to_edge_transform_and_lower(
            dict(programs), partitioner=_partitioners(backend), generate_etrecord=True
        )
    with _step("making the ExecuTorch program"):
        # Without stack traces: they would put paths of this machine into the program.
        return edge.to_executorch(exir.ExecutorchBackendConfig(emit_stacktrace=False))


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


def _extras(programs: Mapping[str, ExportedProgram], *, quantized: bool) -> dict[str, Any]:
    """Graphs that an ETRecord drops by itself: those before quantizing, and not of `forward`."""
    found = {f"float_{name}": program for name, program in programs.items() if quantized}
    if not quantized:
        found = {f"aten_{name}": ep for name, ep in programs.items() if name != "forward"}
    return found


def _save_record(
    manager: Any, extras: dict[str, Any], example: list[object], path: Path, notes: list[str]
) -> Path | None:
    """Save the ETRecord; a graph that it cannot hold must not cost the capture."""
    try:
        record = manager.get_etrecord()
        record.add_extra_export_modules(extras)
        record.update_representative_inputs(example)
        record.save(path)
        make_record_portable(path)
    except Exception as why:
        path.unlink(missing_ok=True)
        reason = f"{type(why).__name__}: {_first_line(why)}"
        notes.append(f"The ETRecord could not be saved ({reason}), so the bundle has none.")
        return None
    return path


def _first_line(why: BaseException) -> str:
    return (str(why).strip().splitlines() or ["no reason given"])[0]


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    try:
        yield
    except (CaptureError, UsageError, MissingExtra):
        raise
    except Exception as why:
        message = f"ExecuTorch failed at {what}: {type(why).__name__}: {_first_line(why)}"
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
