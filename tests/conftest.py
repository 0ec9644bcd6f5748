"""Options of the test suite."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: Wall seconds per mutated file that a slow, busy machine may need at most on average.
_SECONDS_PER_CASE = 0.5


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz", "mutated files (tests/fuzz)")
    group.addoption(
        "--fuzz-count",
        type=int,
        default=int(os.environ.get("ETSCOPE_FUZZ", "300")),
        help="mutated files per reader; default: the variable ETSCOPE_FUZZ, or 300",
    )
    group.addoption(
        "--fuzz-seeds",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="mutate the files below this folder too (*.etdp, *.pte, manifest.json)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    limit = max(300.0, config.getoption("--fuzz-count") * _SECONDS_PER_CASE)
    for item in items:
        if item.get_closest_marker("fuzz"):
            item.add_marker(pytest.mark.timeout(limit))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fuzz: reads mutated files in a process with limits")
