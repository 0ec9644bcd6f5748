"""Answers packed for the way: what never changes is packed once."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

from etscope.dashboard.library.shelf import Shelf

#: Smaller ones gain nothing, larger ones are no text of ours.
_SMALLEST, _LARGEST = 1_000, 2**25

_TEXTS = ("text/", "application/json", "application/javascript", "image/svg+xml")

#: For files that are kept: worth the time once.
_KEPT_LEVEL, _PASSING_LEVEL = 9, 1

_YEAR = 31536000


class Compression:
    """Packs the texts that an application sends, and says how long files keep.

    Args:
        kept_bytes: for packed files together.
    """

    def __init__(self, kept_bytes: int = 2**25) -> None:
        self._kept: Shelf[tuple[str, str], bytes] = Shelf(kept_bytes, len)

    def attach(self, app: Flask) -> None:
        """Have every answer of an application go through here."""
        app.after_request(self.pack)

    def pack(self, response: Response) -> Response:
        """The answer, packed where the browser takes that."""
        is_file = request.endpoint is not None and request.path.startswith(
            ("/assets/", "/_dash-component-suites/")
        )
        if is_file and response.status_code == 200:
            _keep(response)
        if not self._is_worth_it(response):
            return response
        if response.direct_passthrough:
            response.direct_passthrough = False
        data = response.get_data()
        response.vary.add("Accept-Encoding")
        if not _SMALLEST <= len(data) <= _LARGEST or request.accept_encodings["gzip"] <= 0:
            return response
        etag, _ = response.get_etag()
        if is_file:
            key = (request.path, etag or "")
            packed = self._kept.get(key, lambda: gzip.compress(data, _KEPT_LEVEL))
        else:
            packed = gzip.compress(data, _PASSING_LEVEL)
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"
        if etag:
            response.set_etag(etag, weak=True)  # the same, but not byte for byte
        return response

    def _is_worth_it(self, response: Response) -> bool:
        return (
            response.status_code == 200
            and "Content-Encoding" not in response.headers
            and "Content-Range" not in response.headers
            and (response.mimetype or "").startswith(_TEXTS)
        )


def _keep(response: Response) -> None:
    """A file whose address changes when it does is kept for good.

    Dash marks those of its packages by their age, and those of assets/ by `m=`.
    """
    if response.cache_control.max_age == _YEAR or "m" in request.args:
        response.headers["Cache-Control"] = f"private, max-age={_YEAR}, immutable"
