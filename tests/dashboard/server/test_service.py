"""A service at work: it watches, and it ends with nothing left, whatever is under way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from opened_traces import bundle, dump_bytes, keys, opened_library, write
from project import ROOT
from served_dashboard import Client, served

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.server.answers import MAKERS
from etscope.dashboard.server.guard import Access
from etscope.dashboard.server.jobs import Busy, Cancelled, Jobs, Progress
from etscope.dashboard.server.service import Settings


def own_threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread.name.startswith(("etscope", "waitress"))
    }


def test_a_new_trace_appears_while_it_is_served(tmp_path: Path) -> None:
    with served(Library([tmp_path]), Settings(watch_seconds=0.02)) as (_, client):
        assert client.ask("/api/v1/traces").status == 200
        bundle(tmp_path)
        for _ in range(2000):
            rows = client.ask("/api/v1/traces").json["traces"]
            if rows and rows[0]["verdict"]:
                break
        assert [row["name"] for row in rows] == ["made.etscope"]
        assert "3 inferences" in rows[0]["verdict"]


def test_it_ends_with_work_in_flight(tmp_path: Path) -> None:
    write(tmp_path / "a.etdp", dump_bytes())
    before, began = own_threads(), threading.Event()

    def endless(opened: Opened, progress: Progress) -> Mapping[str, Any]:
        while True:
            began.set()
            progress.step(None, "working")

    library = opened_library(tmp_path)
    makers = {**MAKERS, "endless": endless}
    with served(library, Settings(watch_seconds=0.02), makers) as (_, client):
        during = own_threads() - before
        assert {thread.name for thread in during} >= {"etscope-watch", "etscope-web"}
        key = keys(library)["a.etdp"]
        assert client.ask(f"/api/v1/traces/{key}/answers/endless").status == 202
        upload = client.change("/api/v1/uploads?name=b").json["upload"]
        client.change(f"/api/v1/uploads/{upload}?file=b&offset=0", "PUT", b"half a file")
        assert any(path.name == "b" for path in library.folder.path.rglob("*"))
        assert began.is_set()
    for thread in during | (own_threads() - before):
        thread.join(20)
        assert not thread.is_alive()
    assert not library.folder.path.exists()
    with pytest.raises(ConnectionRefusedError):
        client.ask("/")


def test_closing_twice_is_once(tmp_path: Path) -> None:
    with served(Library()) as (service, _):
        service.close()


def test_the_address_can_be_opened() -> None:
    with served(Library()) as (service, client):
        assert service.url == f"http://127.0.0.1:{client.port}/"
    token = "0123456789abcdef"
    settings = Settings(Access("0.0.0.0", token), watch_seconds=None)
    with served(Library(), settings) as (service, client):
        assert service.url == f"http://127.0.0.1:{client.port}/?token={token}"
        assert client.ask("/", headers={"Authorization": f"bearer {token}"}).status == 200


#: Serves in the main thread of its own process, and says where.
_PROGRAM = """
import sys
from served_dashboard import small_app
from etscope.dashboard.library.library import Library
from etscope.dashboard.server.service import Service, Settings
library = Library(sys.argv[1:])
service = Service(small_app(), library)
print(service.url, library.folder.path, flush=True)
service.run()
print("ended", flush=True)
"""


def test_a_signal_ends_the_process_and_leaves_nothing(tmp_path: Path) -> None:
    bundle(tmp_path)
    path = os.pathsep.join((str(ROOT / ".src"), str(ROOT / "tests")))
    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        url, folder = child.stdout.readline().split()
        client = Client(url)
        upload = client.change("/api/v1/uploads?name=b").json["upload"]
        client.change(f"/api/v1/uploads/{upload}?file=b&offset=0", "PUT", b"half a file")
        assert Path(folder).is_dir()
        child.send_signal(signal.SIGTERM)
        assert child.stdout.read() == "ended\n"
        assert child.wait(20) == 0
    assert not Path(folder).exists()
    assert not psutil.pid_exists(child.pid)


# ----------------------------------------------------------------- jobs


def test_too_much_work_is_refused() -> None:
    jobs, goes_on = Jobs(threads=1, limit=2), threading.Event()
    first = jobs.start("a", lambda progress: goes_on.wait(20))
    waiting = jobs.start("b", lambda progress: 1)
    assert jobs.start("a", lambda progress: 2) is first
    assert waiting.status == "waiting"
    with pytest.raises(Busy, match="2 questions"):
        jobs.start("c", lambda progress: 3)
    waiting.cancel()
    assert waiting.status == "cancelled"
    with pytest.raises(Cancelled):
        jobs.take(waiting)
    goes_on.set()
    assert first.future.result(20) is True
    assert jobs.close()
    with pytest.raises(Busy, match="closing"):
        jobs.start("d", lambda progress: 4)


def test_a_finished_job_that_nobody_asked_for_again_makes_way() -> None:
    jobs = Jobs(threads=1, limit=1)
    jobs.start("a", lambda progress: 1).future.result(20)
    assert jobs.start("b", lambda progress: 2).future.result(20) == 2
    assert jobs.close()


def test_a_failure_is_told_to_who_asks() -> None:
    jobs = Jobs(threads=1)

    def fails(progress: Progress) -> None:
        raise KeyError("x")

    job = jobs.start("a", fails)
    with pytest.raises(KeyError):
        job.future.result(20)
    assert job.status == "failed"
    with pytest.raises(KeyError):
        jobs.take(job)
    assert jobs.of(job.id) is None
    assert jobs.close()
