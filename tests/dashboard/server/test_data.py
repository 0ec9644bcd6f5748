"""The data of a dashboard over HTTP: the list, answers, jobs."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from opened_traces import bundle, dump_bytes, keys, opened_library, program_bytes, write
from project import ROOT
from served_dashboard import Answer, Client, served

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.server.answers import MAKERS
from etscope.dashboard.server.jobs import Progress
from etscope.dashboard.server.wire import head_of, unpack
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording

PACKED = {"Accept-Encoding": "gzip"}


class Slow:
    """An answer that takes until it is let go, or cancelled."""

    def __init__(self) -> None:
        self.began, self.goes_on = threading.Event(), threading.Event()
        self.calls = 0

    def __call__(self, opened: Opened, progress: Progress) -> Mapping[str, Any]:
        self.calls += 1
        self.began.set()
        while not self.goes_on.wait(0.01):
            progress.step(0.25, "counting sheep")
        return {"done": True}


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.goes_on.set()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write(tmp_path / "a.etdp", dump_bytes(3))
    write(tmp_path / "cut.etdp", dump_bytes(4)[:-90])
    write(tmp_path / "p.pte", program_bytes())
    bundle(tmp_path)
    return opened_library(tmp_path)


@pytest.fixture
def client(library: Library, slow: Slow) -> Iterator[Client]:
    def wrong(opened: Opened, progress: Progress) -> Mapping[str, Any]:
        raise ZeroDivisionError("secret")

    with served(library, makers={**MAKERS, "slow": slow, "wrong": wrong}) as (_, made):
        yield made


def answers(library: Library, name: str, answer: str) -> str:
    return f"/api/v1/traces/{keys(library)[name]}/answers/{answer}"


def test_the_list_names_every_trace(client: Client) -> None:
    answer = client.ask("/api/v1/traces")
    rows = {row["name"]: row for row in answer.json["traces"]}
    assert set(rows) == {"a.etdp", "cut.etdp", "p.pte", "made.etscope"}
    assert rows["made.etscope"]["kind"] == "bundle"


def test_an_unchanged_list_is_not_sent_again(client: Client, library: Library) -> None:
    first = client.ask("/api/v1/traces")
    known = {"If-None-Match": first.headers["etag"]}
    assert client.ask("/api/v1/traces", headers=known).status == 304
    library.look(keys(library)["a.etdp"])
    again = client.ask("/api/v1/traces", headers=known)
    assert again.status == 200
    assert "3 inferences" in str(again.json)


def test_a_report_is_the_one_of_the_api(client: Client, library: Library, tmp_path: Path) -> None:
    answer = client.answer(answers(library, "made.etscope", "latency"))
    assert answer.json == latency_report(open_recording(tmp_path / "made.etscope")).to_json()


@pytest.mark.parametrize("name", ["made.etscope", "p.pte"])
@pytest.mark.parametrize("answer", ["memory", "program"])
def test_a_document_is_what_its_schema_says(
    client: Client, library: Library, name: str, answer: str
) -> None:
    document = client.answer(answers(library, name, answer)).json
    schema = json.loads((ROOT / "docs" / "schemas" / f"{answer}.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)
    assert str(library.folder.path) not in str(document)
    assert document["source"]["path"].endswith(name)


def test_a_dump_alone_has_no_memory_plan(client: Client, library: Library) -> None:
    answer = client.answer(answers(library, "a.etdp", "memory"))
    assert answer.status == 422
    assert "no program came with this trace" in answer.json["error"]


def test_the_timeline_comes_as_its_canvas_reads_it(client: Client, library: Library) -> None:
    head, begin = head_of(client.answer(answers(library, "made.etscope", "timeline")).body)
    assert head["format"] == "etscope.timeline"
    assert head["slices"] == 9
    assert begin % 8 == 0


def test_events_come_as_columns(client: Client, library: Library) -> None:
    answer = client.answer(answers(library, "a.etdp", "events"))
    head, columns = unpack(answer.body)
    assert columns["end"].tolist() == [10, 20, 20] * 3
    names = [head["strings"][name] for name in columns["name"].tolist()]
    assert names[:3] == ["OPERATOR_CALL", "OPERATOR_CALL", "Method::execute"]
    assert head["runs"]["first_event"] == [0, 3, 6, 9]
    assert columns["start"].dtype == np.dtype("<i4")


def test_an_answer_is_packed_and_kept(client: Client, library: Library) -> None:
    address = answers(library, "a.etdp", "latency")
    plain, packed = client.answer(address), client.answer(address, headers=PACKED)
    assert gzip.decompress(packed.body) == plain.body
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    known = {"If-None-Match": packed.headers["etag"], **PACKED}
    assert client.ask(address, headers=known).status == 304
    assert plain.headers["cache-control"] == "private, no-cache"


def test_an_answer_with_a_version_is_kept_for_good(library: Library) -> None:
    with served(library) as (service, client):
        address = answers(library, "a.etdp", "latency") + "?v="
        kept = client.answer(address + service.version).headers["cache-control"]
        assert "immutable" in kept
        assert "immutable" not in client.answer(address + "older").headers["cache-control"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/v1/traces/" + "0" * 64, 404, "No opened trace"),
        ("/api/v1/traces/" + "0" * 64 + "/answers/latency", 404, "No opened trace"),
        ("/api/v1/traces/..%2F..%2Fetc%2Fpasswd/answers/latency", 404, ""),
        ("/api/v1/traces/%2Fetc%2Fpasswd", 404, ""),
        ("/assets/..%2f..%2f..%2fetc%2fpasswd", 404, ""),
        ("/_dash-component-suites/dash/..%2f..%2fdash.py", 404, ""),
        ("/api/v1/jobs/none", 404, "is over"),
        ("/api/v1/nothing", 404, "nothing at this address"),
    ],
)
def test_keys_are_no_paths(client: Client, path: str, status: int, words: str) -> None:
    answer = client.ask(path)
    assert b"root:" not in answer.body
    assert words.encode() in answer.body
    assert answer.status == status or (answer.status == 500 and "suites" in path)


def test_faults_are_sentences(client: Client, library: Library) -> None:
    cut = client.answer(answers(library, "cut.etdp", "latency"))
    assert cut.status == 422
    assert "cut.etdp" in cut.json["error"]
    assert client.answer(answers(library, "p.pte", "latency")).status == 422
    assert client.answer(answers(library, "a.etdp", "nothing")).status == 400
    assert client.ask("/api/v1/traces", "PATCH").status in (403, 405)


def test_a_fault_of_ours_tells_no_secrets(
    client: Client, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.answer(answers(library, "a.etdp", "wrong"))
    assert answer.status == 500
    assert b"ZeroDivisionError" in answer.body
    assert b"secret" not in answer.body
    assert "secret" in caplog.text


def test_one_broken_trace_leaves_the_others(client: Client, library: Library) -> None:
    client.answer(answers(library, "cut.etdp", "latency"))
    assert client.answer(answers(library, "a.etdp", "latency")).status == 200


def test_twenty_viewers_ask_at_once(client: Client, library: Library, slow: Slow) -> None:
    slow.goes_on.set()
    address = answers(library, "made.etscope", "slow")
    with ThreadPoolExecutor(20) as pool:
        replies: list[Answer] = list(pool.map(lambda _: client.answer(address), range(20)))
    assert {reply.status for reply in replies} == {200}
    assert slow.calls == 1


def test_long_work_is_a_job_with_progress(client: Client, library: Library, slow: Slow) -> None:
    address = answers(library, "a.etdp", "slow")
    first = client.ask(address)
    assert first.status == 202
    job = first.json
    assert (job["status"], job["progress"], job["doing"]) == ("running", 0.25, "counting sheep")
    assert client.ask(f"/api/v1/jobs/{job['job']}").json["job"] == job["job"]
    slow.goes_on.set()
    assert client.answer(address).json == {"done": True}
    assert slow.calls == 1


def test_long_work_can_be_cancelled(client: Client, library: Library, slow: Slow) -> None:
    address = answers(library, "a.etdp", "slow")
    job = client.ask(address).json["job"]
    assert client.change(f"/api/v1/jobs/{job}", "DELETE").status == 200
    assert client.answer(address).status == 409
    slow.goes_on.set()
    assert client.answer(address).json == {"done": True}
    assert slow.calls == 2


def test_what_dash_sends_is_packed_and_kept(client: Client) -> None:
    page = client.ask("/").body.decode()
    (suite, *_) = [part for part in page.split('"') if "dash_renderer.v" in part]
    plain, packed = client.ask(suite), client.ask(suite, headers=PACKED)
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 2
    assert "immutable" in packed.headers["cache-control"]
    body = (
        b'{"output":"there.children","outputs":{"id":"there","property":"children"},'
        b'"inputs":[{"id":"go","property":"n_clicks","value":1}],"changedPropIds":["go.n_clicks"]}'
    )
    headers = {"Content-Type": "application/json", **PACKED}
    told = client.ask("/_dash-update-component", "POST", body, headers)
    assert told.json["response"]["there"]["children"] == "told " * 1000
    assert len(told.body) < 300
