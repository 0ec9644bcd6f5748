"""The paths that were opened, and the traces inside of them: nothing outside is ever looked at.

Links are not followed, except where a path itself was given as one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from etscope.dashboard.library.content import Part, bundle_parts, part_at
from etscope.etdump.bundle import MANIFEST
from etscope.etdump.errors import MissingFile

#: Deeper folders, and more files than this, are not looked at.
DEPTH_LIMIT = 16
FILE_LIMIT = 20_000


@dataclass(frozen=True)
class Found:
    """A file or a bundle folder. `given`: it was named itself, and not found in a folder."""

    place: str
    path: Path
    parts: tuple[Part, ...]
    is_bundle: bool
    given: bool


@dataclass
class _Budget:
    left: int


class Roots:
    """Files and folders whose traces may be opened.

    Raises:
        MissingFile: a path leads to nothing.
    """

    def __init__(self, paths: Sequence[str | PathLike[str]], *, file_limit: int = FILE_LIMIT):
        self._roots = [(text_of(fspath(path)), _resolved(Path(path))) for path in paths]
        self._file_limit = file_limit

    def find(self) -> tuple[list[Found], list[str]]:
        """(what could be a trace, a sentence for each part that was not looked at)."""
        budget = _Budget(self._file_limit)
        found: dict[Path, Found] = {}
        for shown, path in self._roots:
            for item in self._in_root(shown, path, budget):
                if item.given or item.path not in found:
                    found[item.path] = item
        if budget.left > 0:
            return list(found.values()), []
        note = f"only the first {self._file_limit:,} files of the folders were looked at"
        return list(found.values()), [f"{note}: open a folder that lies deeper."]

    def _in_root(self, shown: str, path: Path, budget: _Budget) -> Iterator[Found]:
        if not path.is_dir():
            part = part_at(path)
            if part is not None:
                yield Found(shown, path, (part,), False, True)
        elif part_at(path / MANIFEST) is not None:
            yield Found(shown, path, bundle_parts(path), True, True)
        else:
            yield from _below(shown, path, budget)


def _below(shown: str, top: Path, budget: _Budget) -> Iterator[Found]:
    """The files and bundles of a folder, by name; a bundle's own files are not told apart."""
    folders = [(top, 0)]
    while folders and budget.left > 0:
        folder, depth = folders.pop()
        if folder != top and part_at(folder / MANIFEST) is not None:
            budget.left -= 1
            yield Found(_shown(shown, top, folder), folder, bundle_parts(folder), True, False)
            continue
        below = []
        for name, is_folder in _listing(folder, budget):
            path = folder / name
            if is_folder and depth < DEPTH_LIMIT:
                below.append((path, depth + 1))
            elif not is_folder and (part := part_at(path)) is not None:
                yield Found(_shown(shown, top, path), path, (part,), False, False)
        folders += reversed(below)


def _listing(folder: Path, budget: _Budget) -> list[tuple[str, bool]]:
    """(name, whether it is a folder), ascending; hidden names are those of unfinished files."""
    rows = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                budget.left -= 1
                if budget.left <= 0:
                    break
                if entry.name.startswith(".") or entry.is_symlink():
                    continue
                rows.append((entry.name, entry.is_dir(follow_symlinks=False)))
    except OSError:  # gone meanwhile, or not ours to read: it holds nothing for us
        return []
    return sorted(rows)


def _shown(shown: str, top: Path, path: Path) -> str:
    return text_of(os.path.join(shown, path.relative_to(top)))


def text_of(path: str) -> str:
    """A path as text that every screen can show: names of files need not be text."""
    return os.fsencode(path).decode("utf-8", "replace")


def _resolved(path: Path) -> Path:
    try:
        return path.resolve(strict=True)
    except FileNotFoundError as error:
        raise MissingFile("there is no such file or folder", path=path) from error
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a ring, before Python 3.13
        raise MissingFile(f"the path leads nowhere ({error})", path=path) from error
