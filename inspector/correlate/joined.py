"""One method of a program joined with its graph: every instruction with its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from etscope.etdump.program_graph import Frame, Module, ProgramGraph
from etscope.etdump.record_maps import DelegateMap
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.blobs import Blobs
from etscope.inspector.correlate.delegates import Inside, by_blob, by_map, settle
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.instructions import StepNodes
from etscope.inspector.correlate.operations import OperationNodes
from etscope.inspector.correlate.origins import Origin, Origins, origins_of
from etscope.inspector.correlate.sources import NodePlaces, users_frame
from etscope.inspector.correlate.steps import Steps
from etscope.inspector.signatures import Slot


@dataclass(frozen=True)
class EventKey:
    """What an event says about where it belongs: one row of a tree, or one slot of a block."""

    chain: int  # -1: around the instructions
    instruction: int
    delegate: int | str | None  # the id that a backend gave it; None: not inside a delegate


def keys_of_slots(slots: Iterable[Slot]) -> list[EventKey]:
    """What the rows of an event block say, in their order."""
    signatures = (slot.signature for slot in slots)
    return [EventKey(each.chain, each.instruction, each.delegate) for each in signatures]


@dataclass(frozen=True, eq=False)
class JoinedMethod:
    """The instructions of one method with the nodes that each runs.

    `graph`, `places` and `nodes` are None together: where there is no record for the
    method, or one that does not belong to it (`why` says which).
    """

    steps: Steps
    graph: ProgramGraph | None
    places: NodePlaces | None
    nodes: StepNodes | None
    delegates: DelegateMap | None
    blobs: Blobs  # what the program holds for the delegates
    inside: dict[int, OperationNodes]  # and the nodes of it, by row of the instructions
    record_name: str  # what the record calls the method
    why: str

    def origins(self, keys: Sequence[EventKey]) -> Origins:
        """The origin of each event, in their order.

        Events inside a delegate must be in the order of the trace.
        """
        rows = self.steps.rows
        inside: dict[int, list[int]] = {}
        for number, key in enumerate(keys):
            step = rows.get((key.chain, key.instruction))
            if key.delegate is not None and step is not None:
                inside.setdefault(step, []).append(number)
        known, out = self._of_steps, []
        for key in keys:
            step = rows.get((key.chain, key.instruction))
            if step is None or key.delegate is not None:
                out.append(self._around(key))
                continue
            if step not in known:
                known[step] = self._of_step(step)
            out.append(known[step])
        for step, numbers in inside.items():
            events = [keys[number].delegate for number in numbers]
            for number, origin in zip(
                numbers, self._of_delegate(step, [e for e in events if e is not None]), strict=True
            ):
                out[number] = origin
        of_plan = [rows.get((key.chain, key.instruction), -1) for key in keys]
        return origins_of(out, self.graph, self.steps.plan, of_plan)

    @cached_property
    def _of_steps(self) -> dict[int, Origin]:
        """The origins of whole instructions that were asked for, by row."""
        return {}

    def _around(self, key: EventKey) -> Origin:
        if key.chain < 0:
            return Origin(How.NO_OPERATOR, Confidence.NONE, "around the instructions")
        why = "the program has no such instruction" if self.steps.plan is not None else self.why
        return Origin(How.NONE, Confidence.NONE, why)

    def _of_step(self, step: int) -> Origin:
        if self.nodes is None or not self.nodes.nodes[step]:
            why = self.why if self.nodes is None else self.nodes.reason[step]
            handles = () if self.nodes is None else self.nodes.handles[step]
            return self._from_program(step, handles, why)
        how = How(self.nodes.how[step])
        origin = Origin(
            how,
            Confidence(self.nodes.confidence[step]),
            self.nodes.reason[step],
            self.nodes.nodes[step],
            self.nodes.handles[step],
        )
        if how == How.DELEGATE and len(origin.nodes) > 1:
            return self._of_all(origin)
        return self._placed(origin)

    def _from_program(self, step: int, handles: tuple[int, ...], why: str) -> Origin:
        """The stack trace that the program carries for an instruction, where it does."""
        frames: tuple[Frame, ...] = ()
        plan = self.steps.plan
        if plan is not None and plan.stacks is not None:
            frames = plan.stacks.frames_of(step)
        source = users_frame(frames)
        if source is None:
            return Origin(How.NONE, Confidence.NONE, why, handles=handles)
        return Origin(
            How.PROGRAM, Confidence.EXACT, "", handles=handles, frames=frames, source=source
        )

    def _placed(self, origin: Origin) -> Origin:
        """An origin with the module and line of the node that it is named after."""
        if self.places is None or self.graph is None or not origin.nodes:
            return origin
        place = self.places[origin.nodes[0]]
        reason = origin.reason
        if place.borrowed_from >= 0 and not reason:
            name = self.graph.text(int(self.graph.nodes.name[place.borrowed_from]))
            reason = f"module and line of {name}: the export added this node for it"
        return origin._replace(
            modules=place.modules, frames=place.frames, source=place.source, reason=reason
        )

    def _of_all(self, origin: Origin) -> Origin:
        """A whole delegate: what all of its nodes have in common."""
        if self.places is None:
            return origin
        places = [self.places[node] for node in origin.nodes]
        stacks = [place.modules for place in places if place.modules]
        sources = {place.source for place in places if place.source is not None}
        frames = [place.frames for place in places if place.source is not None]
        one = len(sources) == 1
        return origin._replace(
            modules=_shared(stacks),
            source=next(iter(sources)) if one else None,
            frames=frames[0] if one else (),
        )

    def _of_delegate(self, step: int, events: list[int | str]) -> list[Origin]:
        found = self._inside(step, events)
        out = []
        for row in range(len(events)):
            how, sure = How(found.how[row]), Confidence(found.confidence[row])
            reason = found.reason[row]
            if how != How.NONE and not found.nodes[row]:
                lost = "no node of this delegate carries its debug handle"
                how, sure = How.NONE, Confidence.NONE
                reason = lost if self.graph is not None else self.why
            origin = Origin(how, sure, reason, found.nodes[row], found.handles[row])
            out.append(self._placed(origin)._replace(inserted=found.inserted[row]))
        return out

    def _inside(self, step: int, events: list[int | str]) -> Inside:
        number = int(self.steps.number[step])
        if self.delegates is not None and self.graph is not None and self.steps.chain[step] == 0:
            mapped = by_map(events, self.delegates, self.record_name, number)
            if mapped.how.any() and self.nodes is not None and self.places is not None:
                settle(mapped, self.graph, self.places, self.nodes.nodes[step])
                return mapped
        if step not in self.blobs.operations:
            why = self.blobs.unread.get(step, "the instruction calls no delegate")
            return Inside.unknown(len(events), why)
        return by_blob(events, self.blobs.operations[step], self.inside.get(step))


def _shared(stacks: list[tuple[Module, ...]]) -> tuple[Module, ...]:
    """The outer modules that all stacks have in common."""
    if not stacks:
        return ()
    depth = 0
    for level in zip(*stacks, strict=False):
        if any(module != level[0] for module in level):
            break
        depth += 1
    return stacks[0][:depth]
