"""The rules behind the findings, by what they look at. A caller may pick or add some."""

from __future__ import annotations

from etscope.inspector.findings import Rule
from etscope.inspector.rules.conversion import (
    boundary_conversions,
    control_flow,
    quantize_dequantize,
    tiny_partitions,
)
from etscope.inspector.rules.cost import costliest, delegate_overhead, dispatch, unexplained
from etscope.inspector.rules.fallback import (
    delegated_elsewhere,
    no_delegate,
    portable_beside_delegates,
    top_fallback,
    wide_types,
)
from etscope.inspector.rules.trust import (
    clocks_disagree,
    few_samples,
    resolution,
    spread,
    tracing_cost,
    warm_up,
)

DEFAULT_RULES: tuple[Rule, ...] = (
    costliest,
    top_fallback,
    portable_beside_delegates,
    no_delegate,
    delegated_elsewhere,
    wide_types,
    boundary_conversions,
    quantize_dequantize,
    tiny_partitions,
    control_flow,
    dispatch,
    delegate_overhead,
    unexplained,
    clocks_disagree,
    warm_up,
    spread,
    few_samples,
    tracing_cost,
    resolution,
)

__all__ = ["DEFAULT_RULES"]
