"""Interning: the same text at a million places becomes one string and a column of indices.

flatcc writes an event's name anew for each event. So texts are compared by
content: length and a 64-bit hash find the candidate, all words confirm it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.flatbuffer import FlatBuffer, Positions

_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xD6E8FEB86659FD93)
#: Longer texts (a backend may put whole JSON documents there) are looked up one by one.
_LONGEST_HASHED = 256
#: Names are shorter; so is the JSON that some backends put there.
_LONGEST_NAME = 4096


class StringTable:
    """The distinct strings of one file, in the order in which they were met.

    Text that is not UTF-8 is kept with its odd bytes escaped: a file's names
    are for people to read, and the runtime writes whatever a backend gave it.
    """

    def __init__(self, buffer: FlatBuffer) -> None:
        self._buffer = buffer
        self._index: dict[bytes, int] = {}
        self._keys: NDArray[np.uint64] = np.zeros(0, np.uint64)  # sorted hashes of known texts
        self._key_index: NDArray[np.int32] = np.zeros(0, np.int32)
        self._key_position: Positions = np.zeros(0, np.int64)  # where that text was first met
        self._key_length: Positions = np.zeros(0, np.int64)

    @property
    def strings(self) -> tuple[str, ...]:
        """All strings, by index."""
        return tuple(raw.decode("utf-8", "backslashreplace") for raw in self._index)

    def intern(self, positions: Positions) -> NDArray[np.int32]:
        """The index of the string at each position; -1 for -1. Shape as `positions`."""
        out = np.full(len(positions), -1, np.int32)
        there = np.flatnonzero(positions >= 0)
        if not len(there):
            return out
        at = positions[there]
        if len(at) > 64:
            # Writers that share strings point to few places.
            distinct, back = _distinct_if_few(at)
            if distinct is not None:
                out[there] = self._intern_all(distinct)[back]
                return out
        out[there] = self._intern_all(at)
        return out

    def _intern_all(self, at: Positions) -> NDArray[np.int32]:
        buffer = self._buffer
        lengths = buffer.gather(at, "<u4", "a string").astype(np.int64)
        buffer.inside(at + 4, lengths, "a string")
        out = np.empty(len(at), np.int32)
        order = np.argsort(lengths, kind="stable")
        edges = np.flatnonzero(np.diff(lengths[order], prepend=-1))
        for rows in np.split(order, edges[1:]):
            length = int(lengths[rows[0]])
            if length > _LONGEST_HASHED or len(rows) < 8:
                buffer.take(len(rows), length if length > _LONGEST_HASHED else 0, "strings")
                out[rows] = [self._intern_one(int(p), length) for p in at[rows]]
            else:
                out[rows] = self._intern_equal(at[rows], length)
        return out

    def _intern_one(self, position: int, length: int) -> int:
        raw = self._buffer.data[position + 4 : position + 4 + length].tobytes()
        return self._index.setdefault(raw, len(self._index))

    def _intern_equal(self, at: Positions, length: int) -> NDArray[np.int32]:
        """Strings of one length: hash, look up, confirm; what collides goes one by one."""
        words = self._words(at, length)
        hashes = _hash(words, length)
        out = np.empty(len(at), np.int32)
        unknown = ~self._lookup(hashes, words, length, out)
        if unknown.any():
            new, first = np.unique(hashes[unknown], return_index=True)
            self._learn(new, at[unknown][first], length)
            rows = np.flatnonzero(unknown)
            found = np.empty(len(rows), np.int32)
            sure = self._lookup(hashes[rows], words[:, rows], length, found)
            out[rows] = found
            for row in rows[~sure].tolist():  # two texts with one hash
                out[row] = self._intern_one(int(at[row]), length)
        return out

    def _words(self, at: Positions, length: int) -> NDArray[np.uint32]:
        """The text of each row as 4-byte words, (words, rows); bytes behind the end are zero."""
        whole, rest = divmod(length, 4)
        out = np.zeros((whole + (rest > 0), len(at)), np.uint32)
        for word in range(whole):
            out[word] = self._buffer._read(at + (4 + 4 * word), "<u4")
        for byte in range(rest):
            value = self._buffer.data[at + (4 + 4 * whole + byte)].astype(np.uint32)
            out[whole] |= value << np.uint32(8 * byte)
        return out

    def _lookup(
        self,
        hashes: NDArray[np.uint64],
        words: NDArray[np.uint32],
        length: int,
        out: NDArray[np.int32],
    ) -> NDArray[np.bool_]:
        """Fill `out` where the text is known; says where it is. Exact, whatever the hash does."""
        if not len(self._keys):
            return np.zeros(len(hashes), np.bool_)
        slot = np.minimum(np.searchsorted(self._keys, hashes), len(self._keys) - 1)
        known = (self._keys[slot] == hashes) & (self._key_length[slot] == length)
        out[:] = self._key_index[slot]
        used = np.flatnonzero(np.bincount(slot[known]))
        if len(used):
            place = np.zeros(len(self._keys), np.int64)
            place[used] = np.arange(len(used))
            original = self._words(self._key_position[used], length)[:, place[slot]]
            known &= (original == words).all(axis=0)
        return np.asarray(known, np.bool_)

    def _learn(self, hashes: NDArray[np.uint64], at: Positions, length: int) -> None:
        order = np.argsort(at)[::-1]  # flatcc writes back to front: the last is the first
        index = np.empty(len(at), np.int32)
        for row in order.tolist():
            index[row] = self._intern_one(int(at[row]), length)
        keys = np.concatenate([self._keys, hashes])
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._key_index = np.concatenate([self._key_index, index])[order]
        self._key_position = np.concatenate([self._key_position, at])[order]
        self._key_length = np.concatenate([self._key_length, np.full(len(at), length)])[order]


def _distinct_if_few(at: Positions) -> tuple[Positions | None, Positions]:
    """(distinct positions, row of each) when there are few of them, else (None, ...)."""
    if len(np.unique(at[:64])) > 48:
        return None, at
    distinct, back = np.unique(at, return_inverse=True)
    return distinct, back


def _hash(words: NDArray[np.uint32], length: int) -> NDArray[np.uint64]:
    """A 64-bit hash per column; wraps on purpose."""
    out = np.full(words.shape[1], length, np.uint64)
    with np.errstate(over="ignore"):
        out *= _MIX
        for word in words:
            out ^= word
            out *= _STEP
            out ^= out >> np.uint64(29)
    return out


def are_texts(buffer: FlatBuffer, fields: Positions, *, least: int = 0) -> NDArray[np.bool_]:
    """Which fields, all in the file, refer to a short, closed and printable string.

    It has at least `least` bytes.

    For files where nothing can be trusted: whatever is found there, no error is raised.
    """
    targets = fields + buffer.gather(fields, "<u4")
    good: NDArray[np.bool_] = (targets > fields) & (targets + 4 <= buffer.size)
    rows = np.flatnonzero(good)
    lengths = buffer.gather(targets[rows], "<u4").astype(np.int64)
    ends = targets[rows] + 4 + lengths
    # Long texts that overlap would be copied over and over.
    most = (
        _LONGEST_NAME
        if int(lengths[lengths <= _LONGEST_NAME].sum()) <= buffer.size
        else _LONGEST_HASHED
    )
    fits = (lengths >= least) & (lengths <= most) & (ends < buffer.size)
    good[rows[~fits]] = False
    rows, ends = rows[fits], ends[fits]
    closed = buffer.data[ends] == 0
    good[rows[~closed]] = False
    rows = rows[closed]
    table = StringTable(FlatBuffer(buffer.data, path=buffer.path))
    index = table.intern(targets[rows])
    readable = np.array([text.isprintable() and "\\x" not in text for text in table.strings], bool)
    good[rows] = readable[index]
    return good
