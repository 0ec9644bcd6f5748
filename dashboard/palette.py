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

HATCH = "/"
