"""A page as one file that needs nothing else: assets inside, scripts by hash, written whole."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from etscope.etdump.errors import UsageError

_SLOT = re.compile(r"\{\{(\w+)\}\}")


def fill(template: str, slots: Mapping[str, str]) -> str:
    """Put texts into the slots of a template, in one pass: what is put in has no slots."""
    return _SLOT.sub(lambda slot: slots[slot[1]], template)


def asset(name: str) -> str:
    """The text of a file of assets/."""
    return files("etscope.dashboard").joinpath("assets", name).read_text(encoding="utf-8")


def script_text(text: str) -> str:
    """As the browser will see it, which hashes line ends of its own making."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def policy(scripts: Sequence[str]) -> str:
    """A content security policy that allows these scripts, and no request at all."""
    digests = [hashlib.sha256(text.encode()).digest() for text in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    # Plotly, and figures beside lines, set styles of elements by attribute, which only this allows.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def embedded_json(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it can close or open one."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def write_page(page: str, path: str | PathLike[str]) -> None:
    """Write a page to a file; whatever happens, the file is whole or as it was.

    Raises:
        UsageError: the file cannot be written.
    """
    place = Path(path)
    content = page.encode("utf-8", errors="replace")
    unfinished = None
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, place)
    except OSError as why:
        raise UsageError(
            f"{place} cannot be written ({why.strerror or why}); name another file."
        ) from why
    finally:
        if unfinished is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished)
