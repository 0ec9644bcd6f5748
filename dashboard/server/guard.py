"""The guard before everything else: whose request this is, and whether it may come in."""

from __future__ import annotations

import hmac
import html
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from etscope.dashboard.server.hosts import Hosts, is_loopback, same_origin
from etscope.etdump.errors import UsageError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API = "/api/"

#: A request that changes something must carry it; a page of another site cannot add it.
OWN_HEADER = "X-Etscope"

_READING = frozenset(("GET", "HEAD", "OPTIONS"))

#: Why a request is refused: (status, sentence).
_FOREIGN_HOST = (
    HTTPStatus.FORBIDDEN,
    "This is not an address of this dashboard: open it by the address that it printed.",
)
_FOREIGN_PAGE = (HTTPStatus.FORBIDDEN, "A page of another site may not ask this dashboard.")
_NO_HEADER = (HTTPStatus.FORBIDDEN, f"The request lacks the header {OWN_HEADER}.")
_NO_TOKEN = (
    HTTPStatus.UNAUTHORIZED,
    "This dashboard needs its token: open the link that it printed, which ends with ?token=…",
)


@dataclass(frozen=True)
class Access:
    """Who may ask.

    Attributes:
        host: the address that the server is bound to.
        token: what a stranger must know; None: nothing, on loopback only.
        names: further names of the server in Host headers.

    Raises:
        UsageError: other machines could connect, and there is no token.
    """

    host: str = "127.0.0.1"
    token: str | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.token is None and not is_loopback(self.host):
            raise UsageError(
                f"{self.host} can be reached from other machines: serve it with a token."
            )
        if self.token is not None and len(self.token) < 16:
            raise UsageError(
                "A token of less than 16 characters can be guessed: take a longer one."
            )


def new_token() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(32)


class Guard:
    """A WSGI application that lets nothing through to the one behind it but what is allowed.

    Host and Origin are checked, and what the browser says of the asking page.
    With a token: from the link at first, from then on from a cookie that no
    script can read and no other site can use, or as a Bearer token.
    """

    def __init__(self, behind: WSGIApplication, access: Access) -> None:
        self._behind = behind
        self._hosts = Hosts(access.host, access.names)
        self._token = access.token
        self._secret = secrets.token_urlsafe(32)
        # Cookies are shared by all ports of a host; so each server has a name of its own.
        self._cookie = f"etscope_{secrets.token_hex(4)}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, or have it answered."""
        request = Request(environ)
        refusal = self._refusal(request)
        if refusal is not None:
            return refused(*refusal)(environ, start_response)
        given = request.args.get("token")
        if self._token is not None and given is not None and request.method == "GET":
            return self._welcome(request, given)(environ, start_response)
        if not self._is_known(request):
            return refused(*_NO_TOKEN)(environ, start_response)
        return self._behind(environ, start_response)

    def _refusal(self, request: Request) -> tuple[HTTPStatus, str] | None:
        headers = request.headers
        host = headers.get("Host", "")
        if not self._hosts.owns(host):
            return _FOREIGN_HOST
        changes = request.method not in _READING
        origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
        if origin is not None and not same_origin(origin, host):
            return _FOREIGN_PAGE
        # A link on another site may lead here; that is all that it may do.
        link = not changes and headers.get("Sec-Fetch-Mode") == "navigate"
        if site not in ("same-origin", "none") and not link:
            return _FOREIGN_PAGE
        if changes and request.path.startswith(API) and OWN_HEADER not in headers:
            return _NO_HEADER
        return None

    def _is_known(self, request: Request) -> bool:
        if self._token is None:
            return True
        kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
        known = _equal(request.cookies.get(self._cookie, ""), self._secret)
        return known or (kind.lower() == "bearer" and _equal(bearer.strip(), self._token))

    def _welcome(self, request: Request, given: str) -> Response:
        if self._token is None or not _equal(given, self._token):
            return refused(*_NO_TOKEN)
        rest = [item for item in request.args.items(multi=True) if item[0] != "token"]
        # Not //host, which would be another site.
        target = "/" + request.path.lstrip("/\\") + (f"?{urlencode(rest)}" if rest else "")
        # A page, not a redirect: after a link on another site, a browser would follow
        # a redirect without the cookie.
        response = Response(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>etscope</title>'
            f'<meta http-equiv="refresh" content="0;url={html.escape(target)}">'
            f'<p><a href="{html.escape(target)}">Open the dashboard</a></p></html>',
            mimetype="text/html",
        )
        response.set_cookie(self._cookie, self._secret, httponly=True, samesite="Strict", path="/")
        return response


def refused(status: HTTPStatus, sentence: str) -> Response:
    """A refusal in plain text."""
    return Response(f"{sentence}\n", status=status, mimetype="text/plain")


def _equal(given: str, known: str) -> bool:
    """In a time that says nothing about where they differ."""
    return hmac.compare_digest(
        given.encode("utf-8", "backslashreplace"), known.encode("utf-8", "backslashreplace")
    )
