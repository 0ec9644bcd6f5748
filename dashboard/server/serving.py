"""The web server: waitress on a socket of its own, with an orderly end."""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from waitress.server import create_server
from waitress.wasyncore import close_all

from etscope.etdump.errors import UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: A page asks for its files at once; a few more threads than a browser has connections.
_THREADS = 12

#: No request is larger: files come in pieces.
BODY_LIMIT = 2**24


class WebServer:
    """A WSGI application on an address, served by threads of this process.

    Args:
        port: 0 for any free one; `port` tells which.

    Raises:
        UsageError: the address is taken, or not one of this machine.
    """

    def __init__(self, application: WSGIApplication, host: str, port: int) -> None:
        self.host = host
        self._socket = _bound(host, port)
        self.port = int(self._socket.getsockname()[1])
        self._map: dict[int, Any] = {}
        self._server: Any = create_server(
            application,
            map=self._map,
            sockets=[self._socket],
            threads=_THREADS,
            max_request_body_size=BODY_LIMIT,
            max_request_header_size=2**16,
            recv_bytes=2**16,
            channel_timeout=60,
            connection_limit=200,
            ident=None,
            log_socket_errors=False,
        )
        # A busy moment is no news for whoever started the dashboard.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._thread = threading.Thread(target=self._server.run, name="etscope-web", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Answer no more: requests that are at work may end, then every connection is closed."""
        if not self._thread.is_alive():
            self._server.task_dispatcher.shutdown(timeout=timeout)
            close_all(self._map, ignore_all=True)
            return
        self._server.trigger.pull_trigger(self._refuse_new)
        self._server.task_dispatcher.shutdown(timeout=timeout)
        self._server.trigger.pull_trigger(lambda: close_all(self._map, ignore_all=True))
        self._thread.join(timeout)

    def _refuse_new(self) -> None:
        self._server.accepting = False

    @property
    def is_running(self) -> bool:
        """Whether it answers."""
        return self._thread.is_alive()


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port < 2**16:
        raise UsageError(f"{port} is no port: give one from 1 to 65535, or 0 for any that is free.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{host} is no address of this machine: give another --host.") from error
    made = socket.socket(family, kind, protocol)
    try:
        # A server that ended a moment ago does not block the next one. On Windows that
        # happens by itself, and another program may not take the address over.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        made.setsockopt(socket.SOL_SOCKET, option, 1)
        made.bind(address)
    except OSError as error:
        made.close()
        raise UsageError(
            f"{host}:{port} cannot be had ({error.strerror or error}): give another --port, "
            "or 0 for any that is free."
        ) from error
    return made
