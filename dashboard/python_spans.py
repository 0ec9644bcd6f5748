"""Which parts of Python source to colour: comments, strings, keywords, numbers, names defined."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

#: What a part of a line may be; "" is plain.
KINDS = ("comment", "string", "keyword", "number", "definition", "decorator")

_PREFIX = r"(?:\b(?:[rbuft]|rb|br|fr|rf|tr|rt))?"
_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    rf"|(?P<string>{_PREFIX}(?:"
    r'"""(?:[^"\\]|\\.|"(?!""))*(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*"?'
    r"|'(?:[^'\\\n]|\\.)*'?))"
    r"|(?P<decorator>(?<=\n)[ \t]*@[\w.]+|\A[ \t]*@[\w.]+)"
    r"|(?P<number>\b(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?j?))"
    r"|(?P<word>[^\W\d]\w*)",
    re.DOTALL | re.IGNORECASE,
)
_DEFINES = frozenset({"def", "class"})


def coloured(lines: list[str]) -> list[list[tuple[str, str]]]:
    """Cut consecutive lines into (text, kind) parts; kind is one of KINDS or ""."""
    out: list[list[tuple[str, str]]] = [[]]
    for text, kind in _parts("\n".join(lines)):
        first, *others = text.split("\n")
        if first:
            out[-1].append((first, kind))
        out += [[(other, kind)] if other else [] for other in others]
    return out


def _parts(text: str) -> Iterator[tuple[str, str]]:
    at, before = 0, ""
    for found in _TOKEN.finditer(text):
        kind, token = found.lastgroup or "", found[0]
        if kind == "word":
            # The name after def or class; `match` and the like are names as often as not.
            kind = "keyword" if keyword.iskeyword(token) else ""
            kind = "definition" if before in _DEFINES else kind
        before = token
        if not kind:
            continue
        if found.start() > at:
            yield text[at : found.start()], ""
        yield token, kind
        at = found.end()
    if at < len(text):
        yield text[at:], ""
