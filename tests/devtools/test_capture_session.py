"""A capture from beginning to end, with the real runtime and with the reference runtime."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from etscope.devtools.capture import choice, session
from etscope.devtools.capture.choice import CaptureRequest
from etscope.etdump.bundle import read_bundle
from etscope.etdump.columns import Trace
from etscope.etdump.errors import CaptureError, MissingExtra, UsageError
from etscope.etdump.manifest import InferenceRun, PassOutcome
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer, check, used_bytes, value_of


def executes(trace: Trace) -> int:
    return [trace.text(name) for name in trace.runs.name.tolist()].count("Execute")


def test_a_real_bundle_is_whole(real_bundle: Path) -> None:
    bundle = read_bundle(real_bundle, verify=True)

    assert bundle.manifest.runtime == {"name": "executorch", "why": "It was asked for."}
    assert bundle.manifest.model["target"] == "net.py:two_methods"
    assert bundle.manifest.model["methods"] == ["forward", "total"]
    assert bundle.manifest.passes == {
        "timing": PassOutcome("ok"),
        "tensors": bundle.manifest.passes["tensors"],
        "footprint": PassOutcome("ok"),
        "calibration": PassOutcome("ok"),
    }
    assert bundle.manifest.machine_peak is not None
    assert bundle.manifest.machine_peak.threads == bundle.manifest.host["threads"]
    assert bundle.program is not None
    assert bundle.record is not None
    assert not any("training" in note for note in bundle.manifest.notes[2:])


def test_the_manifest_says_which_inference_was_which(real_bundle: Path) -> None:
    bundle = read_bundle(real_bundle)
    assert bundle.trace is not None

    trace = read_etdump(bundle.trace)

    assert executes(trace) == len(bundle.inferences) == 8
    assert bundle.manifest.inferences[:3] == (
        InferenceRun("forward", 0, 1, warmup=True),
        InferenceRun("total", 0, 1, warmup=True),
        InferenceRun("forward", 0, 1),
    )
    assert bundle.inference_method.tolist() == [0, 1, 0, 0, 1, 0, 0, 1]
    assert bundle.inference_input.tolist() == [0, 0, 0, 1, 0, 0, 1, 0]
    assert bundle.is_warmup.tolist() == [True, True] + [False] * 6


def test_wall_times_are_kept_per_method_and_input_set(real_bundle: Path) -> None:
    manifest = read_bundle(real_bundle).manifest

    for wall in (manifest.traced_wall_ns, manifest.untraced_wall_ns):
        assert {key: len(times) for key, times in wall.items()} == {
            "forward/0": 2,
            "forward/1": 2,
            "total/0": 2,
        }
        assert all(time > 0 for times in wall.values() for time in times)


def test_the_tensor_pass_logs_every_input_set_once(real_bundle: Path) -> None:
    bundle = read_bundle(real_bundle)
    assert bundle.debug_trace is not None
    assert bundle.debug_buffer is not None
    trace, buffer = read_etdump(bundle.debug_trace), DebugBuffer(bundle.debug_buffer)

    assert executes(trace) == len(bundle.tensor_inferences) == 3
    assert bundle.tensor_inferences.method.tolist() == [0, 0, 1]
    assert not check(trace, buffer).any()
    assert len(buffer) == used_bytes(trace)
    rows = np.flatnonzero(trace.values.is_output).tolist()
    outputs: list[Any] = [value_of(trace, buffer, row) for row in rows]
    assert [np.shape(value) for value in outputs] == [(2, 8), (2, 8), (), (3,)]
    assert outputs[2] == 9.0
    tensors = bundle.manifest.passes["tensors"]
    assert tensors.status == "ok"
    assert tensors.buffer_bytes_planned is not None
    assert tensors.buffer_bytes_planned >= len(buffer)


def test_inputs_are_kept_with_their_numbers(real_bundle: Path) -> None:
    bundle = read_bundle(real_bundle)
    assert bundle.inputs is not None

    from safetensors.numpy import load_file

    tensors = load_file(bundle.inputs)

    assert sorted(tensors) == ["forward/0/0", "forward/1/0", "total/0/0"]
    assert bundle.manifest.inputs["total/0"]["scalars"] == {"1": 2}
    assert bundle.manifest.inputs["total/0"]["origin"] == "example"


def test_no_path_of_the_machine_is_in_a_bundle(real_bundle: Path, model_folder: Path) -> None:
    places = [os.fsencode(path) for path in (model_folder, Path(np.__file__).parents[1])]
    bundle = read_bundle(real_bundle)
    assert bundle.record is not None

    contents = [path.read_bytes() for path in real_bundle.iterdir()]
    with zipfile.ZipFile(bundle.record) as record:
        members = {name: record.read(name) for name in record.namelist()}

    assert not [p for p in places for data in [*contents, *members.values()] if p in data]
    frames = members["edge_dialect_exported_program/forward"]
    assert b'File \\\\\\"net.py' in frames or b'File \\"net.py' in frames


def test_nothing_is_left_beside_the_bundle(real_bundle: Path) -> None:
    assert [path.name for path in real_bundle.parent.iterdir() if path.suffix == ".tmp"] == []


def test_a_program_without_inputs_gets_made_up_ones(real_bundle: Path, tmp_path: Path) -> None:
    request = CaptureRequest(
        str(real_bundle / "program.pte"),
        tmp_path / "again.etscope",
        iterations=1,
        warmup=0,
        tensors=False,
        footprint=False,
        methods=("total",),
    )

    bundle = read_bundle(session.capture(request))

    assert bundle.manifest.inputs["total/0"]["origin"] == "synthetic"
    assert bundle.manifest.inputs["total/0"]["scalars"] == {"1": 2}
    assert bundle.debug_trace is None
    assert bundle.record is None
    assert bundle.manifest.passes["tensors"] == PassOutcome("not_asked")
    assert bundle.manifest.passes["footprint"] == PassOutcome("not_asked")
    assert bundle.manifest.footprint is None
    assert any("made up" in note for note in bundle.manifest.notes)


def test_a_dump_that_would_kill_the_runtime_is_refused_before_it_runs(
    real_bundle: Path, tmp_path: Path
) -> None:
    target = str(real_bundle / "program.pte")
    request = CaptureRequest(target, tmp_path / "x", iterations=9_000_000, methods=("forward",))

    with pytest.raises(UsageError, match=r"2\^31 bytes.*at most \d{6,7} iterations"):
        session.capture(request)
    assert list(tmp_path.iterdir()) == []


def test_the_reference_runtime_makes_the_same_bundle(model_folder: Path, tmp_path: Path) -> None:
    target = f"{model_folder / 'net.py'}:two_methods"
    request = CaptureRequest(target, tmp_path / "ref", "reference", iterations=2, warmup=1)
    stages: list[str] = []

    bundle = read_bundle(
        session.capture(request, progress=lambda stage, done, total: stages.append(stage)),
        verify=True,
    )

    assert bundle.folder == tmp_path / "ref.etscope"
    assert bundle.program is None
    assert bundle.manifest.runtime["name"] == "reference"
    assert bundle.trace is not None
    assert bundle.debug_trace is not None
    assert executes(read_etdump(bundle.trace)) == len(bundle.inferences) == 8
    assert executes(read_etdump(bundle.debug_trace)) == len(bundle.tensor_inferences) == 3
    assert [len(t) for t in bundle.manifest.untraced_wall_ns.values()] == [2, 2, 2]
    assert not bundle.manifest.traced_wall_ns  # no clock but the method's own
    assert bundle.manifest.passes["footprint"].status == "skipped"
    assert "memory is not the model's" in (bundle.manifest.passes["footprint"].reason or "")
    assert list(dict.fromkeys(stages)) == ["export", "timing", "untraced", "tensors", "calibration"]
    assert list(tmp_path.iterdir()) == [bundle.folder]


def test_a_capture_that_fails_leaves_nothing_and_keeps_what_was(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = f"{model_folder / 'net.py'}:two_methods"
    request = CaptureRequest(target, tmp_path / "a", "reference", iterations=1, tensors=False)
    made = session.capture(request)
    before = (made / "manifest.json").read_text()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "_tensors", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.capture(request)

    assert list(tmp_path.iterdir()) == [made]
    assert (made / "manifest.json").read_text() == before


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"runtime": "jax"}, "'jax' is no runtime; there are: auto, executorch, reference"),
        ({"backend": "gpu"}, "'gpu' is no backend"),
        ({"quantize": "int3"}, "'int3' is no quantization"),
        ({"iterations": 0}, "at least 1"),
        ({"warmup": -1}, "0 or more"),
        ({"iterations": 10**12}, "No dump can hold more"),
        ({"threads": 0}, "at least 1"),
        ({"timeout_s": 0.0}, "more than 0"),
        ({"target": "x.pte", "quantize": "int8"}, "lowered already"),
        ({"runtime": "reference", "target": "x.pte"}, "holds no torch graph.*etscope.executorch"),
        ({"runtime": "reference", "quantize": "int8"}, "neither backends nor quantization"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_at_once(
    tmp_path: Path, changes: dict[str, object], text: str
) -> None:
    request = CaptureRequest(**{"target": "m.py:f", "output": tmp_path / "x", **changes})  # type: ignore[arg-type]

    with pytest.raises(UsageError, match=text):
        session.capture(request)


def test_auto_falls_back_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "has_executorch", lambda: False)

    chosen = choice.choose(CaptureRequest("m.py:f", Path("x")))

    assert chosen.name == "reference"
    assert "not installed" in chosen.why
    with pytest.raises(MissingExtra, match="pip install"):
        choice.choose(CaptureRequest("m.py:f", Path("x"), "executorch"))


def test_a_model_that_raises_is_one_sentence_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f():\n    raise ValueError('no weights')\n")

    with pytest.raises(CaptureError, match=r"raised ValueError: no weights \(.*broken\.py:2\)"):
        session.capture(CaptureRequest(f"{tmp_path / 'broken.py'}:f", tmp_path / "x"))
    assert json.dumps([path.name for path in tmp_path.iterdir() if "etscope" in path.name]) == "[]"
