"""The addresses of uploads: begin, pieces, finish or cancel; bytes as they are, never as text."""

from __future__ import annotations

from concurrent.futures import wait
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.uploads import Uploads
from etscope.dashboard.server.faults import answer_faults
from etscope.dashboard.server.jobs import Jobs, Progress
from etscope.dashboard.server.replies import GRACE_SECONDS
from etscope.dashboard.server.routes import under_way
from etscope.etdump.errors import UploadRefused

#: A browser sends pieces of this size; the server takes requests of twice that.
PIECE_BYTES = 2**23


def upload_routes(library: Library, uploads: Uploads, jobs: Jobs) -> Blueprint:
    """POST uploads?name=, PUT uploads/ID?file=&offset=, POST uploads/ID/finish, DELETE uploads/ID.

    DELETE traces/KEY forgets a trace that was uploaded.
    """
    routes = Blueprint("uploads", __name__, url_prefix="/api/v1")
    answer_faults(routes)
    _sending(routes, uploads)
    _ending(routes, library, uploads, jobs)
    return routes


def _sending(routes: Blueprint, uploads: Uploads) -> None:
    @routes.post("/uploads")
    def begin() -> Response:
        upload = uploads.begin(request.args.get("name", ""))
        response = jsonify({"upload": upload, "piece_bytes": PIECE_BYTES})
        response.status_code = HTTPStatus.CREATED
        return response

    @routes.put("/uploads/<upload>")
    def write(upload: str) -> Response:
        offset = request.args.get("offset", type=int)
        if offset is None:
            raise UploadRefused("The address lacks offset=, the bytes that were sent before.")
        received = uploads.write(upload, request.args.get("file", ""), offset, request.stream)
        return jsonify({"received": received})


def _ending(routes: Blueprint, library: Library, uploads: Uploads, jobs: Jobs) -> None:
    @routes.post("/uploads/<upload>/finish")
    def finish(upload: str) -> Response:
        def work(progress: Progress) -> str:
            progress.step(None, "opening the trace")
            return uploads.finish(upload)

        job = jobs.start(("finish", upload), work)
        wait([job.future], GRACE_SECONDS)
        if not job.future.done():
            return under_way(job)
        return jsonify(library.summary(str(jobs.take(job))).to_json())

    @routes.delete("/uploads/<upload>")
    def cancel(upload: str) -> Response:
        uploads.cancel(upload)
        return Response(status=HTTPStatus.NO_CONTENT)

    @routes.delete("/traces/<key>")
    def remove(key: str) -> Response:
        uploads.remove(key)
        return Response(status=HTTPStatus.NO_CONTENT)
