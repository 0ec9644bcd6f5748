"""Writing a bundle: whole or not at all.

The files are gathered in a hidden folder beside the target, then flushed to the
disk, and the folder is renamed. Until then an older bundle of that name stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from etscope.etdump.bundle import MANIFEST, is_bundle, sha256
from etscope.etdump.errors import UsageError
from etscope.etdump.manifest import FileEntry, Manifest

SUFFIX = ".etscope"


def bundle_path(name: Path) -> Path:
    """The folder of a bundle of that name, with the suffix that bundles have."""
    return name if name.suffix == SUFFIX else name.with_name(name.name + SUFFIX)


def check_target(target: Path) -> None:
    """Refuse, before any work is done, to put a bundle where something else is.

    Raises:
        UsageError: something else has that name, or its folder cannot be written.
    """
    if (target.exists() or target.is_symlink()) and not is_bundle(target):
        raise UsageError(f"{target} exists and is no bundle, so it is not replaced; name another.")
    parent = target.parent
    if not parent.is_dir():
        raise UsageError(f"{parent} is no folder, so no bundle can be written there.")
    if not os.access(parent, os.W_OK):
        raise UsageError(f"{parent} cannot be written to; name another place for the bundle.")


@contextlib.contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A folder beside the target to gather files in; gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_bundle(files: Mapping[str, Path], manifest: Manifest, folder: Path, target: Path) -> Path:
    """Make a bundle of files that lie in `folder`, which `unfinished` gave.

    Args:
        files: name in the bundle -> where the file is now; it is moved.
        manifest: its `files` are filled in here.

    Raises:
        UsageError: meanwhile something else has the target's name.
    """
    made = folder / "bundle"
    made.mkdir(mode=0o777)
    entries = {}
    for name, path in files.items():
        place = made / name
        os.replace(path, place)
        os.chmod(place, 0o666 & ~_umask())
        entries[name] = FileEntry(sha256(place), place.stat().st_size)
    text = replace(manifest, files=entries).to_json()
    (made / MANIFEST).write_text(text, encoding="utf-8")
    for path in made.iterdir():
        _flush(path)
    _flush(made)
    check_target(target)
    _put(made, target, folder / "replaced")
    _flush(target.parent)
    return target


def _put(made: Path, target: Path, aside: Path) -> None:
    """Rename; an older bundle steps aside first, and comes back if that fails."""
    if not target.exists():
        os.rename(made, target)
        return
    os.rename(target, aside)
    try:
        os.rename(made, target)
    except BaseException:
        os.rename(aside, target)
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
