"""The operations of a delegate and the events that report them, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints


class Confidence(IntEnum):
    """How sure it is that an event reports an operation; higher is surer."""

    NONE = 0  # no operation fits
    GUESSED = 1  # several operations of different debug handles fit as well; one was taken
    ALIGNED = 2  # the only fit in order and kind, after fused operations were left out
    EXACT = 3  # as many events as operations, all of the same kinds in the same order

    @property
    def word(self) -> str:
        """ "exact", "aligned", "guessed" or "none"."""
        return self.name.lower()


@dataclass(frozen=True, eq=False)
class Operations:
    """What one delegate runs, a row per operation, in the order in which it runs them.

    Row o reads the values input[inputs[o]:inputs[o + 1]] and writes
    output[outputs[o]:outputs[o + 1]].
    """

    backend: str  # its id in the program
    kind: tuple[str, ...]  # in the backend's words: "Conv2d"
    handle: Ints  # debug handle; -1: none
    inserted: NDArray[np.bool_]  # added by the exporter: the handle is that of a neighbour
    foldable: NDArray[np.bool_]  # may be run together with a neighbour, without an own event
    detail: tuple[str, ...]  # what tells operations of one kind apart ("1x1"), or ""
    inputs: Ints
    input: Ints
    outputs: Ints
    output: Ints
    delegate_inputs: Ints  # values that the delegate is given
    delegate_outputs: Ints  # values that it gives back
    #: The operators of an edge program that may end as each operation, without namespace
    #: ("relu"); empty: not known of any.
    stands_for: tuple[frozenset[str], ...] = ()
    #: Whether each operation gives quantized values; empty: not known of any.
    quantized: tuple[bool, ...] = ()

    def __len__(self) -> int:
        return len(self.kind)

    @staticmethod
    def plain(backend: str, kind: Sequence[str], handle: Ints) -> Operations:
        """Operations of which only kind and handle are known."""
        count, none = len(kind), np.zeros(0, np.int64)
        no, edges = np.zeros(count, np.bool_), np.zeros(count + 1, np.int64)
        return Operations(
            backend=backend,
            kind=tuple(kind),
            handle=np.asarray(handle, np.int64),
            inserted=no,
            foldable=no.copy(),
            detail=("",) * count,
            inputs=edges,
            input=none,
            outputs=edges.copy(),
            output=none,
            delegate_inputs=none,
            delegate_outputs=none,
        )


@dataclass(frozen=True, eq=False)
class Attribution:
    """Which operation each event reports, a row per event."""

    operation: Ints  # row of the operations; -1: none
    handle: Ints  # its debug handle; -1: none
    confidence: NDArray[np.uint8]  # Confidence
    reason: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.operation)

    @staticmethod
    def unknown(events: int, reason: str) -> Attribution:
        """Nothing is known of any event."""
        none = np.full(events, -1, np.int64)
        return Attribution(none, none.copy(), np.zeros(events, np.uint8), (reason,) * events)
