"""Bundles made by hand: a folder with a manifest, a trace and perhaps a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from etscope.etdump.bundle import MANIFEST, PROGRAM, TRACE
from etscope.etdump.columns import Trace
from etscope.etdump.manifest import InferenceRun, Manifest
from etscope.etdump.writer import write_etdump


def manifest(
    *inferences: InferenceRun,
    traced: Mapping[str, Sequence[int]] | None = None,
    untraced: Mapping[str, Sequence[int]] | None = None,
    notes: tuple[str, ...] = (),
) -> Manifest:
    """A manifest of these inferences; wall times in nanoseconds by `method/set`."""
    return Manifest(
        created="2026-01-01T00:00:00Z",
        tool={"etscope": "0"},
        runtime={"name": "executorch"},
        model={},
        host={},
        clock={"unit": "ns"},
        warmup=sum(run.count for run in inferences if run.warmup),
        iterations=sum(run.count for run in inferences if not run.warmup),
        inferences=inferences,
        traced_wall_ns=traced or {},
        untraced_wall_ns=untraced or {},
        notes=notes,
    )


def bundle_folder(
    place: Path, made: Manifest, trace: Trace | None, program: bytes | None = None
) -> Path:
    """Write the bundle; the folder."""
    folder = place / "made.etscope"
    folder.mkdir()
    (folder / MANIFEST).write_text(made.to_json(), encoding="utf-8")
    if trace is not None:
        write_etdump(trace, folder / TRACE)
    if program is not None:
        (folder / PROGRAM).write_bytes(program)
    return folder
