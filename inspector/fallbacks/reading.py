"""Reading the fallback ledger out of one kind of inference, its origins and its program."""

from __future__ import annotations

import numpy as np

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.fallbacks.around import Surroundings
from etscope.inspector.fallbacks.calls import Calls
from etscope.inspector.fallbacks.dataflow import Flow, flow_of, operations_of_calls
from etscope.inspector.fallbacks.gain import ALONE, Gain, Together, gain_of, no_gain, together
from etscope.inspector.fallbacks.islands import Island, islands_of
from etscope.inspector.fallbacks.ledger import Fallback, FallbackLedger, falling
from etscope.inspector.fallbacks.reasons import Reason, delegated_nodes, reason_of, takers_of
from etscope.inspector.fallbacks.throughput import Throughput
from etscope.inspector.latency import MethodLatency
from etscope.inspector.operators import OperatorRows

#: Reasons that no backend could do anything about.
_STAYS = {
    "runtime": "none: the runtime computes it wherever the rest runs",
    "buffer": "none: the state is written back wherever the rest runs",
}
_NOTHING = "not estimated: nothing ran inside a delegate that is known"


def fallbacks_of(
    latency: MethodLatency, origins: Origins, program: Program | None
) -> FallbackLedger:
    """Everything of one kind of inference that ran outside of delegates.

    Args:
        origins: of the rows of `latency`.
    """
    plan = origins.plan
    if plan is None or program is None or origins.instruction is None:
        return _by_trace(latency)
    return _Reader(latency, origins, plan, program).ledger()


def _outside(rows: OperatorRows) -> list[int]:
    return [row for row in rows.top.tolist() if rows.kind[row] == "operator"]


def _by_trace(latency: MethodLatency) -> FallbackLedger:
    """What a trace alone tells: the costs, and whether there were delegates."""
    rows = latency.rows
    calls = rows.kind.count("delegate")
    why = Reason("unknown", "the program was not given, and it says what the operators work on")
    if not calls:
        why = Reason("no_delegate", "no delegate was called")
    found = [
        Fallback(
            row=row,
            instruction=-1,
            operator=rows.op[row] or rows.event[row],
            time=float(rows.total[row]),
            share=float(rows.share[row]),
            types=(),
            reason=why,
            around=(),
            island=-1,
            gain=no_gain(float(rows.total[row]), float("nan"), _NOTHING),
        )
        for row in _outside(rows)
    ]
    return FallbackLedger(
        rows=_sorted(found),
        islands=(),
        backends=(),
        delegate_calls=calls,
        has_program=False,
        whole=latency.mean,
        unit=latency.unit,
    )


def _sorted(found: list[Fallback]) -> tuple[Fallback, ...]:
    return tuple(sorted(found, key=lambda row: (falling(row.gain.value), falling(row.time))))


class _Reader:
    """What the ledger of one method is made from."""

    def __init__(
        self, latency: MethodLatency, origins: Origins, plan: Method, program: Program
    ) -> None:
        self.latency, self.origins, self.plan = latency, origins, plan
        self.rows = latency.rows
        operations = operations_of_calls(program, plan)
        self.flow: Flow = flow_of(plan, operations)
        self.calls = Calls(plan, self.flow)
        self.row_of = _rows_of_instructions(latency.rows, origins)
        delegates = {
            at: row for at, row in self.row_of.items() if self.rows.kind[row] == "delegate"
        }
        self.delegates = delegates
        unit = latency.unit
        self.around = Surroundings(plan, self.rows, self.flow, self.row_of, operations, unit)
        self.islands = islands_of(plan, self.flow)
        self.together: dict[int, Together] = {}  # by island, made when it is first asked for
        self.island_of = {at: n for n, one in enumerate(self.islands) for at in one.members}
        self.speed = Throughput(latency.rows, origins, latency.unit)
        kinds = plan.instructions.kind
        called = [r for r in range(len(kinds)) if kinds[r] == InstructionKind.DELEGATE_CALL]
        self.backends = tuple(dict.fromkeys(plan.backend_of(r) or "" for r in called))
        inside = [node for row in delegates.values() for node in self._nodes(row)]
        self.delegated = delegated_nodes(origins.graph, inside)

    def _nodes(self, row: int) -> tuple[int, ...]:
        origin = self.origins[row]
        return origin.nodes if origin.how == How.DELEGATE else ()

    def ledger(self) -> FallbackLedger:
        found = [self._fallback(row) for row in _outside(self.rows)]
        return FallbackLedger(
            rows=_sorted(found),
            islands=tuple(self.islands),
            backends=self.backends,
            delegate_calls=len(self.delegates),
            has_program=True,
            whole=self.latency.mean,
            unit=self.latency.unit,
        )

    def _fallback(self, row: int) -> Fallback:
        at = int(self.origins.instruction[row]) if self.origins.instruction is not None else -1
        known = at >= 0 and self.plan.instructions.kind[at] == InstructionKind.KERNEL_CALL
        operator = self.rows.op[row] or self.rows.event[row]
        if not known:
            why = Reason("unknown", "the program has no such operator at this instruction")
            return self._entry(row, -1, operator, why, ())
        operator = self.plan.operator_of_instruction[at]
        call = self.calls.call(at, self.origins.op(row))
        reason = reason_of(
            operator,
            call,
            self.backends,
            self.delegated,
            buffer=self._buffer(at),
            served=self.around.served(at),
        )
        both = (*call.inputs, *call.outputs)
        types = tuple(dict.fromkeys(tensor.dtype for tensor in both if tensor.dtype))
        found = self._entry(row, at, operator, reason, types)
        return found if self.backends else found._replace(takers=takers_of(call))

    def _entry(
        self, row: int, at: int, operator: str, reason: Reason, types: tuple[str, ...]
    ) -> Fallback:
        number = self.island_of.get(at, -1)
        around = self.around.of(at) if number >= 0 else ()
        return Fallback(
            row=row,
            instruction=at,
            operator=operator,
            time=float(self.rows.total[row]),
            share=float(self.rows.share[row]),
            types=types,
            reason=reason,
            around=around,
            island=number,
            gain=self._gain(row, number, reason),
        )

    def _gain(self, row: int, number: int, reason: Reason) -> Gain:
        time = float(self.rows.total[row])
        if reason.kind in _STAYS:
            return no_gain(time, 0.0, _STAYS[reason.kind])
        if not self.backends:
            return no_gain(time, float("nan"), _NOTHING)
        if reason.kind == "serves":
            return gain_of(time, None, vanishes=True)
        estimate = self.speed.estimate(row)
        return gain_of(time, estimate, self._together(number) if number >= 0 else ALONE)

    def _together(self, number: int) -> Together:
        """What one island saves: many operators ask for it."""
        if number not in self.together:
            island = self.islands[number]
            members = sum(at in self.row_of for at in island.members)
            edges = self.around.at_edges(island.members)
            self.together[number] = together(edges, self._merged(island), members)
        return self.together[number]

    def _merged(self, island: Island) -> float:
        """Derived: what the calls take outside of their operations that one island would save.

        NaN: some would be saved, and what they take is not known.
        """
        if not island.calls_saved:
            return 0.0
        ends = [
            self.delegates[at] for at in (*island.before, *island.after) if at in self.delegates
        ]
        own = [float(self.rows.total[r] - self.rows.inner[r]) for r in ends if self.rows.inner[r]]
        known = [max(cost, 0.0) for cost in own if np.isfinite(cost)]
        return island.calls_saved * sum(known) / len(known) if known else float("nan")

    def _buffer(self, at: int) -> str | None:
        arguments = self.plan.instructions.arguments_of(at).tolist()
        if len(arguments) < 2 or arguments[0] != arguments[-1]:
            return None
        row = int(self.plan.values.tensor[arguments[0]])
        if row < 0:
            return None
        name = self.plan.values.tensors.name_of(row)
        return f"the buffer {name}" if name else "a mutable buffer"


def _rows_of_instructions(rows: OperatorRows, origins: Origins) -> dict[int, int]:
    """Instruction of the plan → its row right under the method."""
    of = origins.instruction
    if of is None:
        return {}
    return {int(of[row]): row for row in rows.top.tolist() if of[row] >= 0}
