"""Uploads over HTTP: good, corrupt, too large, broken off, cancelled."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from opened_traces import bundle, dump_bytes, keys
from served_dashboard import Answer, Client, served

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.uploads import UploadLimits
from etscope.dashboard.server.guard import OWN_HEADER
from etscope.dashboard.server.service import Settings
from etscope.dashboard.server.serving import BODY_LIMIT

LIMITS = UploadLimits(trace_bytes=50_000, kept_bytes=80_000)


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def client(library: Library) -> Iterator[Client]:
    with served(library, Settings(watch_seconds=None, uploads=LIMITS)) as (_, made):
        yield made


def begin(client: Client, name: str) -> str:
    answer = client.change(f"/api/v1/uploads?name={quote(name)}")
    assert answer.status == 201
    upload: str = answer.json["upload"]
    return upload


def put(client: Client, upload: str, file: str, body: bytes, offset: int = 0) -> Answer:
    path = f"/api/v1/uploads/{upload}?file={quote(file, safe='')}&offset={offset}"
    return client.change(path, "PUT", body)


def finish(client: Client, upload: str) -> Answer:
    return client.answer(f"/api/v1/uploads/{upload}/finish", "POST")


def head(client: Client, upload: str, length: int) -> bytes:
    """What a request begins with that says that it is of some length."""
    lines = (
        f"PUT /api/v1/uploads/{upload}?file=a&offset=0 HTTP/1.1",
        f"Host: 127.0.0.1:{client.port}",
        f"{OWN_HEADER}: 1",
        f"Content-Length: {length}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def left(library: Library) -> list[Path]:
    return [path for path in library.folder.path.rglob("*") if path.is_file()]


def test_a_good_file_opens(client: Client, library: Library) -> None:
    content, upload = dump_bytes(), begin(client, "a.etdp")
    half = len(content) // 2
    assert put(client, upload, "a.etdp", content[:half]).json == {"received": half}
    assert put(client, upload, "a.etdp", content[half:], half).json == {"received": len(content)}
    row = finish(client, upload).json
    assert (row["name"], row["state"], row["inferences"]) == ("a.etdp", "ready", 3)
    assert row["uploaded"] is True
    assert client.answer(f"/api/v1/traces/{row['key']}/answers/latency").status == 200
    assert client.change(f"/api/v1/traces/{row['key']}", "DELETE").status == 204
    assert client.ask(f"/api/v1/traces/{row['key']}").status == 404
    assert left(library) == []


def test_a_bundle_opens(client: Client, library: Library, tmp_path: Path) -> None:
    upload = begin(client, "mine.etscope")
    for path in bundle(tmp_path).iterdir():
        assert put(client, upload, path.name, path.read_bytes()).status == 200
    assert finish(client, upload).json["kind"] == "bundle"
    assert list(keys(library)) == ["mine.etscope"]


def test_a_corrupt_file_is_one_sentence(client: Client, library: Library) -> None:
    upload = begin(client, "cut.etdp")
    put(client, upload, "cut.etdp", dump_bytes()[:-70])
    answer = finish(client, upload)
    assert answer.status == 422
    assert answer.json["error"].startswith("cut.etdp")
    assert str(library.folder.path) not in answer.json["error"]
    assert client.ask("/api/v1/traces").json["traces"] == []
    assert left(library) == []


def test_too_large_a_file_is_stopped_while_it_comes(client: Client, library: Library) -> None:
    upload = begin(client, "a.etdp")
    assert put(client, upload, "a.etdp", bytes(40_000)).status == 200
    assert put(client, upload, "a.etdp", bytes(40_000), 40_000).status == 413
    assert left(library) == []


def test_no_request_is_too_large(client: Client) -> None:
    """The server stops reading, before anything of it is the application's."""
    upload = begin(client, "a.etdp")
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as raw:
        raw.sendall(head(client, upload, BODY_LIMIT + 1))
        assert raw.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_sender_who_goes_away_leaves_nothing(client: Client, library: Library) -> None:
    upload = begin(client, "a.etdp")
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as raw:
        raw.sendall(head(client, upload, 5000) + b"only this")
    assert client.change(f"/api/v1/uploads/{upload}", "DELETE").status == 204
    assert left(library) == []


def test_a_cancelled_upload_is_gone(client: Client, library: Library) -> None:
    upload = begin(client, "a.etdp")
    put(client, upload, "a.etdp", b"x" * 1000)
    assert client.change(f"/api/v1/uploads/{upload}", "DELETE").status == 204
    assert left(library) == []
    again = put(client, upload, "a.etdp", b"x", 1000)
    assert again.status == 400
    assert "is over" in again.json["error"]


def test_a_sender_who_is_lost_is_told_where_to_go_on(client: Client) -> None:
    upload = begin(client, "a.etdp")
    put(client, upload, "a.etdp", b"x" * 10)
    answer = put(client, upload, "a.etdp", b"x", 99)
    assert (answer.status, answer.json["received"]) == (409, 10)


@pytest.mark.parametrize("name", ["../a", "..", "a/b", "C:\\a", "\0", "a\n", ""])
def test_names_stay_names(client: Client, library: Library, name: str) -> None:
    assert client.change(f"/api/v1/uploads?name={quote(name, safe='')}").status == 400
    assert put(client, begin(client, "fine"), name, b"x").status == 400
    assert left(library) == []


def test_what_makes_no_sense_is_refused(client: Client) -> None:
    assert put(client, "..", "a", b"x").status == 400
    assert finish(client, "unknown").status == 400
    assert client.change("/api/v1/uploads/x?file=a&offset=no", "PUT", b"x").status == 400
    assert client.change("/api/v1/uploads/x?file=a&offset=-1", "PUT", b"x").status == 400
    empty = finish(client, begin(client, "a"))
    assert "No file was sent" in empty.json["error"]
