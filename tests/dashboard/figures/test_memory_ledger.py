"""Ledgers of memory: bars lie end to end and add up."""

from __future__ import annotations

import json

import pytest
from planned import HOSTILE
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures.layout import Figure
from etscope.dashboard.figures.memory_ledger import (
    BARS,
    growth_parts,
    ledger_figure,
    program_parts,
)
from etscope.inspector.memory.footprint import FootprintLedger
from etscope.inspector.memory.footprint_parts import GrowthPart
from etscope.inspector.memory.ledger import Source


def grown(*parts: GrowthPart, sharing: int = 0, unattributed: int = 0) -> FootprintLedger:
    total = sum(part.size_bytes for part in parts) + sharing + unattributed
    figure = "settled_pss_bytes" if sharing else "pss_bytes"
    return FootprintLedger("pss_bytes", figure, total, sharing, parts, unattributed, (), None, None)


def part(size: int, label: str = "planned arenas", basis: str = "planned") -> GrowthPart:
    return GrowthPart("heap", label, size, basis, "the plan")


def bars(figure: Figure | None) -> dict[str, list[tuple[float, float]]]:
    """Basis → (begin, end) of its bars."""
    assert figure is not None
    Checked(figure)
    return {
        trace["name"]: [(base, base + x) for base, x in zip(trace["base"], trace["x"], strict=True)]
        for trace in figure["data"]
    }


def test_what_a_program_brings_adds_up_and_says_what_it_rests_on() -> None:
    totals = {Source.ARENA: 300, Source.CONSTANTS: 500}
    figure = ledger_figure("a program", program_parts(totals))
    assert bars(figure) == {
        "planned": [(500, 800)],
        "as large as in the file": [(0, 500)],
        "derived": [(0, 800)],
    }
    assert figure is not None
    patterns = {t["name"]: t["marker"]["pattern"]["shape"] for t in figure["data"]}
    assert patterns["planned"] != patterns["as large as in the file"] != ""


def test_the_growth_ends_where_its_parts_end_and_only_measured_bars_are_plain() -> None:
    ledger = grown(part(600), part(300, "pages", "measured"), unattributed=10)
    parts = growth_parts(ledger)
    assert [one.name for one in parts] == [
        "growth of PSS",
        "planned arenas",
        "pages",
        "unattributed",
    ]
    assert sum(one.value for one in parts[1:]) == parts[0].value == 910
    figure = ledger_figure("growth", parts)
    assert bars(figure) == {
        "measured": [(0, 910), (600, 900)],
        "planned": [(0, 600)],
        "derived": [(900, 910)],
    }
    assert figure is not None
    plain = [t["name"] for t in figure["data"] if not t["marker"]["pattern"]["shape"]]
    assert plain == ["measured"]


@pytest.mark.parametrize("sharing", [-910, -5000, 700])
def test_what_other_processes_changed_is_not_in_the_shares(sharing: int) -> None:
    ledger = grown(part(600), unattributed=310, sharing=sharing)
    parts = growth_parts(ledger)
    assert (parts[0].name, parts[0].basis, parts[0].value) == (
        "growth of settled PSS",
        "derived",
        910,
    )
    figure = ledger_figure("growth", parts)
    assert figure is not None
    words = [text for trace in figure["data"] for text in trace["text"]]
    assert "600 bytes · 65.9%" in words


def test_parts_of_no_growth_have_no_share() -> None:
    figure = ledger_figure("growth", growth_parts(grown(part(600), part(-600, "given back"))))
    assert figure is not None
    assert not any("%" in text for trace in figure["data"] for text in trace["text"])


def test_small_parts_are_one_and_nothing_is_lost() -> None:
    ledger = grown(*[part(1000)] * 30, *[part(1)] * 30)
    parts = growth_parts(ledger)
    assert len(parts) <= BARS
    assert sum(one.value for one in parts[1:]) == parts[0].value
    assert parts[-2].name.endswith("smaller parts")


@pytest.mark.parametrize("parts", [[], growth_parts(grown())])
def test_nothing_is_drawn_of_nothing(parts: list) -> None:  # type: ignore[type-arg]
    assert ledger_figure("nothing", parts) is None


def test_hostile_names_are_only_text() -> None:
    figure = ledger_figure("growth", growth_parts(grown(part(7, HOSTILE))))
    assert "<a href" not in json.dumps(figure, allow_nan=False)
