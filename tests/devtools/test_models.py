"""What a user may give as a model, and what it becomes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from etscope.devtools.capture.models import Model, load_model
from etscope.etdump.errors import CaptureError, UsageError

HEAD = """
import torch

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(3, 2)
    def forward(self, x, *, bias=0.0):
        return self.line(x) + bias

X = torch.ones(4, 3)
"""

Load = Callable[..., Model]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads `def make(): <body>` of a fresh file."""

    def loader(body: str, **options: object) -> Model:
        path = tmp_path / f"m{abs(hash(body))}.py"
        path.write_text(f"{HEAD}\ndef make():\n    return {body}\n")
        return load_model(f"{path}:make", **options)  # type: ignore[arg-type]

    return loader


def test_one_tuple_is_one_input_set(load: Load) -> None:
    model = load("Net(), (X,)")

    assert model.names == ("forward",)
    assert [len(values) for values in model.methods[0].input_sets] == [1]
    assert model.notes == (
        "The module of 'forward' was in training mode; it was switched to eval.",
    )


def test_a_list_is_several_input_sets(load: Load) -> None:
    model = load("Net().eval(), [(X,), (X * 2,)]")

    assert [float(values[0].sum()) for values in model.methods[0].input_sets] == [12.0, 24.0]  # type: ignore[attr-defined]
    assert model.notes == ()


def test_a_dict_is_several_methods_and_some_can_be_chosen(load: Load) -> None:
    body = "{'enc': (Net(), (X,)), 'dec': (Net(), (X,))}"

    assert load(body).names == ("enc", "dec")
    assert load(body, methods=["dec"]).names == ("dec",)
    with pytest.raises(UsageError, match="no method 'both'; it has: enc, dec"):
        load(body, methods=["both"])


def test_keyword_arguments_keep_the_order_of_the_first_set(load: Load) -> None:
    model = load("Net().eval(), [{'x': X, 'bias': X[0, 0]}, {'bias': X[0, 0] * 5, 'x': X}]")

    assert [[v.dim() for v in values] for values in model.methods[0].input_sets] == [  # type: ignore[attr-defined]
        [2, 0],
        [2, 0],
    ]


def test_an_exported_program_is_taken_as_it_is(load: Load) -> None:
    model = load("torch.export.export(Net(), (X,)), (X,)")

    assert model.methods[0].exported is not None


def test_dynamic_shapes_reach_the_export(load: Load) -> None:
    model = load("Net().eval(), (X,), {'x': {0: torch.export.Dim('n')}}")

    assert model.methods[0].exported is not None
    assert model.methods[0].exported.range_constraints


def test_weights_depend_on_the_seed_alone(load: Load) -> None:
    def weights(seed: int) -> torch.Tensor:
        exported = load("Net().eval(), (X,)", seed=seed).methods[0].exported
        assert exported is not None
        return exported.state_dict["line.weight"].detach()

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("Net()", "returned a Net for method 'forward'; it must return"),
        ("(X, Net())", r"returned \(Tensor, Net\)"),
        ("Net(), X", "mind the comma"),
        ("Net(), []", "no input set"),
        ("Net(), [{'x': X}, {'y': X}]", "same keywords each time"),
        ("{}", "keys are not names of methods"),
        ("{1: (Net(), (X,))}", "keys are not names of methods"),
        ("torch.export.export(Net(), (X,)), (X,), {}", "exported already"),
    ],
)
def test_what_a_factory_must_not_return(load: Load, body: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        load(body)


def test_an_export_that_fails_is_one_sentence(load: Load) -> None:
    with pytest.raises(CaptureError, match=r"torch\.export cannot export method 'forward'"):
        load("Net().eval(), (torch.ones(4, 7),)")


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("model", "names no model"),
        ("none.py:make", "does not exist"),
        ("no.such.package:make", "no Python module 'no.such.package'"),
        ("none.pte", "does not exist"),
        ("none.pt2", "does not exist"),
    ],
)
def test_a_target_that_names_nothing(target: str, text: str) -> None:
    with pytest.raises(UsageError, match=text):
        load_model(target)


def test_a_wrong_name_lists_the_right_ones(tmp_path: Path) -> None:
    path = tmp_path / "named.py"
    path.write_text(HEAD + "\ndef small(): pass\ndef large(): pass\n")

    with pytest.raises(UsageError, match="no function 'smal'; it has: large, small"):
        load_model(f"{path}:smal")
    with pytest.raises(UsageError, match="is a class"):
        load_model(f"{path}:Net")


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("key", ["0", "0/0", "forward/0/0"])
def test_inputs_of_a_file_replace_the_own(
    load: Load, tmp_path: Path, suffix: str, key: str
) -> None:
    path = tmp_path / f"inputs.{suffix}"
    values: dict[str, Any] = {key: np.full((4, 3), 7, np.float32)}
    if suffix == "npz":
        np.savez(path, **values)
    else:
        save_file(values, path)

    method = load("Net().eval(), (X,)", inputs=path).methods[0]

    assert method.origin == "file"
    assert float(method.input_sets[0][0].sum()) == 84.0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("backward/0/0", "fits no input"),
        ("x", "fits no input"),
        ("forward/1/0", "not numbered from 0"),
        ("forward/0/3", r"arguments \[3\], but the tensors of the model are \[0\]"),
    ],
)
def test_a_key_that_fits_nothing_is_named(load: Load, tmp_path: Path, key: str, text: str) -> None:
    arrays: dict[str, Any] = {key: np.zeros(3)}
    np.savez(tmp_path / "i.npz", **arrays)

    with pytest.raises(UsageError, match=text):
        load("Net().eval(), (X,)", inputs=tmp_path / "i.npz")


def test_an_input_file_cannot_bring_code(load: Load, tmp_path: Path) -> None:
    arrays: dict[str, Any] = {"0": np.array([print], dtype=object)}
    np.savez(tmp_path / "i.npz", **arrays)

    with pytest.raises(UsageError, match="not a readable"):
        load("Net().eval(), (X,)", inputs=tmp_path / "i.npz")


@pytest.fixture
def pt2(tmp_path: Path) -> Path:
    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(torch.nn.Linear(3, 2), (torch.ones(4, 3),)), path)
    return path


def test_a_pt2_brings_its_own_inputs(pt2: Path) -> None:
    method = load_model(str(pt2)).methods[0]

    assert method.origin == "example"
    assert torch.equal(method.input_sets[0][0], torch.ones(4, 3))  # type: ignore[arg-type]


def test_a_pt2_without_inputs_gets_made_up_ones(tmp_path: Path) -> None:
    exported = torch.export.export(torch.nn.Linear(3, 2), (torch.ones(4, 3),))
    exported.example_inputs = None
    torch.export.save(exported, tmp_path / "m.pt2")

    first, again = (load_model(str(tmp_path / "m.pt2"), seed=5).methods[0] for _ in range(2))

    assert first.origin == "synthetic"
    assert first.input_sets[0][0].shape == (4, 3)  # type: ignore[attr-defined]
    assert torch.equal(first.input_sets[0][0], again.input_sets[0][0])  # type: ignore[arg-type]


def with_member(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Rewrite the members that end in `name`; add one where there is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        hits = [entry for entry in old.namelist() if entry.endswith(name)]
        for entry in old.namelist():
            data = old.read(entry)
            new.writestr(entry, change(data) if entry in hits else data)
        if not hits:
            new.writestr(name, change(b""))
    path.write_bytes(out.getvalue())


@pytest.mark.parametrize(
    "name", ["m/data/constants/opaque_obj_0", "m/data/aotinductor/m/x.so", "m/evil.so"]
)
def test_a_pt2_with_code_is_refused(pt2: Path, name: str) -> None:
    with_member(pt2, name, lambda _: b"x")

    with pytest.raises(UsageError, match="is code, not a graph"):
        load_model(str(pt2))


@pytest.mark.parametrize(
    "text", ["__import__('os').getcwd()", "exec(chr(112))", "s0.__class__", "print(s0)"]
)
def test_a_pt2_with_an_expression_that_is_not_arithmetic_is_refused(pt2: Path, text: str) -> None:
    member = b'{"expr_str": "%b"}' % text.encode()
    with_member(pt2, "m/models/model.json", lambda _: member)

    with pytest.raises(UsageError, match="is not arithmetic"):
        load_model(str(pt2))


def test_an_honest_dynamic_pt2_is_loaded(tmp_path: Path) -> None:
    size = torch.export.Dim("n", min=2, max=64)
    shapes = {"input": {0: size * 2}}
    exported = torch.export.export(
        torch.nn.Linear(3, 2), (torch.ones(4, 3),), dynamic_shapes=shapes
    )
    torch.export.save(exported, tmp_path / "m.pt2")

    assert load_model(str(tmp_path / "m.pt2")).methods[0].exported is not None


def test_what_is_no_pt2_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.pt2").write_bytes(b"no zip")

    with pytest.raises(UsageError, match=r"not a \.pt2 file"):
        load_model(str(tmp_path / "m.pt2"))
