"""One Chromium for all tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browser.chromium import NAMES, chromium, executable

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    pytest.importorskip("playwright", reason="playwright is not installed: pip install playwright")
    if executable() is None:
        pytest.skip(f"no Chromium: none of {', '.join(NAMES)} is on the PATH")
    with chromium() as running:
        yield running
