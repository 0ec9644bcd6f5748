"""The rules behind the findings, by what they look at. A caller may pick or add some."""

from __future__ import annotations

from etscope.inspector.findings import Rule
from etscope.inspector.rules.cost import (
    costliest,
    delegate_overhead,
    dispatch,
    portable_beside_delegates,
    unexplained,
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
    portable_beside_delegates,
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
