"""The colours of the figures: told apart by the colour-blind, readable on white and on black.

Each has a contrast of at least 4.5 to white text on it, and of 3 to both backgrounds.
What is derived, or inside of something else, is hatched besides.
"""

from __future__ import annotations

WHOLE = "#5b6b82"
OPERATOR = "#1f6fb2"
DELEGATE = "#c2570c"
CONTROL = "#7f5bb5"
REST = "#6f7785"

OF_KIND = {
    "method": WHOLE,
    "operator": OPERATOR,
    "kernel": OPERATOR,
    "delegate": DELEGATE,
    "delegated": DELEGATE,
    "control": CONTROL,
    "other": REST,
}

#: Of planned values; a view is outlined, its bytes are those of another.
OF_ROLE = {
    "activation": OPERATOR,
    "input": "#0e7c6b",
    "output": "#8a6500",
    "buffer": CONTROL,
    "state": "#b0417f",
}
PEAK = "#d0342c"

HATCH = "/"


def between(start: str, end: str, share: float) -> str:
    """The colour that lies so far from one to the other, 0 to 1."""
    part = min(max(share, 0.0), 1.0)
    mixed = [
        round(int(start[at : at + 2], 16) * (1 - part) + int(end[at : at + 2], 16) * part)
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{value:02x}" for value in mixed)
