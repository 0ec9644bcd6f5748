"""Resident pages of a process over time."""

from __future__ import annotations

import os

from etscope.devtools.capture.footprint_sampler import RssSampler, samples_of

MS = 1_000_000


def test_a_process_is_read_until_it_is_told_to_stop() -> None:
    sampler = RssSampler()
    sampler.start(os.getpid())
    sampler.stop()

    assert all(size > 0 for _, size in sampler.readings)
    assert len(sampler.readings) >= 1


def test_a_process_that_is_gone_gives_nothing() -> None:
    sampler = RssSampler()
    sampler.start(2**22 + 7)  # above the largest process number
    sampler.stop()

    assert sampler.readings == []


def test_a_sampler_that_never_began_stops() -> None:
    RssSampler().stop()


def test_readings_that_tell_nothing_new_are_dropped() -> None:
    sampler = RssSampler()
    for time, size in enumerate([5, 5, 5, 5, 6, 6, 5]):
        sampler._add(time, size)

    assert sampler.readings == [(0, 5), (3, 5), (4, 6), (5, 6), (6, 5)]


def test_most_samples_are_of_what_comes_after_the_libraries() -> None:
    readings = [(time * MS, 1000 + time) for time in range(200)]

    found = samples_of(readings, 0, 100 * MS, 40)

    assert len([time for time in found.at_ms if time < 100]) == 10
    assert len(found.at_ms) == 35  # groups of four behind it
    assert found.rss_bytes[-1] == 1199
    assert list(found.at_ms) == sorted(found.at_ms)


def test_the_largest_reading_is_never_lost() -> None:
    readings = [(time * MS, 9000 if time == 77 else 1) for time in range(100)]

    assert max(samples_of(readings, 0, 0, 8).rss_bytes) == 9000


def test_no_readings_make_no_samples() -> None:
    assert samples_of([], 0, 0, 8).at_ms == ()
