"""Numbers and names as a person reads them. Names come from traces and may be hostile."""

from __future__ import annotations

import html
import math
import unicodedata
from dataclasses import dataclass

from etscope.inspector import wording
from etscope.inspector.latency import MethodLatency

#: Longer names than this are cut in the middle of a page.
NAME_LIMIT = 200

_SYMBOLS = {"us": "µs"}
_SMALLER = {"s": ("ms", 1e3), "ms": ("us", 1e3), "us": ("ns", 1e3)}

#: What is used of Unicode's invisible classes: control, format (which turns text
#: around), private, surrogate, line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


@dataclass(frozen=True)
class Scale:
    """The unit that a method's times are shown in."""

    unit: str
    factor: float  # times the figures of the report

    @property
    def symbol(self) -> str:
        """As printed."""
        return _SYMBOLS.get(self.unit, self.unit)

    def time(self, value: float) -> str:
        """A time of the report with its unit, in three digits."""
        return f"{digits(value * self.factor)} {self.symbol}" if math.isfinite(value) else "–"


def scale_of(latency: MethodLatency) -> Scale:
    """A unit in which the method takes ten or more, so that its operators take no 0.0002."""
    unit, factor = latency.unit, 1.0
    times = latency.samples[latency.samples > 0]
    typical = float(sorted(times)[len(times) // 2]) if len(times) else 0.0
    while 0 < typical * factor < 10 and unit in _SMALLER:
        unit, step = _SMALLER[unit]
        factor *= step
    return Scale(unit, factor)


def digits(value: float, count: int = 3) -> str:
    """A number in so many significant digits: 1,140 · 46.2 · 0.00214. Not a number: a dash."""
    if not math.isfinite(value):
        return "–"
    value = float(f"{value:.{count - 1}e}")
    if value == 0:
        return "0"
    places = count - 1 - math.floor(math.log10(abs(value)))
    if places > 9 or places < -12:
        return f"{value:.{count}g}"
    return f"{value:,.{max(places, 0)}f}"


def percent(share: float) -> str:
    """A share in percent, or a dash."""
    return wording.percent(share) or "–"


def plain(text: str, limit: int = NAME_LIMIT) -> str:
    """A text from a file, cut, and with what cannot be seen made visible."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_visible(char) for char in cut)


def _visible(char: str) -> str:
    return f"\\u{ord(char):04x}" if unicodedata.category(char) in _INVISIBLE else char


def markup(text: str, limit: int = NAME_LIMIT) -> str:
    """A text from a file, safe in HTML and in attributes of it."""
    return html.escape(plain(text, limit))


def label(text: str, limit: int = 48) -> str:
    """A text from a file, safe as a label in plotly, which reads some HTML in labels."""
    return html.escape(plain(text, limit), quote=False)
