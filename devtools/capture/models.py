"""What a user may give as a model, brought into one form: programs by method, with input sets.

A factory is a function without arguments. It returns one of

- `(module, inputs)`: an `nn.Module` and its inputs,
- `(module, inputs, dynamic_shapes)`: the third as for `torch.export.export`,
- `(exported_program, inputs)`: what `torch.export.export` returned,
- `{"encode": (module, inputs), "decode": (module, inputs)}`: several methods.

`inputs` is one set, a tuple of positional arguments (or a dict of keyword
arguments), or a list of several such sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etscope.devtools.capture.inputs import Values, read_input_file
from etscope.devtools.capture.pt2 import load_pt2
from etscope.devtools.capture.synthetic import inputs_of_exported, inputs_of_method
from etscope.devtools.capture.targets import call_target
from etscope.etdump.errors import CaptureError, UsageError
from etscope.etdump.program import Program, read_program

if TYPE_CHECKING:
    from torch.export import ExportedProgram

#: Where inputs came from, as the manifest says it.
EXAMPLE, FILE, SYNTHETIC = "example", "file", "synthetic"


@dataclass(frozen=True)
class ModelMethod:
    """One method of the model. `exported` is None for a .pte, which holds no graph."""

    name: str
    exported: ExportedProgram | None
    input_sets: tuple[Values, ...]
    origin: str = EXAMPLE


@dataclass(frozen=True)
class Model:
    """The model as given: methods, and the .pte file if it was one."""

    target: str
    methods: tuple[ModelMethod, ...]
    program: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(method.name for method in self.methods)


def load_model(
    target: str,
    *,
    inputs: Path | None = None,
    methods: Sequence[str] = (),
    seed: int = 0,
) -> Model:
    """Load what the user named.

    Args:
        target: `path.py:factory`, `package.module:factory`, `x.pte` or `x.pt2`.
        inputs: a .safetensors or .npz file that replaces the model's own inputs.
        methods: the methods to keep; all if empty.
        seed: for synthetic inputs, and for torch's generator while a factory runs.

    Raises:
        UsageError: the request cannot be met; the text says what would.
        CaptureError: the user's code or the export raised.
        TraceError: the .pte is not one.
    """
    if target.endswith((".pte", ".pt2")):
        path = Path(target)
        if not path.is_file():
            raise UsageError(f"{target} does not exist.")
        model = _from_pte(path, seed) if path.suffix == ".pte" else _from_pt2(path, seed)
    else:
        import torch

        # The model's weights and inputs are the same in every run of the same factory.
        torch.manual_seed(seed)
        model = _from_factory(target, call_target(target))
    if methods:
        model = _only(model, methods)
    return model if inputs is None else _with_inputs(model, inputs)


def _from_pte(path: Path, seed: int) -> Model:
    program: Program = read_program(path)
    methods = tuple(
        ModelMethod(method.name, None, (inputs_of_method(method, seed),), SYNTHETIC)
        for method in program.methods
    )
    return Model(str(path), methods, program=path)


def _from_pt2(path: Path, seed: int) -> Model:
    exported = load_pt2(path)
    if exported.example_inputs is not None:
        sets, origin = (_leaves(exported.example_inputs),), EXAMPLE
    else:
        sets, origin = (inputs_of_exported(exported, seed),), SYNTHETIC
    return Model(str(path), (ModelMethod("forward", exported, sets, origin),))


def _from_factory(target: str, made: Any) -> Model:
    given = made if isinstance(made, Mapping) else {"forward": made}
    if not given or not all(isinstance(name, str) and name.isidentifier() for name in given):
        raise UsageError(f"{target} returned a dict whose keys are not names of methods.")
    notes: list[str] = []
    methods = tuple(_method(target, name, value, notes) for name, value in given.items())
    return Model(target, methods, notes=tuple(notes))


def _method(target: str, name: str, value: Any, notes: list[str]) -> ModelMethod:
    import torch
    from torch.export import ExportedProgram

    shaped = isinstance(value, tuple) and len(value) in (2, 3)
    if not shaped or not isinstance(value[0], (torch.nn.Module, ExportedProgram)):
        raise UsageError(
            f"{target} returned {_what(value)} for method {name!r}; it must return "
            "(module, inputs) or (exported program, inputs), where inputs is a tuple, "
            "or a list of tuples for several sets."
        )
    model, given, *dynamic = value
    sets = _sets(target, name, given)
    leaves = tuple(_leaves(one) for one in sets)
    if isinstance(model, ExportedProgram):
        if dynamic:
            raise UsageError(f"{target}: method {name!r} is exported already, so give no shapes.")
        return ModelMethod(name, model, leaves)
    if model.training:
        model.eval()
        notes.append(f"The module of {name!r} was in training mode; it was switched to eval.")
    exported = _export(target, name, model, sets[0], dynamic[0] if dynamic else None)
    return ModelMethod(name, exported, leaves)


def _what(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(type(item).__name__ for item in value) + ")"
    return f"a {type(value).__name__}"


Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def _sets(target: str, name: str, given: Any) -> list[Arguments]:
    found: list[Arguments] = []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, tuple):
            found.append((one, {}))
        elif isinstance(one, dict) and (not found or one.keys() == found[0][1].keys()):
            # Leaves are told apart by position, so every set keeps the order of the first.
            found.append(((), {key: one[key] for key in (found[0][1] if found else one)}))
        else:
            raise UsageError(
                f"{target}: an input set of method {name!r} is {_what(one)}; it must be a tuple "
                "of arguments (mind the comma: `(x,)`), or a dict with the same keywords each time."
            )
    if not found:
        raise UsageError(f"{target}: method {name!r} has no input set.")
    return found


def _leaves(arguments: Any) -> Values:
    from torch.utils import _pytree

    return tuple(_pytree.tree_leaves(arguments))


def _export(
    target: str, name: str, module: Any, arguments: Arguments, dynamic: Any
) -> ExportedProgram:
    import torch

    try:
        with torch.no_grad():
            return torch.export.export(module, *arguments, dynamic_shapes=dynamic)
    except Exception as why:
        first = str(why).strip().splitlines()[0] if str(why).strip() else "no reason given"
        raise CaptureError(
            f"{target}: torch.export cannot export method {name!r} ({type(why).__name__}: {first})."
        ) from why


def _only(model: Model, methods: Sequence[str]) -> Model:
    unknown = [name for name in methods if name not in model.names]
    if unknown:
        known = ", ".join(model.names)
        raise UsageError(f"{model.target} has no method {unknown[0]!r}; it has: {known}.")
    return replace(model, methods=tuple(m for m in model.methods if m.name in methods))


def _with_inputs(model: Model, path: Path) -> Model:
    given = read_input_file(path, model.names)
    methods = []
    for method in model.methods:
        if method.name not in given:
            methods.append(method)
            continue
        sets = tuple(
            _merge(path, method, number, tensors)
            for number, tensors in enumerate(given[method.name])
        )
        methods.append(replace(method, input_sets=sets, origin=FILE))
    return replace(model, methods=tuple(methods))


def _merge(path: Path, method: ModelMethod, number: int, tensors: Mapping[int, Any]) -> Values:
    """The model's own values, with the tensors of the file in their places."""
    import torch

    values = list(method.input_sets[0])
    wanted = {place for place, value in enumerate(values) if isinstance(value, torch.Tensor)}
    if set(tensors) != wanted:
        raise UsageError(
            f"{path}: set {number} of method {method.name!r} has tensors for the arguments "
            f"{sorted(tensors)}, but the tensors of the model are {sorted(wanted)}."
        )
    for place, tensor in tensors.items():
        values[place] = tensor
    return tuple(values)
