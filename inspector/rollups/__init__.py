"""Where the time goes, summed: by module, operator, category, source line and delegate."""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.delegates import by_delegate
from etscope.inspector.rollups.modules import by_module
from etscope.inspector.rollups.operators import by_category, by_operator
from etscope.inspector.rollups.sources import by_source
from etscope.inspector.rollups.table import Rollup

#: What time can be summed by.
ROLLUPS: dict[str, Callable[[MethodLatency, Origins], Rollup]] = {
    "op": by_operator,
    "module": by_module,
    "category": by_category,
    "source": by_source,
    "delegate": by_delegate,
}

__all__ = ["ROLLUPS"]
