"""Inputs to files and back, and source paths that may travel."""

from __future__ import annotations

import json
import os
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from etscope.devtools.capture import inputs, plan
from etscope.devtools.capture.models import ModelMethod
from etscope.devtools.capture.paths import (
    make_record_portable,
    portable_path,
    portable_target,
    portable_text,
)
from etscope.etdump.errors import UsageError


def test_values_come_back_as_they_went(tmp_path: Path) -> None:
    image = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    values = (image, 3, True, None, 0.5, "text", torch.tensor(7), torch.ones(2, 2).t())

    packed = inputs.pack({"forward/0": values})
    inputs.save(packed, tmp_path / "i.safetensors")
    sets = json.loads(json.dumps(packed.sets))
    back = inputs.unpack(inputs.load(tmp_path / "i.safetensors", sets))["forward/0"]

    assert back[1:6] == values[1:6]
    assert torch.equal(back[0], image)  # type: ignore[arg-type]
    assert back[0].stride() == image.stride()  # type: ignore[attr-defined]
    assert back[6] == values[6]


def test_tensors_that_share_memory_are_kept_apart(tmp_path: Path) -> None:
    whole = torch.arange(4.0)

    packed = inputs.pack({"f/0": (whole[:2], whole[1:]), "f/1": (whole, whole)})
    inputs.save(packed, tmp_path / "i.safetensors")

    assert len(inputs.load(tmp_path / "i.safetensors", packed.sets).tensors) == 4


@pytest.mark.parametrize("value", [object(), float("inf"), [1]])
def test_a_value_that_no_file_can_hold_is_named(value: object) -> None:
    with pytest.raises(UsageError, match="f/0/1"):
        inputs.pack({"f/0": (1, value)})


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/project/net/model.py", "net/model.py"),
        ("/home/me/projects/other.py", "other.py"),
        ("/x/lib/python3.11/site-packages/torch/nn/linear.py", "site-packages/torch/nn/linear.py"),
        ("/usr/lib/python3/dist-packages/yaml/a.py", "dist-packages/yaml/a.py"),
        (
            os.path.join(sysconfig.get_path("stdlib"), "json", "decoder.py"),
            "python/json/decoder.py",
        ),
        ("C:\\Users\\me\\model.py", "model.py"),
        ("net/model.py", "net/model.py"),
        ("../secret/model.py", "model.py"),
        ("<frozen runpy>", "<frozen runpy>"),
    ],
)
def test_a_path_keeps_only_what_means_the_same_everywhere(path: str, expected: str) -> None:
    assert portable_path(path, Path("/home/me/project")) == expected


def test_frames_are_found_however_they_are_quoted() -> None:
    text = '  File "/a/b/m.py", line 3, in forward\n    File said'

    assert portable_text(text, Path("/a")) == text.replace("/a/b/m.py", "b/m.py")
    quoted = json.dumps(json.dumps(text))
    assert json.loads(json.loads(portable_text(quoted, Path("/a")))) == text.replace(
        "/a/b/m.py", "b/m.py"
    )


def test_targets_lose_the_folders_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert portable_target(f"{tmp_path}/net/m.py:make") == "net/m.py:make"
    assert portable_target("net/m.py:make") == "net/m.py:make"
    assert portable_target("/elsewhere/x.pte") == "x.pte"
    assert portable_target("package.module:make") == "package.module:make"


def test_a_record_is_rewritten_without_touching_its_binaries(tmp_path: Path) -> None:
    record = tmp_path / "r.etrecord"
    trace = 'File "/a/b/m.py", line 1, in f'
    weights = b"{" + b'File "/a/b/m.py", line 1' + b"\xff"
    with zipfile.ZipFile(record, "w") as archive:
        archive.writestr("ETRECORD_V0", "")
        archive.writestr("exported_program", json.dumps({"n": [{"stack_trace": trace}]}))
        archive.writestr("exported_program_state_dict", weights)

    make_record_portable(record, Path("/a"))

    with zipfile.ZipFile(record) as archive:
        assert archive.namelist() == [
            "ETRECORD_V0",
            "exported_program",
            "exported_program_state_dict",
        ]
        found = json.loads(archive.read("exported_program"))
        assert found == {"n": [{"stack_trace": 'File "b/m.py", line 1, in f'}]}
        assert archive.read("exported_program_state_dict") == weights
    assert list(tmp_path.iterdir()) == [record]


def method(name: str, sets: int) -> ModelMethod:
    return ModelMethod(name, None, tuple((n,) for n in range(sets)))


def test_methods_and_input_sets_take_turns() -> None:
    made = plan.measured([method("a", 2), method("b", 1)], 2)

    assert [(one.method, one.input_set) for one in made] == [("a", 0), ("a", 1), ("b", 0)] * 2


def test_a_long_plan_is_still_a_short_list() -> None:
    made = plan.measured([method("a", 2)], 1234)

    rows = plan.described(made)

    assert len(rows) == 2 * plan.ROUNDS
    assert sum(row.count for row in rows if row.input_set == 1) == 1234


def test_times_are_sorted_by_input() -> None:
    made = plan.measured([method("a", 2)], 2)

    assert plan.by_input(made, np.array([1, 2, 3, 4])) == {"a/0": [1, 3], "a/1": [2, 4]}
