"""The manifest of a bundle: what was run, in which order, on which machine, with which outcome.

A manifest may come from anywhere, so every field is checked before it is believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.footprint import Footprint
from etscope.etdump.json_fields import CURE, Fields, all_texts, texts
from etscope.etdump.machine_peak import MachinePeak

SCHEMA = "etscope.bundle"
VERSION = 1

_Part = TypeVar("_Part")

#: A manifest above this size was not written by a capture.
SIZE_LIMIT = 2**28

#: No dump can hold more runs: it ends at 2^31 bytes, and a run takes at least 64.
INFERENCE_LIMIT = 2**25


@dataclass(frozen=True)
class InferenceRun:
    """`count` inferences in a row of one method with one input set."""

    method: str
    input_set: int
    count: int
    warmup: bool = False


@dataclass(frozen=True)
class FileEntry:
    """What a file of the bundle was when it was written."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class PassOutcome:
    """How one pass of the capture ended.

    `status` is ok, partial (something was lost), skipped, failed or not_asked;
    the buffer figures belong to the tensor pass. Absent: None.
    """

    status: str
    reason: str | None = None
    buffer_bytes_planned: int | None = None
    buffer_bytes_used: int | None = None
    tries: int | None = None


@dataclass(frozen=True)
class Manifest:
    """The typed view of manifest.json; times are wall nanoseconds, one per inference.

    `inferences` is in the order of the "Execute" runs of the timing dump,
    warm-up included; `tensor_inferences` the same for the tensor dump.
    Keys of the wall times and inputs are `method/set`.
    """

    created: str
    tool: Mapping[str, str | None]
    runtime: Mapping[str, str]
    model: Mapping[str, Any]
    host: Mapping[str, Any]
    clock: Mapping[str, str]
    warmup: int
    iterations: int
    inferences: tuple[InferenceRun, ...]
    tensor_inferences: tuple[InferenceRun, ...] = ()
    untraced_wall_ns: Mapping[str, Sequence[int]] = field(default_factory=dict)
    traced_wall_ns: Mapping[str, Sequence[int]] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    passes: Mapping[str, PassOutcome] = field(default_factory=dict)
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    footprint: Footprint | None = None
    machine_peak: MachinePeak | None = None
    version: int = VERSION

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method that ran, in the order of its first inference."""
        runs = self.inferences + self.tensor_inferences
        return tuple(dict.fromkeys(run.method for run in runs))

    def to_json(self) -> str:
        """The text of manifest.json."""
        document: dict[str, Any] = {"schema": SCHEMA, "version": self.version}
        document |= {k: v for k, v in asdict(self).items() if k != "version" and v is not None}
        for key in ("inferences", "tensor_inferences"):
            document[key] = [_spare(run, "warmup") for run in document[key]]
        passes = document["passes"].items()
        document["passes"] = {name: _spare(outcome) for name, outcome in passes}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _spare(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """The row without its absent values, and without those of `names` that are false."""
    return {k: v for k, v in row.items() if v is not None and (v or k not in names)}


def _runs(fields: Fields, key: str) -> tuple[InferenceRun, ...]:
    out = []
    for position, value in enumerate(fields.rows(key)):
        row = Fields(value, f"{key}[{position}]", fields.path)
        counts = row.count("input_set", 2**31), row.count("count", INFERENCE_LIMIT)
        out.append(InferenceRun(row.text("method"), *counts, row.flag("warmup")))
    if sum(run.count for run in out) > INFERENCE_LIMIT:
        raise fields.error(f"'{key}' counts more than {INFERENCE_LIMIT} inferences")
    return tuple(out)


def _wall(fields: Fields, key: str) -> dict[str, Sequence[int]]:
    found = fields.table(key)
    for name, times in found.items():
        good = isinstance(times, list) and all(type(t) is int and 0 <= t < 2**63 for t in times)
        if not good:
            raise fields.error(f"'{key}/{name}' is not a list of nanoseconds")
    return found


def _files(fields: Fields) -> dict[str, FileEntry]:
    found = {}
    for name, entry in fields.below("files").items():
        # A name with a folder in it would let a bundle point out of itself.
        if name in ("", ".", "..") or set(name) & set("/\\:") or not name.isprintable():
            raise fields.error(f"'files' names {name!r}, which is not a plain file name")
        found[name] = FileEntry(entry.text("sha256"), entry.count("bytes"))
    return found


def _outcome(fields: Fields) -> PassOutcome:
    return PassOutcome(
        status=fields.text("status"),
        reason=fields.maybe_text("reason"),
        buffer_bytes_planned=fields.maybe_count("buffer_bytes_planned"),
        buffer_bytes_used=fields.maybe_count("buffer_bytes_used"),
        tries=fields.maybe_count("tries"),
    )


def _maybe(read: Callable[[Fields], _Part], fields: Fields | None) -> _Part | None:
    return None if fields is None else read(fields)


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _document(path: Path) -> Fields:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            message = f"a manifest of more than {SIZE_LIMIT} bytes is not one"
            raise CorruptTrace(message, path=path, cure=CURE)
        text = path.read_text(encoding="utf-8")
        value = json.loads(text, parse_constant=_refuse_constant)
    except OSError as why:
        message = f"the manifest cannot be read ({why.strerror or why})"
        raise Truncated(message, path=path, cure=CURE) from why
    # A ValueError covers bad UTF-8, bad JSON and numbers of too many digits.
    except (ValueError, RecursionError) as why:
        raise CorruptTrace(f"the manifest is not JSON ({why})", path=path, cure=CURE) from why
    return Fields(value, "the manifest", path)


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.json.

    Raises:
        NotATrace: it is JSON, but of something else, or of a newer format.
        Truncated, CorruptTrace: it cannot be read, or a field of it cannot be true.
    """
    fields = _document(path)
    if fields.value.get("schema") != SCHEMA:
        raise NotATrace(f"the schema is not {SCHEMA}", path=path)
    version = fields.count("version")
    if version != VERSION:
        cure = "Update etscope."
        raise NotATrace(f"bundle format {version} is unknown here", path=path, cure=cure)
    notes = fields.rows("notes")
    all_texts(fields, "notes", notes)
    return Manifest(
        created=fields.text("created"),
        tool=fields.table("tool"),
        runtime=texts(fields, "runtime"),
        model=fields.table("model"),
        host=fields.table("host"),
        clock=texts(fields, "clock"),
        warmup=fields.count("warmup"),
        iterations=fields.count("iterations"),
        inferences=_runs(fields, "inferences"),
        tensor_inferences=_runs(fields, "tensor_inferences"),
        untraced_wall_ns=_wall(fields, "untraced_wall_ns"),
        traced_wall_ns=_wall(fields, "traced_wall_ns"),
        inputs=fields.table("inputs"),
        passes={name: _outcome(below) for name, below in fields.below("passes").items()},
        files=_files(fields),
        notes=tuple(notes),
        footprint=_maybe(Footprint.read, fields.maybe_below("footprint")),
        machine_peak=_maybe(MachinePeak.read, fields.maybe_below("machine_peak")),
    )
