"""Which event is which operation: exact, aligned around gaps, guessed, none."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from etscope.inspector.backends import alignment
from etscope.inspector.backends.alignment import (
    EVENT_COST,
    FOLDED_COST,
    LOST_COST,
    Alignment,
    Fits,
    align,
)

PAIR = 10


def fits_of(events: str, operations: str) -> Fits:
    """An event fits the operations of its letter; "*" fits all."""
    score = [[PAIR * (e in (o, "*")) for o in operations] for e in events]
    table = np.array(score, np.int32).reshape(len(events), len(operations))
    return Fits(np.arange(len(events), dtype=np.int64), table)


def foldable(operations: str) -> NDArray[np.bool_]:
    """Lower case operations usually vanish."""
    return np.array([o.islower() for o in operations], np.bool_)


def aligned(events: str, operations: str, handles: str | None = None) -> tuple[list[int], str]:
    """(operation per event, first letters of the confidences)."""
    numbers = np.array([ord(h) for h in handles or map(chr, range(len(operations)))], np.int64)
    found = align(fits_of(events, operations), foldable(operations), numbers)
    assert found is not None
    return found.operation.tolist(), "".join("nGAE"[c] for c in found.confidence.tolist())


@pytest.mark.parametrize(
    ("events", "operations", "rows", "confidence"),
    [
        ("ABC", "ABC", [0, 1, 2], "EEE"),
        ("ABC", "AxBC", [0, 2, 3], "AAA"),
        ("AxA", "AxxA", [0, 2, 3], "AGA"),
        ("AB", "xAyB", [1, 3], "AA"),
        ("AQB", "ACB", [0, 1, 2], "AGA"),  # rewritten: it fits by its place
        ("AQB", "AB", [0, -1, 1], "AnA"),
        ("AQRB", "ACB", [0, -1, -1, 2], "AnnA"),
        ("QA", "xA", [-1, 1], "nA"),
        ("A*B", "AxCyB", [0, 2, 4], "AAA"),  # what does not vanish must have an event
        ("", "A", [], ""),
        ("A", "", [-1], "n"),
        ("BA", "AB", [-1, 0], "nG"),  # another order: one of them is left out
    ],
)
def test_events_find_their_operations(
    events: str, operations: str, rows: list[int], confidence: str
) -> None:
    assert aligned(events, operations) == (rows, confidence)


def test_operations_of_one_handle_are_no_guess() -> None:
    assert aligned("AxA", "AxxA", "1223") == ([0, 2, 3], "AAA")


def test_a_weak_fit_gives_way_to_a_strong_one() -> None:
    fits = Fits(np.array([0]), np.array([[8, 10]], np.int32))
    found = align(fits, np.array([True, True]), np.array([5, 6]))
    assert found is not None
    assert found.operation.tolist() == [1]


def test_too_many_to_try_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "CELL_LIMIT", 5)
    assert align(fits_of("AB", "ABx"), foldable("ABx"), np.arange(3)) is None
    exact = align(fits_of("AB", "AB"), foldable("AB"), np.arange(2))
    assert isinstance(exact, Alignment)


def total(pairs: list[tuple[int, int]], events: str, operations: str) -> int:
    skipped = set(range(len(operations))) - {o for _, o in pairs}
    return (
        PAIR * len(pairs)
        - EVENT_COST * (len(events) - len(pairs))
        - sum(FOLDED_COST if operations[o].islower() else LOST_COST for o in skipped)
    )


def every_alignment(events: str, operations: str) -> list[list[tuple[int, int]]]:
    found = []
    for size in range(min(len(events), len(operations)) + 1):
        for left in combinations(range(len(events)), size):
            for right in combinations(range(len(operations)), size):
                pairs = list(zip(left, right, strict=True))
                if all(events[e] in (operations[o], "*") for e, o in pairs):
                    found.append(pairs)
    return found


@settings(max_examples=150, deadline=None)
@given(some.text("Ax*", max_size=4), some.text("ABxy", max_size=5))
def test_it_is_the_best_of_all_alignments(events: str, operations: str) -> None:
    rows, sure = aligned(events, operations)
    fitting = [(e, o) for e, o in enumerate(rows) if o >= 0 and events[e] in (operations[o], "*")]
    ranked = [(total(p, events, operations), p) for p in every_alignment(events, operations)]
    best = max(value for value, _ in ranked)
    if "E" in sure:
        assert rows == list(range(len(operations)))
        return
    assert total(fitting, events, operations) == best
    for event, letter in enumerate(sure):
        choices = {dict(p).get(event) for value, p in ranked if value == best}
        assert letter != "A" or choices == {rows[event]}
