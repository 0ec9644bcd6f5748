"""The figures of a page, in the order in which its markup asks for them."""

from __future__ import annotations

from etscope.dashboard.figures.layout import Figure


class Drawings:
    """Collects the figures while the markup is written; the page draws them by number."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def place(self, figure: Figure | None, summary: str, caption: str, absent: str) -> str:
        """Markup for a figure, or a sentence where there is none. `summary` is read aloud."""
        if figure is None:
            return f'<p class="absent">{absent}</p>'
        self.figures.append(figure)
        number, height = len(self.figures) - 1, int(figure["layout"]["height"])
        return (
            f'<figure><div class="plot" role="group" aria-label="{summary}" '
            f'style="min-height:{height}px" id="figure-{number}" data-figure="{number}"></div>'
            f"<figcaption>{caption}</figcaption></figure>"
        )
