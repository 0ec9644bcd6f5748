"""A dashboard at work: library, uploads, jobs, watch and web server, begun and ended together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Flask

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.uploads import UploadLimits, Uploads
from etscope.dashboard.library.watching import Watcher
from etscope.dashboard.server.answers import MAKERS, Maker
from etscope.dashboard.server.compression import Compression
from etscope.dashboard.server.guard import Access, Guard
from etscope.dashboard.server.headers import Headers, page_policy
from etscope.dashboard.server.jobs import Jobs
from etscope.dashboard.server.replies import Replies
from etscope.dashboard.server.routes import data_routes
from etscope.dashboard.server.serving import BODY_LIMIT, WebServer
from etscope.dashboard.server.upload_routes import upload_routes
from etscope.etdump.errors import UsageError

if TYPE_CHECKING:
    from dash import Dash


@dataclass(frozen=True)
class Settings:
    """How a dashboard is served.

    Attributes:
        port: 0 for any free one.
        watch_seconds: between two looks for new traces; None: it looks once.
        framed_by: origins that may show it in a frame, such as a notebook's.
    """

    access: Access = field(default_factory=Access)
    port: int = 0
    watch_seconds: float | None = 1.0
    framed_by: tuple[str, ...] = ()
    uploads: UploadLimits = field(default_factory=UploadLimits)


class Service:
    """Everything that runs while a dashboard is open. Use it in a `with`, or close it.

    Args:
        app: with its layout and all its callbacks: what is registered later, the
            content security policy does not allow.
        library: closed with the service.
        makers: what the data routes answer.

    Raises:
        UsageError: the address cannot be had, or the app would load files from elsewhere.
    """

    def __init__(
        self,
        app: Dash,
        library: Library,
        settings: Settings | None = None,
        makers: Mapping[str, Maker] = MAKERS,
    ) -> None:
        _check_local(app)
        settings = settings or Settings()
        self.library = library
        self.jobs = Jobs()
        self.uploads = Uploads(library, settings.uploads)
        self.replies = Replies(library, self.jobs, makers)
        self.version = _version()
        self._access = settings.access
        self._watcher = Watcher(library, settings.watch_seconds or 1.0)
        self._watches = settings.watch_seconds is not None
        self._closed = threading.Event()
        server: Flask = app.server
        self._prepare(server)
        policy = page_policy(app.csp_hashes(), settings.framed_by)
        guarded = Headers(Guard(server.wsgi_app, settings.access), policy)
        self._web = WebServer(guarded, settings.access.host, settings.port)

    def _prepare(self, server: Flask) -> None:
        # The environment variable FLASK_DEBUG would show tracebacks, and code, to anybody.
        server.debug = False
        server.config.update(
            MAX_CONTENT_LENGTH=BODY_LIMIT, MAX_FORM_MEMORY_SIZE=2**20, PROPAGATE_EXCEPTIONS=False
        )
        Compression().attach(server)
        server.register_blueprint(data_routes(self.library, self.replies, self.jobs, self.version))
        server.register_blueprint(upload_routes(self.library, self.uploads, self.jobs))

    @property
    def url(self) -> str:
        """The address to open, with the token if there is one."""
        host = self._access.host
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
        if ":" in shown and not shown.startswith("["):
            shown = f"[{shown}]"
        token = self._access.token
        return f"http://{shown}:{self._web.port}/" + (
            f"?{urlencode({'token': token})}" if token else ""
        )

    def start(self) -> None:
        """Begin to look for traces and to answer."""
        if self._watches:
            self._watcher.start()
        else:
            self.library.refresh()
        self._web.start()

    def run(self) -> None:
        """Start, and stay until the process is asked to end (Ctrl-C, SIGTERM); main thread only."""
        asked = threading.Event()
        before = {
            number: signal.signal(number, lambda *_: asked.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            self.start()
            asked.wait()
        finally:
            self.close()
            for number, handler in before.items():
                signal.signal(number, handler)

    def close(self) -> None:
        """End everything that is under way; no thread, no file is left. Once is enough."""
        if self._closed.is_set():
            return
        self._closed.set()
        self.jobs.close()
        self._web.stop()
        self._watcher.stop()
        self.uploads.close()
        self.library.close()

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _check_local(app: Dash) -> None:
    """A dashboard works without a network, and tells nobody that it runs."""
    given = [*app.config.external_scripts, *app.config.external_stylesheets]
    if given or not app.config.serve_locally:
        raise UsageError(f"The app loads files from elsewhere ({given}): put them into assets/.")


def _version() -> str:
    try:
        return version("etscope")
    except PackageNotFoundError:  # run from a checkout
        return "source"
