"""compare_results: what a run gave beside what was expected of it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from etscope.etdump.errors import UsageError


class NothingToCompare(UsageError, TypeError):
    """One of the two is None; a TypeError, too."""


def compare_results(
    reference_output: Sequence[Any],
    run_output: Sequence[Any],
    metrics: Sequence[str] | None = None,
    plot: bool = False,
) -> dict[str, list[float | None]]:
    """Compare outputs one by one, as `executorch.devtools.inspector.compare_results`.

    Args:
        metrics: of "snr" (dB), "mse" and "cosine_similarity"; None: all.
        plot: not done here: the values are there to be drawn.

    Returns:
        Metric → a value per output, rounded to two decimals. None where the two cannot
        be compared. A warning says why, and which outputs have NaN or infinite values.
        Nothing is printed.

    Raises:
        NothingToCompare: there is no reference or no output.
        MissingExtra: torch is not installed.
    """
    for what, given in (("reference", reference_output), ("run", run_output)):
        if given is None:
            raise NothingToCompare(f"there is no {what} output to compare")
    from etscope.inspector.numerics.output_metrics import METRICS, compared

    asked = list(METRICS) if metrics is None else list(metrics)
    unknown = [name for name in asked if name not in METRICS]
    found, notes = compared(
        list(reference_output), list(run_output), [name for name in METRICS if name in asked]
    )
    if unknown:
        notes.append(f"unknown metrics are left out: {', '.join(unknown)}")
    if plot:
        notes.append("nothing is drawn: etscope returns the values, plot them with what you like")
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return found
