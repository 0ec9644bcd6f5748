"""The addresses of the data: traces, answers by content hash, jobs. Keys only, never paths."""

from __future__ import annotations

import secrets
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from etscope.dashboard.library.library import Library
from etscope.dashboard.server.faults import answer_faults, fault
from etscope.dashboard.server.jobs import Job, Jobs
from etscope.dashboard.server.replies import Replies, Reply

_KEPT = "private, max-age=31536000, immutable"
_CHECKED = "private, no-cache"


def data_routes(library: Library, replies: Replies, jobs: Jobs, version: str) -> Blueprint:
    """GET traces, traces/KEY, traces/KEY/answers/NAME and jobs/ID; DELETE jobs/ID.

    Args:
        version: of etscope. An answer that is asked for with ?v=VERSION is kept by
            the browser for good; without, the browser asks whether it is the same.
    """
    routes = Blueprint("data", __name__, url_prefix="/api/v1")
    answer_faults(routes)
    _trace_routes(routes, library, replies, version)
    _job_routes(routes, jobs)

    @routes.route("/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
    def nothing(rest: str) -> Response:
        # Dash would answer with its page.
        return fault(HTTPStatus.NOT_FOUND, "There is nothing at this address.")

    return routes


def _trace_routes(routes: Blueprint, library: Library, replies: Replies, version: str) -> None:
    start = secrets.token_hex(8)  # versions of the list count anew with each start

    @routes.get("/traces")
    def traces() -> Response:
        number, lines, notes = library.summaries()
        response = jsonify(
            {"version": number, "traces": [line.to_json() for line in lines], "notes": notes}
        )
        response.set_etag(f"{start}-{number}")
        response.headers["Cache-Control"] = _CHECKED
        response.make_conditional(request)
        return response

    @routes.get("/traces/<key>")
    def trace(key: str) -> Response:
        return jsonify(library.summary(key).to_json())

    @routes.get("/traces/<key>/answers/<name>")
    def answer(key: str, name: str) -> Response:
        found = replies.reply(key, name, salvage=request.args.get("salvage") == "1")
        if isinstance(found, Job):
            return under_way(found)
        return _sent(found, for_good=request.args.get("v") == version)


def _job_routes(routes: Blueprint, jobs: Jobs) -> None:
    @routes.get("/jobs/<job_id>")
    def job(job_id: str) -> Response:
        found = jobs.of(job_id)
        return jsonify(found.to_json()) if found else _no_job()

    @routes.delete("/jobs/<job_id>")
    def cancel(job_id: str) -> Response:
        found = jobs.of(job_id)
        if found is None:
            return _no_job()
        found.cancel()
        return jsonify(found.to_json())


def under_way(job: Job) -> Response:
    """202: what was asked for is being worked on."""
    response = jsonify(job.to_json())
    response.status_code = HTTPStatus.ACCEPTED
    response.headers["Retry-After"] = "1"
    return response


def _no_job() -> Response:
    return fault(HTTPStatus.NOT_FOUND, "This work is over: ask for the answer itself.")


def _sent(reply: Reply, *, for_good: bool) -> Response:
    packed = reply.packed if request.accept_encodings["gzip"] > 0 else None
    response = Response(packed or reply.body, mimetype=reply.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    response.set_etag(reply.etag + ("-gzip" if packed else ""))
    response.headers["Cache-Control"] = _KEPT if for_good else _CHECKED
    response.make_conditional(request)
    return response
