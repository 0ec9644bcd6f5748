"""The rows of a roofline for documents: flat, units in the names of their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.roofline.operator_roof import OperatorRoof
from etscope.inspector.wording import finite


def roof_rows(
    latency: MethodLatency, origins: Origins, roofs: Sequence[OperatorRoof], whole_s: float
) -> list[dict[str, Any]]:
    """One row per operator, in the order of the trace; None where nothing is known.

    Figures are per inference. `flops` and bytes are estimated, `time_ms` is
    measured, rates and shares are derived from them; `flops` counts operations
    on integers where `integer` says so, and so does `gflops_per_s`.

    Args:
        whole_s: the method's time.
    """
    return [_row(latency, origins, roof, whole_s) for roof in roofs]


def _row(
    latency: MethodLatency, origins: Origins, roof: OperatorRoof, whole_s: float
) -> dict[str, Any]:
    rows, at = latency.rows, roof.row
    time_s = roof.time_s
    share = None if time_s is None else time_s / whole_s if whole_s else None
    return {
        "method": latency.method,
        "row": at,
        "chain": int(rows.chain[at]),
        "instruction": int(rows.instruction[at]),
        "delegate_id": rows.delegate_id[at],
        "node": origins.node_name(at),
        "op": rows.op[at] or rows.event[at],
        "node_op": origins.op(at),
        "module": origins.module(at),
        "source": origins.source(at),
        "kind": rows.kind[at],
        "backend": rows.backend[at],
        "calls": finite(roof.calls),
        "flops": _whole(roof.operations),
        "integer": roof.work.work.integer,
        "read_bytes": _whole(roof.read_bytes),
        "written_bytes": _whole(roof.written_bytes),
        "upper_bound": roof.work.upper_bound,
        "time_ms": None if time_s is None else time_s * 1e3,
        "time_share": _finite(share),
        "gflops_per_s": _finite(roof.gflops_per_s),
        "gb_per_s": _finite(roof.gb_per_s),
        "intensity_flops_per_byte": _finite(roof.intensity),
        "peak_share": _finite(roof.peak_share),
        "bound": roof.bound,
        "reason": roof.reason,
        "basis": "estimated",
    }


def _finite(value: float | None) -> float | None:
    return None if value is None else finite(value)


def _whole(figure: float | None) -> float | int | None:
    """A whole number as one."""
    return int(figure) if figure is not None and figure == int(figure) else figure
