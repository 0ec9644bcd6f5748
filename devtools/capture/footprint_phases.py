"""The phases of the footprint pass: load a program step by step, run it, let go of it."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

from etscope.devtools.capture.footprint_probe import Probe
from etscope.etdump import footprint

Call = tuple[str, Any]  # method, flat inputs

#: The plan is run again for the steady state: at least twice, then until one of these is reached.
ROUNDS, SECONDS = 10, 2.0


def run_phases(runtime: Any, program: str, plan: Sequence[Call], probe: Probe) -> None:
    """Go through all phases after "libraries loaded".

    Args:
        runtime: the module of the runtime's bindings.
        plan: each input set of each method once; its first inference of a method is
            the "first execution" of that method.
    """
    if hasattr(runtime, "_load_program"):
        _in_steps(runtime, program, plan, probe)
    else:
        _lazily(runtime, program, plan, probe)
    # Here all that was loaded is out of reach.
    probe.phase(footprint.UNLOADED)


def _in_steps(runtime: Any, program: str, plan: Sequence[Call], probe: Probe) -> None:
    # From the file, as in the other passes: it is mapped, and read page by page when needed.
    loaded = runtime._load_program(program)
    probe.phase(footprint.PROGRAM)
    methods = {}
    for name in _methods(plan):
        methods[name] = loaded.load_method(name)
        probe.phase(footprint.METHOD, name)
    _execute(plan, probe, lambda name, values: methods[name].call(values, False))


def _lazily(runtime: Any, program: str, plan: Sequence[Call], probe: Probe) -> None:
    """Bindings that load a method when it runs first."""
    module = runtime._load_for_executorch(program)
    probe.phase(footprint.PROGRAM)
    _execute(plan, probe, lambda name, values: module.run_method(name, values, False))


def _execute(plan: Sequence[Call], probe: Probe, run: Any) -> None:
    first = dict(reversed(plan))
    for name in _methods(plan):
        run(name, first[name])
    probe.phase(footprint.FIRST)
    end = monotonic() + SECONDS
    for number in range(ROUNDS):
        if number >= 2 and monotonic() > end:
            break
        for name, values in plan:
            run(name, values)
    probe.phase(footprint.STEADY, trim=True)


def _methods(plan: Sequence[Call]) -> list[str]:
    return list(dict.fromkeys(name for name, _ in plan))
