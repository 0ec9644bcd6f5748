"""A file, or bytes, as one read-only array."""

from __future__ import annotations

from os import PathLike, fspath, stat
from stat import S_ISDIR, S_ISREG

import numpy as np

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import MissingFile, TraceError


def mapped(source: str | PathLike[str] | bytes | bytearray | Bytes) -> tuple[Bytes, str | None]:
    """(all bytes, path): a file is memory-mapped, bytes are looked at in place.

    Raises:
        TraceError: the file cannot be opened.
    """
    if isinstance(source, np.ndarray):
        view = source.view()
        view.flags.writeable = False
        return view, None
    if isinstance(source, bytes | bytearray):
        view = np.frombuffer(source, np.uint8)
        view.flags.writeable = False
        return view, None
    path = fspath(source)
    try:
        if not S_ISREG(stat(path).st_mode):
            kind = "a folder" if S_ISDIR(stat(path).st_mode) else "a pipe or a device"
            cure = "Give a regular file; write what comes through a pipe to one first."
            raise TraceError(f"this is {kind}, not a file", path=path, cure=cure)
        return np.memmap(path, np.uint8, mode="r").view(np.ndarray), path
    except ValueError:  # an empty file cannot be mapped
        return np.zeros(0, np.uint8), path
    except FileNotFoundError as error:
        raise MissingFile("there is no such file", path=path) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise TraceError(
            f"the file cannot be opened ({reason})", path=path, cure="Check the path."
        ) from error
