"""Answers on their way out: made once for everybody, at once or as a job, kept by their content."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.shelf import Shelf
from etscope.dashboard.server.answers import MAKERS, Columns, Framed, Maker
from etscope.dashboard.server.jobs import Job, Jobs, Progress
from etscope.dashboard.server.wire import MIMETYPE, framed, pack
from etscope.etdump.errors import UsageError

#: Answers that take longer are given as a job, whose progress can be asked for.
GRACE_SECONDS = 0.3

#: Larger columns are not packed: on the way to the same machine that costs more than it saves.
_PACKED_COLUMNS = 2**22


@dataclass(frozen=True)
class Reply:
    """The bytes of an answer. `packed`: the same with gzip, where that is shorter."""

    body: bytes
    packed: bytes | None
    mimetype: str
    etag: str

    @property
    def size_bytes(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.body) + len(self.packed or b"")


@dataclass(frozen=True)
class _Question:
    key: str
    name: str
    salvage: bool


class Replies:
    """Answers by content hash and name.

    Args:
        makers: what can be asked, by name.
        kept_bytes: for all replies together.
    """

    def __init__(
        self,
        library: Library,
        jobs: Jobs,
        makers: Mapping[str, Maker] = MAKERS,
        kept_bytes: int = 2**28,
    ) -> None:
        self._library, self._jobs, self._makers = library, jobs, makers
        self._kept: Shelf[_Question, Reply] = Shelf(kept_bytes, lambda reply: reply.size_bytes)

    def reply(self, key: str, name: str, *, salvage: bool = False) -> Reply | Job:
        """The answer, or the job that works on it; ask again with the same words.

        Raises:
            UsageError: there is no answer of that name.
            UnknownTrace: no trace has this key.
            Busy: too much is being worked on.
            Exception: what the answer's maker raised, once.
        """
        if name not in self._makers:
            raise UsageError(
                f"There is no answer of that name; there are {', '.join(self._makers)}."
            )
        question = _Question(key, name, salvage)
        if self._kept.ready(question):
            return self._kept.get(question, lambda: self._make(question, Progress()))
        if not self._library.holds(key):
            self._library.opened(key, salvage=salvage)  # which says so, unless it is still open
        job = self._jobs.start(question, partial(self._work, question))
        wait([job.future], GRACE_SECONDS)
        if not job.future.done():
            return job
        result = self._jobs.take(job)
        assert isinstance(result, Reply)
        return result

    def _work(self, question: _Question, progress: Progress) -> Reply:
        return self._kept.get(question, lambda: self._make(question, progress))

    def _make(self, question: _Question, progress: Progress) -> Reply:
        progress.step(None, "opening the trace")
        opened = self._library.opened(question.key, salvage=question.salvage)
        answer = self._makers[question.name](opened, progress)
        progress.step(0.9, "sending it")
        if isinstance(answer, Columns):
            return _reply(pack(answer.head, answer.columns), MIMETYPE, _PACKED_COLUMNS)
        if isinstance(answer, Framed):
            return _reply(framed(answer.head, answer.data), MIMETYPE, _PACKED_COLUMNS)
        text = json.dumps(answer, allow_nan=False, separators=(",", ":"))
        return _reply(text.encode("ascii"), "application/json", None)


def _reply(body: bytes, mimetype: str, packed_below: int | None) -> Reply:
    packed = None
    if packed_below is None or len(body) < packed_below:
        packed = gzip.compress(body, 5, mtime=0)
    shorter = packed if packed is not None and len(packed) < len(body) else None
    return Reply(body, shorter, mimetype, hashlib.sha256(body).hexdigest()[:32])
