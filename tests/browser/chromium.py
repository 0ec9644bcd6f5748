"""A real Chromium that may reach nothing but files, and tells what a page did in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

Scheme = Literal["light", "dark"]


def executable() -> str | None:
    """The path of an installed Chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser.

    Raises:
        FileNotFoundError: none is installed.
    """
    from playwright.sync_api import sync_playwright

    path = executable()
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Opened:
    """A report in the browser."""

    page: Page
    complaints: list[str] = field(default_factory=list)  # errors and warnings of the console
    requests: list[str] = field(default_factory=list)  # all but the file itself and data: or blob:

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def note(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.requests.append(request.url)


def open_report(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 900, scheme: Scheme = "light"
) -> Opened:
    """Open a report from its file, as a double click would, and wait until it is drawn."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    opened = Opened(page)
    page.on("console", opened.hear)
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("request", opened.note)
    page.goto(path.resolve().as_uri())
    # A selector, not an expression: the policy of the page forbids to evaluate texts.
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    opened.requests.remove(path.resolve().as_uri())
    return opened
