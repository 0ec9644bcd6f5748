"""Which method each run executed. The ETDump does not say.

A bundle's manifest knows the order of the inferences. Without one, the
instruction numbers and operator names of a run are held against each method
of the program.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etscope.etdump.bundle import Schedule
from etscope.etdump.columns import EventShape, Ints, Kind, Trace
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.event_names import OPERATOR_CALL
from etscope.inspector.method_delegates import delegated_fit

_INFERENCE = "Execute"
_NATIVE = "native_call_"
#: How well a run must fit a method to be one of it, see `Fit`: kernels that a build renamed
#: and operations that a backend rewrote are some, of another method they are more.
_FITS = 0.9


@dataclass(frozen=True)
class MethodsOfRuns:
    """One entry per run: the method (None: not known) and how that is known.

    `how` is manifest, matched (by operator names, exactly), similar (most names
    fit), ambiguous (several methods fit equally), unmatched, no program, or
    derived (a load, named after the inference that follows it).
    """

    method: list[str | None]
    how: list[str]
    notes: tuple[str, ...] = ()


def methods_of_runs(
    trace: Trace, program: Program | None, schedule: Schedule | None, names: tuple[str, ...]
) -> MethodsOfRuns:
    """The method of each run of a trace.

    Args:
        schedule: the order of inferences of a bundle, with `names` its methods.
    """
    inferences = inference_runs(trace)
    notes: tuple[str, ...] = ()
    if schedule is not None and len(schedule) == len(inferences):
        method: list[str | None] = [None] * len(trace.runs)
        how = ["manifest"] * len(trace.runs)
        for run, index in zip(inferences.tolist(), schedule.method.tolist(), strict=True):
            method[run] = names[index]
    else:
        if schedule is not None:
            listed, held = len(schedule), len(inferences)
            notes = (
                f"the manifest, which lists {listed} inferences for {held}, is not used for them",
            )
        method, how = _by_names(trace, program)
    _name_loads(trace, inferences, method, how)
    return MethodsOfRuns(method, how, notes)


def inference_runs(trace: Trace) -> Ints:
    """The runs that are inferences, ascending."""
    wanted = [i for i, text in enumerate(trace.strings) if text == _INFERENCE]
    return np.flatnonzero(np.isin(trace.runs.name, wanted))


def _name_loads(trace: Trace, inferences: object, method: list[str | None], how: list[str]) -> None:
    """A load belongs to the inference after it: methods load when they are first called."""
    is_inference = np.isin(np.arange(len(trace.runs)), np.asarray(inferences))
    following: str | None = None
    for run in range(len(method) - 1, -1, -1):
        if is_inference[run]:
            following = method[run]
        else:
            method[run], how[run] = following, "derived"


def _by_names(trace: Trace, program: Program | None) -> tuple[list[str | None], list[str]]:
    if program is None:
        return [None] * len(trace.runs), ["no program"] * len(trace.runs)
    verdicts = [best_method(trace, shape, program) for shape in trace.shapes]
    of_run = [verdicts[shape] for shape in trace.runs.shape.tolist()]
    return [verdict[0] for verdict in of_run], [verdict[1] for verdict in of_run]


class Fit(NamedTuple):
    """How well a run fits a method, between 0 and 1 each."""

    #: The share of the run's instruction events whose number and name the method has.
    named: float
    #: The share of the method's instructions that the run met.
    met: float
    #: How well what ran inside delegates fits theirs; NaN: not known.
    inside: float = float("nan")
    #: Whether the method has no jumps, so that a run meets all of it.
    straight: bool = False

    @property
    def possible(self) -> bool:
        """Whether the method can have emitted the run."""
        whole = self.met >= _FITS or not self.straight
        return self.named >= _FITS and whole and not self.inside < _FITS

    @property
    def rank(self) -> tuple[float, float, float]:
        """To choose between methods that are possible."""
        return self.named, self.met, 0.0 if math.isnan(self.inside) else self.inside


def best_method(trace: Trace, shape: EventShape, program: Program) -> tuple[str | None, str]:
    """(method, how) whose instructions fit the events of one run shape best."""
    fits = {method.name: fit(trace, shape, method, program) for method in program.methods}
    possible = {name: found for name, found in fits.items() if found.possible}
    if not possible:
        return None, "unmatched"
    best = max(found.rank for found in possible.values())
    leaders = [name for name, found in possible.items() if found.rank == best]
    if len(leaders) > 1:
        return None, "ambiguous"
    return leaders[0], "matched" if best[0] == 1 else "similar"


def fit(trace: Trace, shape: EventShape, method: Method, program: Program | None = None) -> Fit:
    """How well a run fits a method.

    A run that leaves a branch out still fits, so in a method with jumps only what
    it cannot emit counts; the share met then tells apart methods that both fit.

    Args:
        program: to look into the delegates of the method.
    """
    table = method.instructions
    keys = zip(table.chain.tolist(), table.instruction.tolist(), strict=True)
    rows = {key: row for row, key in enumerate(keys)}
    events = _instruction_events(trace, shape)
    met = set()
    good = 0
    for event in events.tolist():
        row = rows.get((int(shape.chain[event]), int(shape.instruction[event])))
        if row is not None and _emits(method, row, trace.text(int(shape.name[event])) or ""):
            good += 1
            met.add(row)
    if not len(events):
        return Fit(0.0, 0.0)
    inside = float("nan")
    if program is not None and good:
        inside = delegated_fit(trace, shape, program, method.name)
    jumps = bool((table.kind == InstructionKind.JUMP_FALSE_CALL).any())
    # What is left of a damaged trace is not all that ran.
    straight = not jumps and not trace.losses
    return Fit(good / len(events), len(met) / max(len(rows), 1), inside, straight)


def _instruction_events(trace: Trace, shape: EventShape) -> Ints:
    """The rows of a run that say which instruction of the program they are.

    OPERATOR_CALL fits every operator: it counts only where no event of a kernel says more.
    """
    relevant = (shape.kind == Kind.PROFILE) & (shape.chain >= 0)
    rows = np.flatnonzero(relevant & (shape.delegate_id < 0) & (shape.delegate_name < 0))
    names = [trace.text(index) or "" for index in shape.name[rows].tolist()]
    places = list(zip(shape.chain[rows].tolist(), shape.instruction[rows].tolist(), strict=True))
    told = {place for place, name in zip(places, names, strict=True) if name.startswith(_NATIVE)}
    kept = [
        name != OPERATOR_CALL or place not in told
        for name, place in zip(names, places, strict=True)
    ]
    return rows[np.array(kept, np.bool_)]


def misfits(trace: Trace, program: Program, methods: MethodsOfRuns) -> int:
    """How many inferences the method of that name in this program could not have emitted."""
    known = {method.name: method for method in program.methods}
    verdicts: dict[tuple[int, str], bool] = {}
    count = 0
    for run in inference_runs(trace).tolist():
        name, number = methods.method[run], int(trace.runs.shape[run])
        if name is None:
            continue
        shape = trace.shapes[number]
        if (number, name) not in verdicts:
            fits = name in known and fit(trace, shape, known[name], program).possible
            verdicts[number, name] = not fits and len(_instruction_events(trace, shape)) > 0
        count += verdicts[number, name]
    return count


def fault_of(trace: Trace, program: Program, methods: MethodsOfRuns) -> str | None:
    """Why a program cannot be the one that ran, in words; None: it can."""
    runs = inference_runs(trace)
    wrong = misfits(trace, program, methods)
    if wrong:
        return f"{wrong} of {len(runs)} inferences ran something else than it has"
    if len(runs) and all(methods.how[run] == "unmatched" for run in runs.tolist()):
        return "what ran fits none of its methods"
    return None


def _emits(method: Method, row: int, name: str) -> bool:
    if name == method.event_of_instruction[row] or name == method.operator_of_instruction[row]:
        return True
    return name.startswith(_NATIVE) and name == method.native_event_of(row)
