"""The bytes in use over the steps of a method, drawn with block characters."""

from __future__ import annotations

import numpy as np

from etscope.devtools.terminal import paragraph, say, screen_width
from etscope.etdump.columns import Ints
from etscope.inspector.memory.method_memory import MethodMemory

_BLOCKS = " ▁▂▃▄▅▆▇█"
_FREE = "┄"
_ROWS = 6
#: Characters of a drawing where no screen says how many there are.
_WIDTH = 80
_WIDEST = 120
_STEP_WIDEST = 6


def print_timeline(memory: MethodMemory) -> None:
    """Draw the live bytes of all arenas, the arenas' size on top and the peak marked below."""
    plan = memory.plan
    size, live = plan.planned_bytes, plan.live_bytes
    if not size or not live.any():
        return
    labels = [f"{size:,}", f"{0:,}"]
    left = max(map(len, labels))
    room = min(screen_width() or _WIDTH, _WIDEST) - left - 3
    bars, column = drawn_columns(live, max(room, 8))
    say()
    paragraph("bytes in use over the instructions, each byte once (planned)", style="bold")
    for number, line in enumerate(drawing(bars, size)):
        label = labels[0] if number == 0 else ""
        say(f"{label.rjust(left)} {'┤' if number == 0 else '│'}{line}")
    say(f"{labels[1].rjust(left)} └{'─' * len(bars)}")
    words = f"{plan.peak_bytes:,} {memory.when_text(plan.peak_step)}"
    _mark(words, left + 2 + column[plan.peak_step + 1], max(room, 8) + left + 2)


def _mark(words: str, at: int, width: int) -> None:
    """An arrow below a character of the drawing, with words on the side that has room."""
    if at + 2 + len(words) <= width or screen_width() is None:
        say(f"{' ' * at}▲ {words}")
    elif at > len(words):
        say(f"{' ' * (at - len(words) - 1)}{words} ▲")
    else:
        say(f"{' ' * at}▲")
        paragraph(words)


def drawn_columns(live: Ints, room: int) -> tuple[list[int], list[int]]:
    """(bytes per character, per step the character that shows it); of several steps the most."""
    steps = len(live)
    if steps <= room:
        wide = min(room // steps, _STEP_WIDEST)
        return np.repeat(live, wide).tolist(), [step * wide + wide // 2 for step in range(steps)]
    edges = np.arange(room) * steps // room
    of_step = np.searchsorted(edges, np.arange(steps), side="right") - 1
    return np.maximum.reduceat(live, edges).tolist(), of_step.tolist()


def drawing(bars: list[int], size: int, rows: int = _ROWS) -> list[str]:
    """Lines of blocks from the top; what the arenas have besides is dotted in the first."""
    eighths = [-(-bar * rows * 8 // size) if bar else 0 for bar in bars]
    lines = []
    for row in range(rows - 1, -1, -1):
        blocks = [_BLOCKS[min(max(height - row * 8, 0), 8)] for height in eighths]
        if row == rows - 1:
            blocks = [_FREE if block == " " else block for block in blocks]
        lines.append("".join(blocks).rstrip())
    return lines
