"""Headers that tell a browser what a page of ours may do: nothing but what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from etscope.dashboard.server.guard import API

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"


def page_policy(script_hashes: Sequence[str], framed_by: Sequence[str] = ()) -> str:
    """The content security policy of pages: own files, and these inline scripts.

    Args:
        script_hashes: as `Dash.csp_hashes` gives them, once every callback is registered.
        framed_by: origins that may show the dashboard in a frame, as a notebook does.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src", "'self'", *script_hashes)),
            # Plotly and the grid set styles of elements from scripts.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            " ".join(("frame-ancestors", *(framed_by or ("'none'",)))),
        )
    )


class Headers:
    """A WSGI application that adds the headers to everything that the one behind it sends."""

    def __init__(self, behind: WSGIApplication, policy: str) -> None:
        self._behind, self._policy = behind, policy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        is_data = environ.get("PATH_INFO", "").startswith(API)
        policy = ("Content-Security-Policy", _DATA_POLICY if is_data else self._policy)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            given = {name.lower() for name, _ in headers}
            own = [item for item in (policy, *_ALWAYS) if item[0].lower() not in given]
            if "cache-control" not in given:
                own.append(("Cache-Control", "no-store"))
            return start_response(status, [*headers, *own], exc_info)

        return self._behind(environ, start)
