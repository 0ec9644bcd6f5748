"""What a machine reaches: measured in a child process, and nothing lost where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from etscope.devtools.capture import calibration, calibration_pass
from etscope.devtools.capture.calibration_pass import calibrate
from etscope.devtools.diagnosis.child import Outcome


def test_a_machine_is_measured_with_as_many_threads_as_asked_for() -> None:
    peak, outcome = calibrate(1)
    assert outcome.status == "ok"
    assert peak is not None
    assert peak.threads == 1
    assert peak.float32_gflops_per_s > 0
    assert peak.memory_gb_per_s > 0
    assert peak.cache_gb_per_s is not None
    assert peak.array_bytes is not None
    assert peak.array_bytes >= 2**20


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        (Outcome(None, "", "", 60.0), "The calibration was stopped after 60 s"),
        (Outcome(-11, "", "bad", 1.0), "The calibration died of SIGSEGV: bad"),
        (Outcome(0, "hello", "", 1.0), "The calibration printed no figures"),
        (Outcome(0, '{"threads": 1}', "", 1.0), "The calibration printed no figures"),
        (Outcome(0, "[" * 100_000, "", 1.0), "The calibration printed no figures"),
    ],
)
def test_what_fails_is_said_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, ended: Outcome, reason: str
) -> None:
    monkeypatch.setattr(calibration_pass, "run_module", lambda *_, **__: ended)
    peak, outcome = calibrate(2)
    assert peak is None
    assert outcome.status == "failed"
    assert outcome.reason is not None
    assert outcome.reason.startswith(reason)


def test_the_largest_cache_counts_and_strange_files_do_not(tmp_path: Path) -> None:
    for number, text in enumerate(("32K\n", "2M\n", "1024K\n", "much\n", "")):
        folder = tmp_path / f"index{number}"
        folder.mkdir()
        (folder / "size").write_text(text)
    assert calibration.last_cache_bytes(tmp_path) == 2 * 2**20
    assert calibration.last_cache_bytes(tmp_path / "none") == 0


@pytest.mark.parametrize(
    ("cache", "free", "size"),
    [
        (0, 2**36, 2**26),
        (2**25, 2**36, 2**27),
        (2**30, 2**36, 2**28),
        (2**25, 2**28, 2**25),
        (2**25, 0, 2**20),
    ],
)
def test_arrays_are_beyond_the_cache_and_a_small_part_of_memory(
    cache: int, free: int, size: int
) -> None:
    assert calibration.array_bytes(cache, free) == size


def test_the_fastest_round_counts_and_the_first_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    took = iter([9.0, 3.0, 1.0, 2.0, 50.0])

    def run() -> None:
        now[0] += next(took)

    monkeypatch.setattr(calibration, "perf_counter", lambda: now[0])
    assert calibration.fastest(run, 14.0) == 1.0
    took = iter([9.0, 3.0])
    assert calibration.fastest(run, 1.0) == 3.0
