"""Values made once, kept within a limit, and forgotten in the order of the last question."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from etscope.dashboard.library.once import Once
from etscope.dashboard.library.shelf import Shelf
from etscope.dashboard.library.weight import estimated_bytes


def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    once: Once[str, int] = Once()
    began, goes_on = threading.Event(), threading.Event()

    def fail() -> int:
        began.set()
        goes_on.wait(20)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.get, "a", fail)
        assert began.wait(20)
        second = pool.submit(once.get, "a", fail)
        goes_on.set()
        for found in (first, second):
            with pytest.raises(ValueError, match="no"):
                found.result(20)
    assert not once.ready("a")
    assert once.get("a", lambda: 7) == (7, True)
    assert once.get("a", lambda: 8) == (7, False)


def test_what_nobody_asked_for_longest_goes_first() -> None:
    shelf: Shelf[str, bytes] = Shelf(10, len)
    for key in ("a", "b"):
        shelf.get(key, lambda: bytes(5))
    shelf.get("a", lambda: b"")
    shelf.get("c", lambda: bytes(5))
    assert [shelf.ready(key) for key in "abc"] == [True, False, True]
    assert shelf.held_bytes == 10


def test_what_is_larger_than_the_shelf_stays_alone() -> None:
    shelf: Shelf[str, bytes] = Shelf(10, len)
    shelf.get("a", lambda: bytes(5))
    shelf.get("large", lambda: bytes(50))
    assert (len(shelf), shelf.held_bytes) == (1, 50)
    shelf.drop("large")
    assert (len(shelf), shelf.held_bytes) == (0, 0)


def test_what_went_is_not_weighed_any_more() -> None:
    shelf: Shelf[str, list[int]] = Shelf(10, len)
    held = shelf.get("a", lambda: [1])
    shelf.drop("a")
    held.append(2)
    shelf.weigh_again("a", held)
    assert shelf.held_bytes == 0


def test_each_array_counts_once() -> None:
    array = np.zeros(100_000)
    several = {"whole": array, "view": array[5:], "again": [array, array.reshape(10, -1)]}
    assert 800_000 <= estimated_bytes(several) < 810_000


def test_rings_end_and_many_objects_are_estimated() -> None:
    ring: list[object] = []
    ring.append(ring)
    assert estimated_bytes(ring) < 1_000
    many = [str(number) for number in range(300_000)]
    assert 10_000_000 < estimated_bytes(many) < 30_000_000
