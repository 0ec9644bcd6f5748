"""A folder that only this process writes to, and that is gone when it ends."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class PrivateFolder:
    """Rooms for copies and uploads, readable by their owner only; removed at exit."""

    def __init__(self, parent: Path | None = None) -> None:
        # mkdtemp makes it with mode 0700.
        self.path = Path(tempfile.mkdtemp(prefix="etscope-", dir=parent)).resolve()
        self._remove = weakref.finalize(self, _removed, self.path)

    def room(self, kind: str) -> Path:
        """A new, empty folder in it.

        Raises:
            OSError: the folder was closed, or the disk is full.
        """
        return Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=self.path))

    def close(self) -> None:
        """Remove it with all that it holds; once is enough."""
        self._remove()


def remove_with(owner: object, folder: Path) -> None:
    """Remove a folder when nobody holds `owner` any more, at the latest at exit."""
    weakref.finalize(owner, _removed, folder)


def _removed(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
