"""Equal texts become one index, different texts never do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etscope.etdump import strings
from etscope.etdump.errors import CorruptTrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.strings import StringTable, are_texts


def laid_out(texts: Sequence[bytes], align: int = 4) -> tuple[FlatBuffer, Positions]:
    """A buffer with these strings one behind the other, and where they are."""
    data, places = b"", []
    for text in texts:
        data += bytes(-len(data) % align)
        places.append(len(data))
        data += len(text).to_bytes(4, "little") + text + b"\0"
    return FlatBuffer(np.frombuffer(data + bytes(4), np.uint8)), np.array(places, np.int64)


def check(texts: Sequence[bytes], align: int, pieces: int = 1) -> None:
    buffer, places = laid_out(texts, align)
    table = StringTable(buffer)
    index = np.concatenate([table.intern(part) for part in np.array_split(places, pieces)])
    found = [table.strings[i] for i in index.tolist()]
    assert found == [text.decode() for text in texts]
    assert len(table.strings) == len(set(texts))


TEXTS = st.lists(
    st.sampled_from([b"", b"a", b"b", b"abcd", b"abce", b"xbcd", b"abcdefgh\0", b"\xc3\xa9"])
    | st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace")),
    max_size=200,
)


@given(TEXTS, st.sampled_from([1, 4]), st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_any_texts(texts: list[bytes], align: int, pieces: int) -> None:
    check(texts, align, pieces)


@given(TEXTS, st.integers(1, 5), st.sampled_from([0, 2**64 - 1]))
@settings(deadline=None, max_examples=60)
def test_texts_that_all_have_one_hash(texts: list[bytes], pieces: int, same: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings, "_hash", lambda w, n: np.full(w.shape[1], same, np.uint64))
        check(texts, 4, pieces)
        check([b"%03d" % (i % 50) for i in range(500)], 4, pieces)


def test_the_hash_tells_neighbours_apart() -> None:
    words = np.arange(4000, dtype=np.uint32).reshape(2, -1)
    assert len(np.unique(strings._hash(words, 8))) == 2000
    assert strings._hash(words, 8)[0] != strings._hash(words, 7)[0]


def test_the_same_texts_at_many_places() -> None:
    check([b"native_call_%d" % (i % 7) for i in range(3000)], 4, 3)


def test_few_places_that_many_share() -> None:
    buffer, places = laid_out([b"one", b"two", b"one"])
    shared = np.tile(places, 1000)

    index = StringTable(buffer).intern(shared)

    assert index.tolist() == [0, 1, 0] * 1000


def test_absent_strings_stay_absent() -> None:
    buffer, places = laid_out([b"one"])
    table = StringTable(buffer)

    assert table.intern(np.array([-1, places[0], -1])).tolist() == [-1, 0, -1]
    assert table.intern(np.array([-1, -1])).tolist() == [-1, -1]
    assert table.intern(np.zeros(0, np.int64)).tolist() == []


def test_bytes_that_are_not_utf8_are_shown_escaped() -> None:
    buffer, places = laid_out([b"caf\xe9", b"\xff\xfe", b"caf\xe9"])
    table = StringTable(buffer)

    index = table.intern(places)

    assert [table.strings[i] for i in index] == ["caf\\xe9", "\\xff\\xfe", "caf\\xe9"]


def test_long_texts() -> None:
    texts = [b"x" * n + end for n in (255, 256, 257, 300, 70000) for end in (b"a", b"b")]
    check(texts * 3, 4)


def test_long_texts_that_overlap_are_refused() -> None:
    """Each of 10,000 references to another byte of one text would copy all the rest of it."""
    ones = np.full(1 << 17, 1, np.uint8)  # a length of 16,843,009 everywhere, ...
    ones[2::4] = ones[3::4] = 0  # ... or of 257
    with pytest.raises(CorruptTrace, match="strings overlap"):
        StringTable(FlatBuffer(ones)).intern(np.arange(0, 40000, 4))


@pytest.mark.parametrize("length", [5, 300, 2**32 - 1])
def test_a_text_behind_the_end_is_refused(length: int) -> None:
    data = np.frombuffer(length.to_bytes(4, "little") + b"name", np.uint8)
    with pytest.raises(Truncated, match="a string ends behind"):
        StringTable(FlatBuffer(data)).intern(np.array([0]))


def referring(*raws: bytes) -> tuple[FlatBuffer, Positions]:
    """A buffer that begins with a reference to each of these, and where the references are."""
    heads, body = b"", b""
    for number, raw in enumerate(raws):
        step = 4 * (len(raws) - number) + len(body)
        heads += step.to_bytes(4, "little")
        body += raw + bytes(-len(raw) % 4)
    places = np.arange(0, 4 * len(raws), 4)
    return FlatBuffer(np.frombuffer(heads + body, np.uint8)), places


def test_what_looks_like_a_text() -> None:
    closed = {b"": True, b"add.out": True, b"caf\xc3\xa9": True, b"\xff": False, b"a\nb": False}
    raws = [len(text).to_bytes(4, "little") + text + b"\0" for text in closed]
    open_end = b"\3\0\0\0abcd"
    too_long = (5000).to_bytes(4, "little") + b"x" * 5000 + b"\0"
    behind = b"\xff\xff\xff\xff"

    buffer, fields = referring(*raws, open_end, too_long, behind)

    assert are_texts(buffer, fields).tolist() == [*closed.values(), False, False, False]


def test_references_that_lead_nowhere_are_no_texts() -> None:
    data = np.array([0, 2**32 - 1, 8, 0], "<u4").view(np.uint8)

    assert are_texts(FlatBuffer(data), np.array([0, 4, 8])).tolist() == [False, False, False]
    assert are_texts(FlatBuffer(data), np.zeros(0, np.int64)).tolist() == []


def test_long_texts_that_overlap_are_not_copied() -> None:
    """Whatever is found, `are_texts` raises nothing and copies little."""
    words = np.zeros(1 << 15, "<u4")
    words[::2], words[1::2] = 4, 4000
    fields = np.arange(0, words.nbytes, 8)

    assert not are_texts(FlatBuffer(words.view(np.uint8)), fields).any()
