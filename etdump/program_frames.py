"""The source lines of a program's instructions, where the export was asked to keep them.

`ExecutorchBackendConfig(emit_stacktrace=True)` writes them into each chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Bytes, Ints, Ints32
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.program_graph import Frame

_TEXTS = (schema.Frame.FILE, schema.Frame.FUNCTION, schema.Frame.SOURCE)


@dataclass(frozen=True, eq=False)
class FrameTable:
    """One row per instruction, over all chains. Row i owns frames edges[i]:edges[i + 1].

    Frames are ordered as in the file: outermost call first. A row without frames is an
    instruction whose lines the export left out, as it does inside branches and loops.
    """

    edges: Ints  # (instructions + 1,)
    line: Ints32  # (frames,), from 1
    file: Ints32  # index into `texts`; -1: absent
    function: Ints32
    source: Ints32  # the text of the line
    text_start: Ints  # text t is data[text_start[t]:text_start[t] + text_bytes[t]]
    text_bytes: Ints
    data: Bytes  # the whole file

    def __len__(self) -> int:
        return len(self.edges) - 1

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The distinct texts. Bytes that are no UTF-8 are replaced: they are for people."""
        return tuple(
            self.data[start : start + size].tobytes().decode(errors="replace")
            for start, size in zip(self.text_start.tolist(), self.text_bytes.tolist(), strict=True)
        )

    def frames_of(self, row: int) -> tuple[Frame, ...]:
        """The source lines of one instruction, outermost call first; empty: none are known.

        Raises:
            IndexError: there is no such instruction.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"instruction row {row} of {len(self)}")
        span = slice(int(self.edges[row]), int(self.edges[row + 1]))
        columns = (self.file, self.line, self.function, self.source)
        texts = self._texts_and_none
        return tuple(
            Frame(texts[file], line, texts[function], texts[source])
            for file, line, function, source in zip(
                *(column[span].tolist() for column in columns), strict=True
            )
        )

    @cached_property
    def _texts_and_none(self) -> tuple[str, ...]:
        """The texts, and at -1 what stands for one that is absent."""
        return (*self.texts, "")


def read_frames(buffer: FlatBuffer, chains: Positions) -> FrameTable | None:
    """The source lines of the instructions of these Chain tables; None: the export kept none.

    Raises:
        TraceError: something lies outside the file, or lines of instructions that are not there.
    """
    lists, listed = buffer.tables_of(
        buffer.references(chains, schema.Chain.STACKS), "the source lines of a chain"
    )
    if not len(lists):
        return None
    instructions = buffer.references(chains, schema.Chain.INSTRUCTIONS)
    _, counts = buffer.vectors(instructions, 4, "the instructions of a chain")
    if (listed > counts).any():
        at = int(chains[(listed > counts).argmax()])
        raise buffer.corrupt("source lines of more instructions than the chain has", at)
    frames, per_list = buffer.tables_of(
        buffer.references(lists, schema.FrameList.FRAMES), "the source lines of an instruction"
    )
    # A chain may list fewer stacks than instructions: they belong to its first ones.
    per_row = np.zeros(int(counts.sum()), np.int64)
    per_row[ragged.spread(ragged.edges_of(counts), np.arange(len(chains)), listed)] = per_list
    starts, sizes, indices = _texts(buffer, frames)
    return FrameTable(
        edges=ragged.edges_of(per_row),
        line=buffer.scalars(frames, schema.Frame.LINE),
        file=indices[0],
        function=indices[1],
        source=indices[2],
        text_start=starts,
        text_bytes=sizes,
        data=buffer.data,
    )


def _texts(buffer: FlatBuffer, frames: Positions) -> tuple[Positions, Positions, Ints32]:
    """(first byte, size) of each distinct text, and (3, frames) which one each frame has.

    Writers may share a text between frames: it is granted, and later decoded, once.
    """
    at = np.array([buffer.references(frames, field) for field in _TEXTS])
    distinct, index = np.unique(at, return_inverse=True)
    if absent := int(len(distinct) and distinct[0] < 0):
        distinct = distinct[1:]
    starts, sizes = buffer.vectors(distinct, 1, "a source line")
    buffer.take(int(sizes.sum()), 1, "source lines")
    return starts, sizes, (index.reshape(at.shape) - absent).astype(np.int32)
