"""Source paths as they may travel: relative to the project, never those of the machine.

A file below the current folder is named relative to it; one of an installed
package or of Python itself keeps the part that is the same everywhere; of any
other only the name is left.
"""

from __future__ import annotations

import json
import os
import re
import sysconfig
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

# As Python writes a frame of a traceback, also inside a text that was quoted again.
_FRAME = re.compile(r'(File \\*")([^"\\]+(?:\\+[^"\\]+)*)(\\*", line)')

# Members of an ETRecord whose text holds no frame, or whose bytes are not text.
_BINARY = ("_state_dict", "_constants", "_example_inputs")


def portable_path(path: str, root: Path | None = None) -> str:
    """The part of a source path that means the same on every machine.

    Args:
        path: as Python reports it; a relative one is kept.
        root: the project's folder; the current folder if None.
    """
    folder = os.fspath(Path.cwd() if root is None else root)
    return _portable(path, os.path.abspath(folder))


@lru_cache(maxsize=4096)
def _portable(path: str, root: str) -> str:
    posix = path.replace("\\", "/")
    for packages in ("site-packages", "dist-packages"):
        _, found, rest = posix.rpartition(f"/{packages}/")
        if found:
            return f"{packages}/{rest}"
    if not os.path.isabs(path) and posix[1:2] != ":":
        # "<frozen runpy>" and the like, or already relative; one that climbs out tells too much.
        return posix.rpartition("/")[2] if ".." in posix.split("/") else posix
    for folder, name in ((root, ""), *_python_folders()):
        if path.startswith(folder.rstrip(os.sep) + os.sep):
            return (name + os.path.relpath(path, folder)).replace(os.sep, "/")
    return posix.rpartition("/")[2]


@lru_cache(maxsize=1)
def _python_folders() -> tuple[tuple[str, str], ...]:
    found = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
    return tuple((folder, "python/") for folder in dict.fromkeys(found) if folder)


def portable_text(text: str, root: Path | None = None) -> str:
    """A text with the paths of all its traceback frames made portable."""
    return _FRAME.sub(lambda hit: hit[1] + portable_path(hit[2], root) + hit[3], text)


def _portable_json(value: Any, root: Path | None) -> Any:
    if isinstance(value, str):
        return portable_text(value, root) if "File " in value else value
    if isinstance(value, list):
        return [_portable_json(item, root) for item in value]
    if isinstance(value, dict):
        return {key: _portable_json(item, root) for key, item in value.items()}
    return value


def make_record_portable(record: Path, root: Path | None = None) -> None:
    """Rewrite an ETRecord in place so that no stack trace in it names a path of this machine.

    Only the JSON members are touched; weights and sample inputs are copied as
    they are, without being loaded.
    """
    rewritten = record.with_name(record.name + ".tmp")
    with zipfile.ZipFile(record) as old, zipfile.ZipFile(rewritten, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if data[:1] in (b"{", b"[") and not entry.filename.endswith(_BINARY):
                document = _portable_json(json.loads(data), root)
                data = json.dumps(document).encode("utf-8")
            # A fixed date, so that the same export gives the same bytes.
            fresh = zipfile.ZipInfo(entry.filename)
            fresh.compress_type = zipfile.ZIP_DEFLATED if data[:1] == b"{" else zipfile.ZIP_STORED
            new.writestr(fresh, data)
    os.replace(rewritten, record)


def portable_target(target: str) -> str:
    """What the user named (`path.py:factory`, `x.pte`), without the machine's folders."""
    path, colon, name = target.rpartition(":")
    if colon and path.endswith(".py"):
        return f"{portable_path(os.path.abspath(path))}:{name}"
    if target.endswith((".pte", ".pt2")):
        return portable_path(os.path.abspath(target))
    return target
