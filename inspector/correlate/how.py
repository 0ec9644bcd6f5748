"""How an event was mapped to the graph, from nothing to the surest."""

from __future__ import annotations

from enum import IntEnum


class How(IntEnum):
    """What a mapping rests on."""

    NONE = 0  # not mapped: the reason says why
    NO_OPERATOR = 1  # nothing to map: the method itself, what the runtime does around operators
    HANDLE = 2  # the instruction's debug handle, which one node carries
    HANDLE_ORDER = 3  # its debug handle, which several nodes carry: by operator and order
    ORDER = 4  # no debug handle: by operator and order between mapped neighbours
    NEIGHBOUR = 5  # no node of its own: that of the instruction it serves
    DELEGATE_MAP = 6  # the id that the backend logged, in the record's delegate map
    BLOB = 7  # the operations in the delegate's own bytes
    DELEGATE = 8  # a whole delegate call: all that it runs
    PROGRAM = 9  # the stack trace that the program itself carries

    @property
    def phrase(self) -> str:
        """For a person: "debug handle"."""
        return _PHRASES[self]


_PHRASES = {
    How.NONE: "not mapped",
    How.NO_OPERATOR: "no operator",
    How.HANDLE: "debug handle",
    How.HANDLE_ORDER: "debug handle and order",
    How.ORDER: "order between neighbours",
    How.NEIGHBOUR: "the instruction it serves",
    How.DELEGATE_MAP: "delegate map",
    How.BLOB: "delegate blob",
    How.DELEGATE: "whole delegate",
    How.PROGRAM: "stack trace in the program",
}
