"""The footprint of a manifest: read back as written, and refused where it cannot be true."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from bundle_folder import manifest

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.footprint import (
    HEAP,
    LIBRARIES,
    LIBRARY,
    METHOD,
    SAMPLE_LIMIT,
    Footprint,
    Mapped,
    Phase,
    Samples,
)
from etscope.etdump.json_fields import Fields
from etscope.etdump.manifest import read_manifest

MADE = Footprint(
    phases=(
        Phase(LIBRARIES, 10.0, {"rss_bytes": 4096, "pss_bytes": 2048}),
        Phase(
            METHOD,
            12.5,
            {"rss_bytes": 8192},
            "forward",
            (Mapped(HEAP, None, {"rss_bytes": 4096}), Mapped(LIBRARY, "libx.so", {})),
        ),
    ),
    samples=Samples((1.0, 2.0), (4096, 8192)),
    peak_from_start=False,
    notes=("a note",),
)


def read(document: Any) -> Footprint:
    return Footprint.read(Fields(document, "'footprint'", Path("manifest.json")))


def test_a_footprint_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(replace(manifest(), footprint=MADE).to_json(), encoding="utf-8")

    assert read_manifest(path).footprint == MADE


def test_a_footprint_of_phases_alone_is_read_and_its_peaks_count_the_start() -> None:
    found = read({"phases": [{"name": "start", "at_ms": 1, "figures": {}}]})

    assert found == Footprint((Phase("start", 1.0, {}),), peak_from_start=False)


def test_the_last_phase_of_a_name_is_found() -> None:
    phases = (Phase(METHOD, 1.0, {}, "a"), Phase(METHOD, 2.0, {}, "b"))

    assert Footprint(phases).phase(METHOD) == phases[1]
    assert Footprint(phases).phase(LIBRARIES) is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("phases",), {}),
        (("phases", 0), 3),
        (("phases", 0, "name"), None),
        (("phases", 0, "at_ms"), -1),
        (("phases", 0, "at_ms"), 10**400),
        (("phases", 0, "at_ms"), 1e12),
        (("phases", 0, "at_ms"), 99),  # after the next one
        (("phases", 0, "figures"), {"rss_bytes": -1}),
        (("phases", 0, "figures"), {"rss_bytes": 2**63}),
        (("phases", 0, "figures"), {"rss_bytes": 1.5}),
        (("phases", 0, "figures"), {"rss_bytes": True}),
        (("phases", 1, "method"), 7),
        (("phases", 1, "mapped"), [{}]),
        (("phases", 1, "mapped"), [{"kind": "heap"}] * 1025),
        (("phases", 1, "mapped", 1, "name"), 1),
        (("samples", "at_ms"), [1.0]),
        (("samples", "at_ms"), [2.0, 1.0]),
        (("samples", "at_ms"), [1.0, float("inf")]),
        (("samples", "at_ms"), [1.0, 10**400]),
        (("samples", "at_ms"), [False, True]),
        (("samples", "rss_bytes"), [1, -1]),
        (("samples", "rss_bytes"), ["1", "2"]),
        (("samples", "rss_bytes"), [1, 2**63]),
        (("samples",), {"at_ms": [0] * (SAMPLE_LIMIT + 1), "rss_bytes": [0] * (SAMPLE_LIMIT + 1)}),
        (("peak_from_start",), "no"),
        (("notes",), [1]),
    ],
)
def test_what_cannot_be_true_is_refused(place: tuple[Any, ...], value: Any) -> None:
    document = json.loads(json.dumps(asdict(MADE)))
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value

    with pytest.raises(CorruptTrace, match="footprint"):
        read(document)
