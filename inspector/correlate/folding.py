"""The operation that a node was folded into: the nearest that makes or takes its values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.correlate.sources import NodePlaces

#: Nodes looked at before giving up.
_TRIED = 256

Owner = TypeVar("Owner")


def nearest_owner(
    node: int,
    owner: Mapping[int, Owner],
    graph: ProgramGraph,
    places: NodePlaces,
    members: Collection[int],
) -> Owner | None:
    """Whose node is nearest, first up the values that a node takes, then down those it makes.

    Args:
        owner: the nodes that are owned.
        members: the nodes of the delegates, which are not left.
    """
    for neighbours in (lambda at: graph.inputs_of(at).tolist(), places.users_of):
        seen, ring = {node}, [node]
        while ring and len(seen) < _TRIED:
            near = [other for at in ring for other in neighbours(at) if other in members]
            for other in near:
                if other in owner:
                    return owner[other]
            ring = [other for other in dict.fromkeys(near) if other not in seen]
            seen.update(ring)
    return None
