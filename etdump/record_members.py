"""The members of an ETRecord, told apart by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from etscope.etdump.record_maps import ONLY_METHOD

EXPORTED = "exported_program"
EDGE = "edge_dialect_exported_program"
HANDLES = "debug_handle_map"
DELEGATES = "delegate_map"
COUNTS = "instruction_id_to_num_outs_map"
GRAPH_ID = "export_graph_id"
MAPS = (HANDLES, DELEGATES, COUNTS, GRAPH_ID)
_TENSORS = ("reference_outputs", "representative_inputs")
_SUFFIXES = ("_state_dict", "_constants", "_example_inputs")


class TensorMember(NamedTuple):
    """A member that holds tensors and was not opened."""

    member: str
    graph: str  # the graph that it belongs to; "" is the whole record
    kind: str  # state_dict, constants, example_inputs, reference_outputs, representative_inputs
    size_bytes: int


@dataclass(frozen=True)
class Names:
    """The members of a record by what they are."""

    edge: dict[str, str]  # method → member
    extras: tuple[str, ...]
    tensors: tuple[TensorMember, ...]


def sorted_members(sizes: dict[str, int]) -> Names:
    """Tell the members apart. A graph called like another one's side file is still a graph."""
    edge: dict[str, str] = {}
    extras, tensors = [], []
    for name, size in sizes.items():
        suffix = next((s for s in _SUFFIXES if name.endswith(s) and name[: -len(s)] in sizes), "")
        if name in _TENSORS:
            tensors.append(TensorMember(name, "", name, size))
        elif suffix:
            tensors.append(TensorMember(name, name[: -len(suffix)], suffix[1:], size))
        elif name == EDGE:
            edge[ONLY_METHOD] = name
        elif name.startswith(EDGE + "/"):
            edge[name[len(EDGE) + 1 :]] = name
        elif name not in (*MAPS, EXPORTED):
            extras.append(name)
    return Names(edge, tuple(extras), tuple(tensors))
