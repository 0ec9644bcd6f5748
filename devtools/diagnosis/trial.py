"""Can this machine trace? A tiny model is really exported, run and traced, by `etscope run`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from etscope.devtools.diagnosis.check import Check
from etscope.devtools.diagnosis.child import Outcome, run_module
from etscope.etdump.bundle import read_bundle
from etscope.etdump.errors import TraceError
from etscope.etdump.reader import read_etdump

SUBJECT = "trial run"
LIMIT_S = 300.0

_MODEL = """\
import torch


class Add(torch.nn.Module):
    def forward(self, left, right):
        return left + right


def model():
    return Add().eval(), (torch.ones(4), torch.ones(4))
"""


def examine_tracing(limit_s: float = LIMIT_S) -> Check:
    """Export a model of one operator, run it with tracing on, and read what came out."""
    with tempfile.TemporaryDirectory(prefix="etscope-doctor-") as folder:
        model, bundle = Path(folder) / "tiny.py", Path(folder) / "tiny.etscope"
        model.write_text(_MODEL, encoding="utf-8")
        arguments = ["run", f"{model}:model", "--output", str(bundle)]
        outcome = run_module("etscope.devtools", arguments, limit_s=limit_s)
        if outcome.code != 0:
            return _failed(outcome)
        try:
            return _traced(bundle, outcome.seconds)
        except TraceError as error:
            return _unreadable(error, outcome.seconds)


def _failed(outcome: Outcome) -> Check:
    message = f"`etscope run` of a tiny model {outcome.end}: {outcome.last_words}"
    cure = "`etscope doctor` without --trace tells which part is missing or broken."
    return Check(SUBJECT, "trace", "broken", message, cure, outcome.seconds)


def _unreadable(error: TraceError, seconds: float) -> Check:
    message = f"a tiny model ran, but what it left cannot be read: {error.message}."
    return Check(SUBJECT, "trace", "broken", message, error.cure, seconds)


def _traced(folder: Path, seconds: float) -> Check:
    bundle = read_bundle(folder, verify=True)
    runtime = bundle.manifest.runtime.get("name", "unknown")
    if bundle.trace is None:
        message = f"a tiny model ran on the {runtime} runtime and left no trace."
        return Check(SUBJECT, "trace", "broken", message, seconds=seconds)
    events = len(read_etdump(bundle.trace))
    message = f"a tiny model was exported, run on the {runtime} runtime and traced: {events} events"
    evidence = {"runtime": dict(bundle.manifest.runtime), "events": events}
    return Check(SUBJECT, "trace", "ok", message, seconds=seconds, evidence=evidence)
