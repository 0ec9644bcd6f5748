"""What the findings say of a method that is bound by one thing, and when they are silent."""

from __future__ import annotations

import dataclasses
import re

from roofline_samples import PEAK, of, recording, sample

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.findings import Finding
from etscope.inspector.roofline.bounds import OVERHEAD
from etscope.inspector.roofline.rules import roofline_findings


def found(name: str, peak: MachinePeak | None = PEAK) -> dict[str, Finding]:
    roofline = sample(name) if peak is PEAK else of(recording(name, peak))
    return {finding.rule: finding for finding in roofline_findings([roofline])}


def test_slow_kernels_are_named_with_what_the_machine_could_do() -> None:
    findings = found("convnet_portable")
    assert list(findings) == ["roofline_kernel"]
    kernel = findings["roofline_kernel"]
    assert kernel.severity == "medium"
    start = r"99\.\d% of forward is in 5 operators whose kernels use less"
    assert re.match(start, kernel.message)
    assert re.search(r"3 × aten::convolution\.out \(9\d\.\d%\)", kernel.message)
    assert kernel.evidence["least_ms"] < 0.01 * kernel.evidence["time_ms"]
    assert "etscope fallbacks" in kernel.advice
    inside = found("convnet_int8_xnnpack")["roofline_kernel"]
    assert "Inside a delegate" in inside.advice
    assert "etscope fallbacks" not in inside.advice


def test_arithmetic_at_speed_is_not_cured_by_fewer_bytes() -> None:
    findings = found("convnet_xnnpack")
    assert list(findings) == ["roofline_compute"]
    assert "int8 4 times as fast" in findings["roofline_compute"].advice
    assert "Saving bytes would not help." in findings["roofline_compute"].advice


def test_far_below_the_roof_another_kernel_may_help_as_much() -> None:
    faster = dataclasses.replace(PEAK, float32_gflops_per_s=2 * PEAK.float32_gflops_per_s)
    roofline = of(recording("convnet_xnnpack", faster))
    compute = next(f for f in roofline_findings([roofline]) if f.rule == "roofline_compute")
    assert "Saving bytes" not in compute.advice
    assert "Another kernel may help as much" in compute.advice


def test_overhead_is_said_as_what_may_be() -> None:
    whole = sample("transformer_kv")
    assert "roofline_overhead" not in found("transformer_kv")
    calls = [roof._replace(bound=OVERHEAD) for roof in whole.rows]
    (overhead,) = roofline_findings([dataclasses.replace(whole, rows=tuple(calls))])
    assert overhead.rule == "roofline_overhead"
    assert "of which half the time or more may be the call: " in overhead.message
    assert "less than 10 µs and at most twice as long as the fastest" in overhead.advice


def test_memory_is_memory() -> None:
    slow_memory = dataclasses.replace(PEAK, memory_gb_per_s=0.01)
    memory = found("transformer_kv", slow_memory)["roofline_memory"]
    assert "int8" in memory.advice
    assert "Faster arithmetic would not." in memory.advice
    assert memory.severity == "medium"


def test_without_a_calibration_only_the_rest_of_calls_is_known() -> None:
    assert list(found("convnet_portable", None)) == ["roofline_not_calibrated"]
    *rest, last = found("convnet_int8_xnnpack", None)
    assert last == "roofline_not_calibrated"
    assert rest in ([], ["roofline_overhead"])  # how long the rest of a call takes varies


def test_a_calibration_that_operators_outdo_is_doubted() -> None:
    slow = dataclasses.replace(PEAK, float32_gflops_per_s=20.0)
    doubt = found("convnet_xnnpack", slow)["roofline_doubtful"]
    assert doubt.evidence["peak_share"] == max(
        roof.peak_share or 0 for roof in of(recording("convnet_xnnpack", slow)).rows
    )
    assert f"up to {doubt.evidence['peak_share']:.3g} times" in doubt.message
    assert "may have been busy" in doubt.advice


def test_a_calibration_without_integers_leaves_much_unknown() -> None:
    without = dataclasses.replace(PEAK, int8_gops_per_s=None)
    unknown = found("convnet_int8_xnnpack", without)["roofline_unknown"]
    assert unknown.evidence["reason"] == "the calibration has no figure for integers"
