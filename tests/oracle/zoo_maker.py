"""Exports, runs and questions every animal of the zoo with the real ExecuTorch.

`python -m oracle.zoo_maker FOLDER NAME ...` writes one folder per name:

    program.pte      the program
    record.etrecord  its record, unless the record cannot be saved
    trace.etdp       RUNS inferences of each method, timing only
    debug.etdp       one inference per method and input, with all tensors in debug.bin
    said.json        what the real Inspector and parse_etrecord say of them, and the exporter
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import torch
from oracle.zoo_built import built
from oracle.zoo_emission import emission
from oracle.zoo_lowering import Call, Inputs, Plan, lowered
from oracle.zoo_plans import plans
from oracle.zoo_runner import Runner
from oracle.zoo_said import graphs, said
from oracle.zoo_trace import made_trace

from etscope.etdump.buffer_size import debug_buffer_bytes
from etscope.etdump.program import read_program
from etscope.etdump.writer import write_etdump

RUNS = 6


@torch.no_grad()  # buffers that are written to must not ask for gradients
def make(name: str, folder: Path, runner: Runner) -> None:
    """One animal; its folder appears when it is whole."""
    torch.manual_seed(0)
    plan = plans()[name]()
    part = folder / f".{name}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    with emission() as emitted, built() as operations:
        manager = lowered(plan)
    (part / "program.pte").write_bytes(manager.buffer)
    facts: dict[str, Any] = {"target": plan.target, "methods": list(plan.methods)}
    facts |= {"emitted": emitted, "built": operations}
    facts |= {"record": _save(manager, part / "record.etrecord")}
    facts |= _run(plan, part, runner) if plan.runs else _pretend(plan, part)
    record = "record.etrecord" if facts["record"] is None else None
    facts["graphs"] = graphs(part, record) if record else {}
    facts["said"] = said(part, record, "trace.etdp")
    if (part / "debug.etdp").exists():
        facts["said_debug"] = said(part, record, "debug.etdp", "debug.bin")
    (part / "said.json").write_text(json.dumps(facts))
    shutil.rmtree(folder / name, ignore_errors=True)
    part.replace(folder / name)


def _save(manager: Any, path: Path) -> str | None:
    """Why the record could not be saved; None: it was."""
    try:
        manager.get_etrecord().save(str(path))
    except Exception as error:
        path.unlink(missing_ok=True)
        return f"{type(error).__name__}: {error}"[:500]
    return None


def _run(plan: Plan, part: Path, runner: Runner) -> dict[str, Any]:
    """Both passes on the real runtime."""
    program = part / "program.pte"
    methods = plan.methods.items()
    timing = [(name, given) for name, call in methods for given in _inputs(call, RUNS)]
    tensors = [(name, given) for name, call in methods for given in call.inputs]
    once = {name: len(call.inputs) for name, call in methods}
    planned = debug_buffer_bytes(read_program(program), once)
    debug = part / "debug.etdp", part / "debug.bin"
    ended = runner.run(program, timing, part / "trace.etdp", None, 0)
    if ended:
        raise RuntimeError(f"the runtime ended with {ended}")
    return {
        "made_by": "runtime",
        "schedule": [name for name, _ in timing],
        "debug_exit": runner.run(program, tensors, *debug, planned),
        "debug_bytes": planned,
    }


def _inputs(call: Call, runs: int) -> list[Inputs]:
    return [call.inputs[run % len(call.inputs)] for run in range(runs)]


def _pretend(plan: Plan, part: Path) -> dict[str, Any]:
    schedule = [name for name in plan.methods for _ in range(RUNS)]
    made = made_trace(read_program(part / "program.pte"), schedule)
    write_etdump(made, part / "trace.etdp")
    return {"made_by": "hand", "schedule": schedule}


def main(folder: str, *names: str) -> None:
    failed = []
    runner = Runner()
    for name in names or plans():
        began = time.perf_counter()
        try:
            make(name, Path(folder), runner)
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}"[:1500])
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.1f} s\n")
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main(*sys.argv[1:])
