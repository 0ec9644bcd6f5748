"""A small dashboard served on loopback, and a client that says what it is told to."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, html

from etscope.dashboard.library.library import Library
from etscope.dashboard.server.answers import MAKERS, Maker
from etscope.dashboard.server.guard import OWN_HEADER
from etscope.dashboard.server.service import Service, Settings


def small_app() -> Dash:
    """An app with a callback of each kind."""
    app = Dash("small", update_title="", enable_mcp=False)
    app.layout = html.Main([html.Button("go", id="go"), html.P(id="here"), html.P(id="there")])
    app.clientside_callback(  # type: ignore[no-untyped-call]
        "n => n", Output("here", "children"), Input("go", "n_clicks")
    )

    @app.callback(Output("there", "children"), Input("go", "n_clicks"))
    def told(clicks: int | None) -> str:
        return "told " * 1000

    return app


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, unpacked if it was packed."""
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


class Client:
    """Sends requests as they are given: nothing is added but the address."""

    def __init__(self, url: str) -> None:
        self.port = int(url.partition("?")[0].rstrip("/").rpartition(":")[2])

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            sent = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            fields = {name.lower(): value for name, value in reply.getheaders()}
            return Answer(reply.status, fields, reply.read())
        finally:
            connection.close()

    def answer(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask until it is no longer being worked on."""
        sent = {OWN_HEADER: "1", **(headers or {})}
        found = self.ask(path, method, headers=sent)
        while found.status == 202:
            found = self.ask(path, method, headers=sent)
        return found

    def change(self, path: str, method: str = "POST", body: bytes | None = None) -> Answer:
        """A request that changes something, as a page of ours sends it."""
        return self.ask(path, method, body, {OWN_HEADER: "1"})


@contextmanager
def served(
    library: Library,
    settings: Settings | None = None,
    makers: Mapping[str, Maker] = MAKERS,
) -> Iterator[tuple[Service, Client]]:
    """The service, which is not watching unless it is told to, and a client of it."""
    settings = settings or Settings(watch_seconds=None)
    with Service(small_app(), library, settings, makers) as service:
        yield service, Client(service.url)
