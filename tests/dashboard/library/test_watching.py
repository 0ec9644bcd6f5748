"""Watching: a new trace appears, a changed one changes, and the thread ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened_traces import bundle, dump_bytes, states, write

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.watching import Watcher


class Counted(Library):
    """A library that says when it was refreshed."""

    def __init__(self, *paths: Path) -> None:
        super().__init__(paths)
        self.looks = threading.Semaphore(0)
        self.fails = False

    def refresh(self, stop: threading.Event | None = None) -> None:
        self.looks.release()
        if self.fails:
            raise PermissionError("for now")
        super().refresh(stop)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Counted]:
    made = Counted(tmp_path)
    yield made
    made.close()


def two_looks(library: Counted) -> None:
    """Wait until a look that began from now on is over."""
    while library.looks.acquire(blocking=False):
        pass
    for _ in range(2):
        assert library.looks.acquire(timeout=20)


def test_a_new_bundle_appears(library: Counted, tmp_path: Path) -> None:
    watcher = Watcher(library, seconds=0.01)
    watcher.start()
    two_looks(library)
    assert states(library) == {}
    bundle(tmp_path)
    write(tmp_path / "cut.etdp", dump_bytes()[:-60])
    two_looks(library)
    two_looks(library)
    assert states(library) == {"cut.etdp": "broken", "made.etscope": "ready"}
    watcher.stop()
    assert not watcher.is_running


def test_a_failing_look_does_not_end_the_watch(
    library: Counted, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library.fails = True
    watcher = Watcher(library, seconds=0.01)
    watcher.start()
    two_looks(library)
    library.fails = False
    write(tmp_path / "a.etdp", dump_bytes())
    two_looks(library)
    watcher.stop()
    assert states(library) == {"a.etdp": "ready"}
    assert "failed to look" in caplog.text
