"""What went wrong, as an answer: one sentence, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import HTTPException

from etscope.dashboard.server.jobs import Busy, Cancelled
from etscope.etdump.errors import EtscopeError, TraceError, UnknownTrace, UploadRefused

_LOG = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[EtscopeError], HTTPStatus], ...] = (
    (UnknownTrace, HTTPStatus.NOT_FOUND),
    (TraceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (Busy, HTTPStatus.SERVICE_UNAVAILABLE),
    (Cancelled, HTTPStatus.CONFLICT),
)


def fault(status: HTTPStatus, sentence: str, **more: Any) -> Response:
    """{"error": sentence} and what else the asker can use."""
    response = jsonify({"error": sentence, **more})
    response.status_code = status
    return response


def answer_faults(routes: Blueprint) -> None:
    """Have the routes answer every error with its sentence."""
    routes.register_error_handler(EtscopeError, _of_ours)
    routes.register_error_handler(OSError, _of_the_machine)
    routes.register_error_handler(HTTPException, _of_the_request)
    routes.register_error_handler(Exception, _unexpected)


def _of_ours(error: EtscopeError) -> Response:
    if isinstance(error, UploadRefused):
        if error.too_large:
            return fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error))
        if error.kept is not None:
            return fault(HTTPStatus.CONFLICT, str(error), received=error.kept)
        return fault(HTTPStatus.BAD_REQUEST, str(error))
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    text = error.text if isinstance(error, TraceError) else str(error)
    response = fault(status or HTTPStatus.BAD_REQUEST, text)
    if isinstance(error, Busy):
        response.headers["Retry-After"] = "1"
    return response


def _of_the_machine(error: OSError) -> Response:
    _LOG.warning("no room or no right: %s", error)
    reason = error.strerror or "no reason given"
    sentence = f"The machine of the dashboard refused ({reason}): make room there, then try again."
    return fault(HTTPStatus.INSUFFICIENT_STORAGE, sentence)


def _of_the_request(error: HTTPException) -> Response:
    return fault(HTTPStatus(error.code or 500), error.description or error.name)


def _unexpected(error: Exception) -> Response:
    _LOG.error("a request failed", exc_info=error)
    sentence = f"etscope failed at it ({type(error).__name__}): report it, with the trace."
    return fault(HTTPStatus.INTERNAL_SERVER_ERROR, sentence)
