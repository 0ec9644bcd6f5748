"""The rules behind the findings on memory, by what they look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.memory.rules.constants import remade_constants
from etscope.inspector.memory.rules.files import (
    constants_dominate,
    states_twice,
    stored_twice,
)
from etscope.inspector.memory.rules.measured import roofline, unattributed
from etscope.inspector.memory.rules.methods import delegates_unknown, methods_apart, unplanned_ends
from etscope.inspector.memory.rules.overwritten import overwritten_value
from etscope.inspector.memory.rules.plans import (
    fragmentation,
    overwritten_result,
    unused_values,
    upper_bounds,
)
from etscope.inspector.memory.rules.process import (
    delegates_held,
    loading_peak,
    weights_packed,
)
from etscope.inspector.memory.rules.savings import peak_holder, savings

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

Rule = Callable[["MemoryReport"], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    overwritten_result,
    overwritten_value,
    delegates_held,
    loading_peak,
    peak_holder,
    remade_constants,
    savings,
    upper_bounds,
    fragmentation,
    unused_values,
    methods_apart,
    unplanned_ends,
    weights_packed,
    constants_dominate,
    states_twice,
    stored_twice,
    delegates_unknown,
    unattributed,
    roofline,
)

__all__ = ["RULES", "Rule"]
