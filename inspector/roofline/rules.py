"""What bounds a method, as findings: which cure would help, and which would not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from etscope.inspector.findings import SEVERITIES, Finding
from etscope.inspector.roofline.bounds import COMPUTE, KERNEL, MEMORY, OVERHEAD, SHORT_S, UNKNOWN
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline
from etscope.inspector.wording import counted, figure, listed, percent

Rule = Callable[[Roofline], Iterator[Finding]]

#: Of the method's time: below the first a bound is no finding, from the second on the first one.
_WORTH_SAYING, _MOST_OF_IT = 0.2, 0.5
#: A share of time without a bound from which on the others are not the whole story.
_MUCH_UNKNOWN = 0.3
#: A share of the peak that noise does not explain.
_DOUBTFUL = 1.2
#: From this share of the roof on, the machine is what an operator waits for.
_NEAR = 0.5
#: Operators named in a sentence.
_NAMED = 3
_NUMBER = re.compile(r" #\d+$")


def roofline_findings(rooflines: Sequence[Roofline]) -> list[Finding]:
    """What the rules find, the most severe first."""
    found = [finding for rule in RULES for roofline in rooflines for finding in rule(roofline)]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def memory_bound(roofline: Roofline) -> Iterator[Finding]:
    """Much time goes by while bytes are moved as fast as memory gives them."""
    yield from _finding(
        roofline,
        MEMORY,
        "{share} of {method} is in {operators} that move bytes about as fast as the memory can: "
        "{names}",
        "Fewer bytes would help: int8 instead of float32, operators that are fused, a view instead "
        "of a copy. Faster arithmetic would not.",
    )


def compute_bound(roofline: Roofline) -> Iterator[Finding]:
    """Much time goes by in arithmetic at a good part of the machine's speed."""
    peak = roofline.peak
    advice = "Less arithmetic would help: smaller layers or inputs, or smaller types."
    if peak is not None and peak.int8_gops_per_s and peak.float32_gflops_per_s:
        times = figure(peak.int8_gops_per_s / peak.float32_gflops_per_s)
        advice += f" This machine multiplies int8 {times} times as fast as float32."
    yield from _finding(
        roofline,
        COMPUTE,
        "{share} of {method} is in {operators} that arithmetic limits, at {reached} of the "
        "machine's speed: {names}",
        advice + _beyond_arithmetic(roofline),
    )


def _beyond_arithmetic(roofline: Roofline) -> str:
    """What is said besides: far below the roof, arithmetic is not all that takes the time."""
    if _reached(roofline, COMPUTE) >= _NEAR:
        return " Saving bytes would not help."
    return (
        " Another kernel may help as much, a delegate's or one for other shapes: these leave "
        "more than half of the machine idle."
    )


def overhead_bound(roofline: Roofline) -> Iterator[Finding]:
    """Much time goes by in calls that have little to do, and are no longer than a call can be."""
    yield from _finding(
        roofline,
        OVERHEAD,
        "{share} of {method} is in {operators} of which half the time or more may be the call: "
        "{names}",
        f"Each takes less than {figure(SHORT_S * 1e6)} µs and at most twice as long as the fastest "
        "call like it, or is the rest of a delegate's call. Fewer and larger operators would help: "
        "a delegate, fusion, or several inputs at once.",
    )


def kernel_bound(roofline: Roofline) -> Iterator[Finding]:
    """Much time goes by in kernels that use little of the machine."""
    kinds = {roofline.latency.rows.kind[r.row] for r in roofline.rows if r.bound == KERNEL}
    advice = "Another kernel would help."
    if kinds - {"delegated"}:
        advice += (
            " Portable kernels are made to be right everywhere, not fast: `etscope fallbacks` "
            "says what keeps operators out of a delegate."
        )
    if "delegated" in kinds:
        advice += (
            " Inside a delegate, few channels, odd shapes or a small input keep a tuned kernel "
            "from its speed."
        )
    yield from _finding(
        roofline,
        KERNEL,
        "{share} of {method} is in {operators} whose kernels use less than a tenth of the machine, "
        "which could do their work in {least} of {time}: {names}",
        advice,
    )


def much_unknown(roofline: Roofline) -> Iterator[Finding]:
    """The bounds of much of the time are not known."""
    share = roofline.time_shares[UNKNOWN]
    if roofline.peak is None or not share >= _MUCH_UNKNOWN:
        return
    some = [roof for roof in roofline.rows if roof.bound == UNKNOWN]
    times: dict[str, float] = {}
    for roof in some:
        times[roof.reason] = times.get(roof.reason, 0.0) + (roof.time_s or 0.0)
    reason = max(times, key=lambda text: times[text])
    yield Finding(
        "roofline_unknown",
        "info",
        f"what bounds {percent(share)} of {_method(roofline)} is not known; mostly: {reason}",
        {"share": share, "operators": len(some), "reason": reason},
        "Record with an ETRecord, so that the shapes inside of delegates are known.",
    )


def doubtful(roofline: Roofline) -> Iterator[Finding]:
    """Operators compute faster than the calibration did, so it is not the machine's peak."""
    faster = [roof for roof in roofline.rows if _above_arithmetic(roof)]
    share = sum(roof.time_s or 0.0 for roof in faster) / roofline.whole_s if faster else 0.0
    if not share >= _WORTH_SAYING:
        return
    most = max(roof.peak_share or 0.0 for roof in faster)
    yield Finding(
        "roofline_doubtful",
        "low",
        f"operators with {percent(share)} of the time of {_method(roofline)} compute up to "
        f"{figure(most)} times as fast as the calibration did, so shares of its peak are too high",
        {"share": share, "operators": len(faster), "peak_share": most},
        "The machine may have been busy during the calibration, their kernels may be faster than "
        "the calibration's, or they may compute less than their shapes say. Record again when the "
        "machine is quiet: what is left then is one of the others.",
    )


def _above_arithmetic(roof: OperatorRoof) -> bool:
    return roof.bound == COMPUTE and (roof.peak_share or 0.0) > _DOUBTFUL


def not_calibrated(roofline: Roofline) -> Iterator[Finding]:
    """There is nothing to hold rates against."""
    if roofline.peak is None and roofline.rows:
        yield Finding(
            "roofline_not_calibrated",
            "info",
            f"what bounds the operators of {_method(roofline)} is not known: the recording does "
            "not say what its machine reaches",
            {"operators": len(roofline.rows)},
            "Record again with `etscope run`, which measures the machine unless told not to.",
        )


RULES: tuple[Rule, ...] = (
    kernel_bound,
    memory_bound,
    compute_bound,
    overhead_bound,
    doubtful,
    much_unknown,
    not_calibrated,
)


def _method(roofline: Roofline) -> str:
    return roofline.latency.method or "the method"


def _finding(roofline: Roofline, bound: str, message: str, advice: str) -> Iterator[Finding]:
    """The finding of one bound, where it takes enough of the time."""
    share = roofline.time_shares[bound]
    if not share >= _WORTH_SAYING:
        return
    some = [roof for roof in roofline.rows if roof.bound == bound]
    some.sort(key=lambda roof: -(roof.time_s or 0.0))
    time_s = sum(roof.time_s or 0.0 for roof in some)
    least_s = sum((roof.peak_share or 0.0) * (roof.time_s or 0.0) for roof in some)
    yield Finding(
        f"roofline_{bound.removesuffix('-bound')}",
        "medium" if share >= _MOST_OF_IT else "low",
        message.format(
            share=percent(share),
            method=_method(roofline),
            operators=counted(len(some), "operator"),
            names=_names(roofline, some),
            least=_time(least_s),
            time=_time(time_s),
            reached=percent(_reached(roofline, bound)),
        ),
        {
            "share": share,
            "operators": len(some),
            "time_ms": time_s * 1e3,
            "least_ms": least_s * 1e3,
            "rows": [roof.row for roof in some[:_NAMED]],
        },
        advice,
    )


def _reached(roofline: Roofline, bound: str) -> float:
    """The share of the roof that the operators of a bound reach, over their time."""
    some = [roof for roof in roofline.rows if roof.bound == bound and roof.time_s]
    time_s = sum(roof.time_s or 0.0 for roof in some)
    least_s = sum((roof.peak_share or 0.0) * (roof.time_s or 0.0) for roof in some)
    return least_s / time_s if time_s else 0.0


def _names(roofline: Roofline, some: Sequence[OperatorRoof]) -> str:
    """The operators with the most time: each name once, with how often and its share."""
    rows = roofline.latency.rows
    shares: dict[str, float] = {}
    number: Counter[str] = Counter()
    for roof in some:
        # Some backends number the operations of a kind.
        name = _NUMBER.sub("", rows.op[roof.row] or rows.event[roof.row])
        shares[name] = shares.get(name, 0.0) + (roof.time_s or 0.0) / roofline.whole_s
        number[name] += 1
    texts = []
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        times = f"{number[name]} × " if number[name] > 1 else ""
        texts.append(f"{times}{name} ({percent(share)})")
    return listed(texts, _NAMED)


def _time(seconds: float) -> str:
    if seconds >= 1e-3:
        return f"{figure(seconds * 1e3)} ms"
    return f"{figure(seconds * 1e6)} µs"
