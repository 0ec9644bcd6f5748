"""Take a picture of a report: python tests/browser/screenshot.py report.html report.png"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser.chromium import Scheme, chromium, open_report


def take(report: Path, picture: Path, *, width: int, height: int | None, scheme: Scheme) -> None:
    """Write a PNG of the first `height` pixels of the page; None: of all of it."""
    with chromium() as browser:
        opened = open_report(browser, report, width=width, height=height or 900, scheme=scheme)
        opened.page.screenshot(path=picture, full_page=height is None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, help="default: the whole page")
    parser.add_argument("--dark", action="store_true")
    asked = parser.parse_args()
    scheme: Scheme = "dark" if asked.dark else "light"
    take(asked.report, asked.picture, width=asked.width, height=asked.height, scheme=scheme)


if __name__ == "__main__":
    main()
