"""Reports as documents for machines: JSON and CSV, on stdout or as a whole file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from etscope.etdump.errors import UsageError
from etscope.etdump.file_kind import FileKind, identify

#: The name that means stdout.
STDOUT = "-"


def json_text(value: Mapping[str, Any]) -> str:
    """One JSON object. NaN is not JSON and raises ValueError."""
    return json.dumps(value, indent=2, allow_nan=False) + "\n"


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """A heading and a line per row; what is absent is an empty field."""
    heads = list(dict.fromkeys(key for row in rows for key in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def put(text: str, target: str) -> None:
    """Write a document to stdout ("-") or, whole or not at all, to a file."""
    if target == STDOUT:
        sys.stdout.write(text)
    else:
        replace_file(Path(target), lambda path: path.write_text(text, encoding="utf-8"))


def replace_file(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file under another name in the same folder, then rename it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def check_targets(targets: Sequence[str | None]) -> None:
    """Refuse targets that would lose something, before any work is done.

    `--json x.etdp` may have meant to read x.etdp; only texts are overwritten.

    Raises:
        UsageError: two documents for one place, no such folder, or a target that is no text.
    """
    given = [target for target in targets if target is not None]
    for target in given:
        if given.count(target) > 1:
            where = "stdout" if target == STDOUT else target
            raise UsageError(f"two documents cannot both go to {where}: give one of them a FILE.")
        path = Path(target)
        if target == STDOUT:
            continue
        if not path.parent.is_dir():
            raise UsageError(f"{path.parent} is no folder, so {path.name} cannot be written there.")
        if not path.exists():
            continue
        kind = identify(path)
        if kind not in (FileKind.TEXT, FileKind.EMPTY):
            raise UsageError(
                f"{target} exists and is no text ({kind.value}), so no report overwrites it: "
                "give another FILE, or PATH before the option."
            )


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
