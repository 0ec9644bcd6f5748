"""Join a broken record or program with sound samples, and look at every row of the answer."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from etscope.etdump.program import read_program
from etscope.etdump.record import read_record
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.ledger import ledger_of
from etscope.inspector.latency import MethodLatency, latencies
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording, open_recording

_SAMPLES = Path(__file__).parents[2] / "sample_traces"
#: One of each kind: several methods, operators alone, a delegate, a quantized delegate.
_NAMES = ("two_methods", "convnet_portable", "convnet_xnnpack", "convnet_int8_xnnpack")


@cache
def _samples() -> tuple[tuple[Recording, list[MethodLatency]], ...]:
    opened = [open_recording(_SAMPLES / f"{name}.etscope") for name in _NAMES]
    return tuple((recording, latencies(recording)) for recording in opened)


def touch_joined_record(data: bytes) -> None:
    """Join a record with every sample; raises TraceError where it is refused."""
    record = read_record(data)
    for sample, methods in _samples():
        for program in (sample.program, None):
            _touch(Correlation(record, program), methods)


def touch_joined_program(data: bytes) -> None:
    """Join a program with the trace and record of every sample."""
    program = read_program(data)
    for sample, methods in _samples():
        methods_of_runs(sample.trace, program, None, ())
        _touch(Correlation(sample.record, program), methods)


def _touch(join: Correlation, methods: list[MethodLatency]) -> None:
    for latency in methods:
        origins = join.of_rows(latency.method, latency.block.slots, latency.rows)
        ledger = ledger_of(latency, origins)
        assert len(origins) == len(latency.rows)
        for row in range(len(origins)):
            origins.module(row), origins.source(row), origins.op(row)
            if origins.graph is not None:
                assert all(0 <= node < len(origins.graph) for node in origins[row].nodes)
            if origins[row].how == How.NONE:
                assert origins[row].reason
        shares = sum(ledger.share(bucket) for bucket in ledger.buckets)
        assert not np.isfinite(latency.mean) or abs(shares - 1) < 1e-9
