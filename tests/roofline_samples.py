"""The rooflines of the sample traces, with a calibration of round figures."""

from __future__ import annotations

import dataclasses
from functools import cache

from project import ROOT

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.durations import Clock
from etscope.inspector.latency import latencies
from etscope.inspector.recording import Recording, open_recording
from etscope.inspector.roofline.roofline import Roofline, rooflines

PEAK = MachinePeak(2, 100.0, 30.0, cache_gb_per_s=70.0, int8_gops_per_s=400.0)


def recording(name: str, peak: MachinePeak | None = PEAK) -> Recording:
    found = open_recording(ROOT / f"sample_traces/{name}.etscope")
    assert found.bundle is not None
    manifest = dataclasses.replace(found.bundle.manifest, machine_peak=peak)
    return dataclasses.replace(found, bundle=dataclasses.replace(found.bundle, manifest=manifest))


def of(given: Recording, clock: Clock | None = None) -> Roofline:
    methods = latencies(given, clock)
    join = given.correlation
    origins = [join.of_rows(item.method, item.block.slots, item.rows) for item in methods]
    return rooflines(methods, origins, given)[0]


@cache
def sample(name: str) -> Roofline:
    return of(recording(name))
