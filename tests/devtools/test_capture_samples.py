"""The sample traces in the repository: whole, small, and without a path of any machine."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from etscope.etdump.bundle import Bundle, read_bundle
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer, check

SAMPLES = sorted((Path(__file__).parents[2] / "sample_traces").glob("*.etscope"))

ABSOLUTE = re.compile(rb'File \\*"(/|[A-Za-z]:)')


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> Bundle:
    return read_bundle(request.param, verify=True)


def test_all_samples_are_there_and_small() -> None:
    assert [path.stem for path in SAMPLES] == [
        "convnet_int8_xnnpack",
        "convnet_portable",
        "convnet_xnnpack",
        "many_inputs",
        "transformer_kv",
        "two_methods",
    ]
    total = sum(file.stat().st_size for path in SAMPLES for file in path.iterdir())
    assert total <= 5_000_000


def test_a_sample_is_whole(sample: Bundle) -> None:
    assert sample.trace is not None
    assert sample.debug_trace is not None
    assert sample.debug_buffer is not None
    trace, debug = read_etdump(sample.trace), read_etdump(sample.debug_trace)

    assert sample.manifest.runtime["name"] == "executorch"
    assert [trace.text(name) for name in trace.runs.name].count("Execute") == len(sample.inferences)
    assert len(debug.values) > 0
    assert not check(debug, DebugBuffer(sample.debug_buffer)).any()


def test_a_sample_names_no_machine(sample: Bundle) -> None:
    assert sample.record is not None
    with zipfile.ZipFile(sample.record) as record:
        members = [record.read(name) for name in record.namelist()]

    assert any(b"sample_traces/models.py" in member for member in members)
    assert not [member for member in members if ABSOLUTE.search(member)]
    assert str(sample.manifest.model["target"]).startswith("sample_traces/models.py:")
