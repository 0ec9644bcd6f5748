"""The source view for machines: what a clock cannot tell is null, with its bound."""

from __future__ import annotations

from typing import Any

import pytest
from latency_reports import method, mixed
from source_views import Places, frame, origin, view_of
from traces import Event, event

from etscope.inspector.source_view.document import source_json

CALLER, BLIND, TIMED = frame(5), frame(20), frame(30)
PLACES: Places = {"zero": origin(CALLER, BLIND), "some": origin(CALLER, TIMED)}


def delegate_of(nanoseconds: int) -> tuple[Event, ...]:
    """A delegate call of two operations: one takes 0 by its clock, the other so long."""
    return (
        event(None, 0, 0, instruction=1, delegate="zero"),
        event(None, 0, nanoseconds, instruction=1, delegate="some"),
        event("DELEGATE_CALL", 0, 10_000, instruction=1),
    )


def rows_of(nanoseconds: int) -> dict[int, dict[str, Any]]:
    """By line the rows of an inference with such a delegate call."""
    run = method(10, *delegate_of(nanoseconds))
    return {row["line"]: row for row in source_json(view_of(run, run, places=PLACES))["rows"]}


@pytest.mark.parametrize(("nanoseconds", "bound"), [(2000, 0.001), (1500, None)])
def test_what_a_clock_cannot_tell_is_null_and_bounded_if_its_step_is_known(
    nanoseconds: int, bound: float | None
) -> None:
    rows = rows_of(nanoseconds)
    blind = rows[20]
    assert [blind[key] for key in ("self_ms", "total_ms", "self_share", "share")] == [None] * 4
    assert (blind["self_at_most_ms"], blind["at_most_ms"]) == (bound, bound)
    assert [use["self_ms"] for use in blind["ops"]] == [None]
    timed = rows[30]
    assert timed["self_ms"] == pytest.approx(nanoseconds / 1e6)
    assert (timed["self_at_most_ms"], timed["at_most_ms"]) == (None, None)


def test_a_line_that_only_calls_has_a_share_of_what_it_calls() -> None:
    caller = rows_of(2000)[5]
    assert (caller["self_ms"], caller["self_share"]) == (0, 0)
    assert (caller["total_ms"], caller["share"]) == pytest.approx((0.002, 0.2))
    assert caller["mapping_confidence"] is None


def test_coverage_says_what_shares_are_of_and_notes_are_said_once() -> None:
    view = view_of(mixed(), mixed(), places=PLACES)
    coverage = source_json(view)["coverage"]
    (of_method,) = coverage["methods"]
    assert (of_method["method_ms"], of_method["method_timed"]) == (pytest.approx(0.1), True)
    assert of_method["events_beside_method"] == 0
    assert coverage["notes"] == view.notes == list(dict.fromkeys(view.notes))
