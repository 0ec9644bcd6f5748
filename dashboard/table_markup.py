"""Tables as markup: plain ones, and ones that the page's script sorts."""

from __future__ import annotations

#: Rows of one table; what is left out is counted.
ROWS = 3000


def plain_table(caption: str, heads: list[str], rows: list[list[str]]) -> str:
    """A small table of texts that are markup already."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def sortable_table(caption: str, heads: list[str], body: str) -> str:
    """A table that is sorted by a click on a head.

    Args:
        body: rows in markup.
    """
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="sortable"><caption>{caption}</caption>'
        f"<thead><tr>{''.join(heads)}</tr></thead>\n<tbody>{body}</tbody></table></div>"
    )


def head_cell(name: str, kind: str, sort: str = "none") -> str:
    """The head of a column; a column of kind "number" is sorted by `data-value`."""
    return f'<th scope="col" class="{kind}" aria-sort="{sort}">{name}</th>'


def number_cell(value: float | None, text: str) -> str:
    """A number as text, with its exact value to sort by; None: there is none."""
    exact = "" if value is None else f' data-value="{value!r}"'
    return f'<td class="number"{exact}>{text}</td>'
