"""Reading a bundle folder, honest and hostile."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etscope.etdump.bundle import is_bundle, read_bundle
from etscope.etdump.errors import CorruptTrace, NotATrace, TraceError
from etscope.etdump.manifest import InferenceRun, Manifest, PassOutcome, read_manifest

TRACE = b"not looked at here"


def document(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "schema": "etscope.bundle",
        "version": 1,
        "created": "2026-01-02T03:04:05+00:00",
        "tool": {"etscope": "0.1.0", "executorch": None},
        "runtime": {"name": "executorch", "why": "asked for"},
        "model": {"target": "m.py:f", "methods": ["enc", "dec"]},
        "host": {"cores": 2},
        "clock": {"unit": "ns", "kind": "measured"},
        "warmup": 1,
        "iterations": 2,
        "inferences": [
            {"method": "enc", "input_set": 0, "count": 1, "warmup": True},
            {"method": "enc", "input_set": 0, "count": 2},
            {"method": "dec", "input_set": 3, "count": 2},
        ],
        "untraced_wall_ns": {"enc/0": [10, 12]},
        "passes": {"timing": {"status": "ok"}},
        "files": {"trace.etdp": {"sha256": hashlib.sha256(TRACE).hexdigest(), "bytes": len(TRACE)}},
        "notes": ["one"],
    }
    return base | changes


def folder(tmp_path: Path, value: Any) -> Path:
    made = tmp_path / "x.etscope"
    made.mkdir(exist_ok=True)
    (made / "trace.etdp").write_bytes(TRACE)
    text = value if isinstance(value, str) else json.dumps(value)
    (made / "manifest.json").write_text(text, encoding="utf-8")
    return made


def test_the_order_of_inferences_is_expanded_into_columns(tmp_path: Path) -> None:
    bundle = read_bundle(folder(tmp_path, document()), verify=True)

    assert bundle.manifest.methods == ("enc", "dec")
    assert bundle.inference_method.tolist() == [0, 0, 0, 1, 1]
    assert bundle.inference_input.tolist() == [0, 0, 0, 3, 3]
    assert bundle.is_warmup.tolist() == [True, False, False, False, False]
    assert bundle.inference_method.dtype == np.int32
    assert len(bundle.tensor_inferences) == 0


def test_members_are_paths_or_none(tmp_path: Path) -> None:
    made = folder(tmp_path, document())

    bundle = read_bundle(made)

    assert bundle.trace == made / "trace.etdp"
    assert bundle.debug_buffer is None


def test_a_manifest_survives_writing_and_reading(tmp_path: Path) -> None:
    manifest = Manifest(
        created="now",
        tool={"etscope": "1"},
        runtime={"name": "reference"},
        model={"methods": ["forward"]},
        host={},
        clock={"unit": "ns"},
        warmup=0,
        iterations=1,
        inferences=(InferenceRun("forward", 0, 1),),
        tensor_inferences=(InferenceRun("forward", 0, 1, warmup=True),),
        traced_wall_ns={"forward/0": [5]},
        passes={"tensors": PassOutcome("partial", "why", 10, 0, 2)},
        notes=("a", "b"),
    )

    made = folder(tmp_path, manifest.to_json())

    assert read_manifest(made / "manifest.json") == manifest


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"inferences": [{"method": "a", "input_set": 0, "count": 2**40}]}, "cannot be true"),
        ({"inferences": [{"method": "a", "input_set": -1, "count": 1}]}, "cannot be true"),
        ({"inferences": [{"method": "a", "input_set": 0, "count": 2**24}] * 3}, "more than"),
        ({"inferences": [{"method": 1, "input_set": 0, "count": 1}]}, "'method'"),
        ({"inferences": "all"}, "'inferences'"),
        ({"warmup": True}, "'warmup'"),
        ({"notes": [1]}, "'notes'"),
        ({"clock": {"unit": 1}}, "'clock'"),
        ({"untraced_wall_ns": {"a/0": [1.5]}}, "nanoseconds"),
        ({"files": {"../../x": {"sha256": "", "bytes": 0}}}, "plain file name"),
        ({"files": {"/etc/passwd": {"sha256": "", "bytes": 0}}}, "plain file name"),
        ({"files": {"..": {"sha256": "", "bytes": 0}}}, "plain file name"),
        ({"files": {"a\0b": {"sha256": "", "bytes": 0}}}, "plain file name"),
        ({"files": {"\ud800": {"sha256": "", "bytes": 0}}}, "plain file name"),
        ({"passes": {"timing": "ok"}}, "not an object"),
    ],
)
def test_a_field_that_cannot_be_true_is_named(
    tmp_path: Path, change: dict[str, Any], text: str
) -> None:
    made = folder(tmp_path, document(**change))

    with pytest.raises(CorruptTrace, match=text):
        read_bundle(made)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"x"', "[" * 100_000, '{"version": NaN}', "9" * 5000, "\ufeff{}"],
)
def test_what_is_not_a_manifest_is_refused(tmp_path: Path, text: str) -> None:
    made = folder(tmp_path, text)

    with pytest.raises(TraceError):
        read_bundle(made)
    assert not is_bundle(made)


def test_a_newer_format_is_refused_by_number(tmp_path: Path) -> None:
    with pytest.raises(NotATrace, match=r"format 2 is unknown here\. Update etscope"):
        read_bundle(folder(tmp_path, document(version=2)))


def test_another_schema_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, document(schema="something.else"))

    with pytest.raises(NotATrace):
        read_bundle(made)
    assert not is_bundle(made)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, document())
    (tmp_path / "secret").write_text("x")
    (made / "debug.bin").symlink_to(tmp_path / "secret")

    with pytest.raises(CorruptTrace, match="leaves the bundle"):
        read_bundle(made)


def test_a_manifest_that_is_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path, document())
    (made / "manifest.json").rename(tmp_path / "elsewhere.json")
    (made / "manifest.json").symlink_to(tmp_path / "elsewhere.json")

    with pytest.raises(CorruptTrace, match="leaves the bundle"):
        read_bundle(made)


def test_a_pipe_cannot_pose_as_a_file(tmp_path: Path) -> None:
    made = folder(tmp_path, document())
    os.mkfifo(made / "debug.bin")

    with pytest.raises(CorruptTrace, match="not a plain file"):
        read_bundle(made)


@pytest.mark.parametrize("content", [b"longer than what was recorded", TRACE[::-1]])
def test_a_changed_file_is_found_when_asked(tmp_path: Path, content: bytes) -> None:
    made = folder(tmp_path, document())
    (made / "trace.etdp").write_bytes(content)

    read_bundle(made)
    with pytest.raises(CorruptTrace, match=r"trace\.etdp"):
        read_bundle(made, verify=True)


def test_no_folder_and_no_manifest_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotATrace, match="not a folder"):
        read_bundle(tmp_path / "none")
    with pytest.raises(NotATrace, match=r"no manifest\.json"):
        read_bundle(tmp_path)
    assert not is_bundle(tmp_path)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=6
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(key=st.sampled_from(sorted(document())), value=VALUES)
def test_any_value_in_any_field_is_read_or_refused(tmp_path: Path, key: str, value: Any) -> None:
    made = folder(tmp_path, document(**{key: value}))

    try:
        text = str(read_bundle(made).folder)
    except TraceError as why:
        text = str(why)
    assert str(made) in text


def test_a_file_that_is_missing_costs_only_itself(tmp_path: Path) -> None:
    made = folder(tmp_path, document(files={"gone.bin": {"sha256": "", "bytes": 0}}))
    assert read_bundle(made).faults == ("the bundle lists gone.bin, but does not hold it",)
    with pytest.raises(CorruptTrace, match=r"gone\.bin"):
        read_bundle(made, verify=True)
