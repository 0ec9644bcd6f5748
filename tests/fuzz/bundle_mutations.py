"""Ways to break one file of a bundle: the others stay sound, and are held against it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from fuzz.mutations import mutations
from fuzz.record_mutations import record_mutations

Break = Callable[[bytes, Random], tuple[str, bytes]]

_PARTS = ("footprint", "machine_peak")
_ODD: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, 10**400, "", "x", [], {}),
    *(1e308, 1e200, 1e9, 1e-6, 1e-200, 5e-324, -1.5, float("nan"), float("inf")),
)


def packed(folder: Path) -> bytes:
    """The files of a bundle as one: its trace, program, record and manifest."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in FILES:
            archive.writestr(name, (folder / name).read_bytes())
    return stream.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of a packed bundle."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in FILES:
            (folder / name).write_bytes(archive.read(name))


def bundle_mutations(seed: bytes, rng: Random, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` broken copies of a packed bundle; one file of each is broken."""
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        files = {name: archive.read(name) for name in FILES}
    for _ in range(count):
        name = rng.choice([*FILES])
        how, data = FILES[name](files[name], rng)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for other, content in (files | {name: data}).items():
                archive.writestr(other, content)
        yield f"{name}: {how}", stream.getvalue()


def _bytes(data: bytes, rng: Random) -> tuple[str, bytes]:
    return next(mutations(data, rng, 1))


def _record(data: bytes, rng: Random) -> tuple[str, bytes]:
    """The JSON of it, or sizes of its tensors, which keep the rest sound."""
    if rng.random() < 0.5:
        return next(record_mutations(data, rng, 1))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, _resized(content, rng) if content[:1] == b"{" else content)
    return "sizes", stream.getvalue()


def _resized(content: bytes, rng: Random) -> bytes:
    document = json.loads(content)
    for sizes in _sizes(document):
        if rng.random() < 0.1:
            many = rng.choice((len(sizes), len(sizes), 0, 8, 64))
            sizes[:] = [
                {"as_int": rng.choice((0, 1, 2, 2**20, 2**40, 2**62, 2**63 - 1))}
                for _ in range(many)
            ]
    return json.dumps(document).encode()


def _sizes(found: Any) -> Iterator[list[Any]]:
    if isinstance(found, dict):
        if isinstance(found.get("sizes"), list):
            yield found["sizes"]
        found = list(found.values())
    if isinstance(found, list):
        for item in found:
            yield from _sizes(item)


def _manifest(data: bytes, rng: Random) -> tuple[str, bytes]:
    """Odd figures in what was measured, anywhere in the document, or broken bytes."""
    if rng.random() < 0.15:
        return _bytes(data, rng)
    document = json.loads(data)
    done = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = [*_places({name: document.get(name) for name in _PARTS})]
        if rng.random() < 0.3:
            places = [*_places(document)]
        elif rng.random() < 0.5:
            places = [("machine_peak", key) for key in document.get("machine_peak") or {}] or places
        place = rng.choice(places)
        odd = rng.choice(_ODD)
        _put(document, place, odd)
        done.append(f"{'/'.join(map(str, place))} = {str(odd)[:20]}")
    return ", ".join(done), json.dumps(document).encode()


def _places(found: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value below the root."""
    if at:
        yield at
    items: dict[Any, Any] = found if isinstance(found, dict) else {}
    if isinstance(found, list):
        items = dict(enumerate(found))
    for key, value in items.items():
        yield from _places(value, (*at, key))


def _put(document: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        document = document[key]
    document[place[-1]] = value


#: The files of a bundle that a memory report reads → how each is broken.
FILES: dict[str, Break] = {
    "trace.etdp": _bytes,
    "program.pte": _bytes,
    "record.etrecord": _record,
    "manifest.json": _manifest,
}
