"""What bounds the time of an operator: arithmetic, memory, the cost of calling it, or its kernel.

The roofline model of Williams, Waterman and Patterson (2009): the least time is
the longer of operations / peak and bytes / bandwidth.
"""

from __future__ import annotations

from typing import NamedTuple

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.roofline.flops import Work
from etscope.inspector.wording import figure, percent

COMPUTE = "compute-bound"
MEMORY = "memory-bound"
OVERHEAD = "overhead-bound"  # little of it is work, and half or more of it may be the call
KERNEL = "kernel-bound"  # the machine could have done its work in a tenth of it
UNKNOWN = "unknown"
BOUNDS: tuple[str, ...] = (COMPUTE, MEMORY, OVERHEAD, KERNEL, UNKNOWN)

#: From this share of a roof on, the machine is what limits: tuned kernels reach a third of it
#: and more, and of what reaches less than a tenth, nine tenths of the time went elsewhere.
NEAR_ROOF = 0.1
#: Seconds. What the runtime does around a kernel (arguments, shapes, two events of a trace, the
#: start of threads) takes from half a microsecond to several: a longer call is not explained by it,
#: even where no call of the method was faster.
SHORT_S = 10e-6
#: Of its time, what a call must be able to cost to be called what bounds it.
_MUCH = 0.5
#: A time of fewer steps of its clock than this may be wrong by half.
STEPS = 2

_NO_WORK = "it computes and moves nothing: all of its time is the call"
NO_CALIBRATION = "the bundle has no calibration: what its machine reaches is not known"


class Bound(NamedTuple):
    """What bounds an operator."""

    bound: str  # one of BOUNDS
    peak_share: float | None  # the least time that the machine needs, as a share of what it took
    reason: str  # why it is not known, or what to know about it; "": nothing to add


def bound_of(
    work: Work,
    total_bytes: int | None,
    time_s: float | None,
    peak: MachinePeak | None,
    call_s: float | None = None,
) -> Bound:
    """What bounds one call.

    Args:
        work: its operations.
        total_bytes: that it must read and write.
        time_s: measured; None or 0: its clock cannot tell.
        call_s: what a call like it costs at most; None: not known.
    """
    if peak is None:
        return Bound(UNKNOWN, None, NO_CALIBRATION)
    if not time_s or time_s <= 0:
        return Bound(UNKNOWN, None, "its time is not known")
    if work.operations is None:
        return Bound(UNKNOWN, None, work.reason)
    if total_bytes is None:
        return Bound(UNKNOWN, None, "the bytes that it moves are not known")
    if peak.memory_gb_per_s <= 0 or peak.float32_gflops_per_s <= 0:
        return Bound(UNKNOWN, None, "the calibration has no figure above 0")
    found = _placed(work, total_bytes, time_s, peak)
    return _below(found, time_s, call_s) if found.bound == KERNEL else found


def _placed(work: Work, total_bytes: int, time_s: float, peak: MachinePeak) -> Bound:
    speed = peak.int8_gops_per_s if work.integer else peak.float32_gflops_per_s
    assert work.operations is not None
    computing = work.operations / ((speed or peak.float32_gflops_per_s) * 1e9)
    moving = total_bytes / (peak.memory_gb_per_s * 1e9)
    if work.integer and not speed and computing > moving:
        return Bound(UNKNOWN, None, "the calibration has no figure for integers")
    share = max(computing, moving) / time_s
    if share < NEAR_ROOF:
        return Bound(KERNEL, share, f"its kernel reaches {percent(share)} of what the machine can")
    side = COMPUTE if computing >= moving else MEMORY
    return Bound(side, share, _above(moving / time_s, side, share))


def _below(found: Bound, time_s: float, call_s: float | None) -> Bound:
    """Far below the roof: its kernel, or its call, where that can cost as much."""
    if found.peak_share == 0:
        return found._replace(bound=OVERHEAD, reason=_NO_WORK)
    if call_s is None or time_s >= SHORT_S or call_s < _MUCH * time_s:
        return found
    reason = f"half of its time or more may be the call: one costs up to {figure(call_s * 1e6)} µs"
    return found._replace(bound=OVERHEAD, reason=reason)


def _above(memory_share: float, side: str, share: float) -> str:
    if memory_share > 1:
        return "in cache: faster than the memory of the machine"
    if share > 1:
        return "faster than the calibration: that may have been disturbed, or the work be less"
    return ""
