"""Ways to break an ETRecord behind its zip: the checksums are right, the JSON is not."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from fuzz.mutations import mutations

_ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**31, 2**63, 10**40, float("nan"), "", "x", "\ud800", "é"),
    *([], {}, [[]], [None], {"as_tensor": {"name": "x"}}, {"as_int": -1}, {"as_none": []}),
)


def record_mutations(seed: bytes, rng: Random, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` broken copies of a record; one JSON member of each is changed in 1 to 4 places."""
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    documents = [name for name, data in members.items() if data[:1] in (b"{", b"1", b"7")]
    for _ in range(count):
        name = rng.choice(documents)
        if rng.random() < 0.15:
            how, data = next(mutations(members[name], rng, 1))
        else:
            how, data = _changed(members[name], rng)
        yield f"{name}: {how}", _zipped(members | {name: data})


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _changed(data: bytes, rng: Random) -> tuple[str, bytes]:
    document = [json.loads(data)]
    done = [_change(document, rng) for _ in range(rng.choice((1, 1, 2, 4)))]
    return "+".join(done), json.dumps(document[0]).encode()


def _change(document: list[Any], rng: Random) -> str:
    """Change one place, found by walking down from the root."""
    parent: Any = document
    key: Any = 0
    while True:
        below = parent[key]
        if not isinstance(below, list | dict) or not below or rng.random() < 0.08:
            break
        parent, key = below, rng.choice(range(len(below)) if isinstance(below, list) else [*below])
    return _replace(parent, key, document, rng)


def _replace(parent: Any, key: Any, document: list[Any], rng: Random) -> str:
    old = parent[key]
    way = rng.choice(("odd", "odd", "remove", "rename", "twice", "text", "deep"))
    if parent is not document and way == "remove":
        del parent[key]
    elif isinstance(parent, dict) and way == "rename":
        parent[rng.choice(("as_tensors", "as_int", "as_sym_int", "x", "\ud800", "name"))] = old
        del parent[key]
    elif isinstance(parent, list) and parent is not document and way == "twice":
        parent.insert(key, deepcopy(old))
    elif isinstance(old, str) and way == "text" and old:
        at = rng.randrange(len(old))
        parent[key] = old[:at] + rng.choice((",", "[", '"', "\n", "@9", ";", "")) + old[at + 1 :]
    elif way == "deep":
        for _ in range(rng.choice((3, 200))):
            old = [old]
        parent[key] = old
    else:
        parent[key] = deepcopy(rng.choice(_ODD))
        return f"odd {str(parent[key])[:20]!a}"
    return way
