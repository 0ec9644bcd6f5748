"""From the text that a user typed to the Python object that it names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from etscope.devtools.capture.paths import portable_path
from etscope.etdump.errors import CaptureError, UsageError

_FORMS = (
    "give PATH.py:FUNCTION, PACKAGE.MODULE:FUNCTION, a .pte program or a .pt2 program "
    "(torch.export.save)"
)


def call_target(target: str) -> Any:
    """What the function named by `path.py:name` or `package.module:name` returns.

    Raises:
        UsageError: the text names no function.
        CaptureError: the module or the function raised; the text says what and where.
    """
    place, colon, name = target.rpartition(":")
    if not colon or not name or not place:
        raise UsageError(f"{target!r} names no model: {_FORMS}.")
    module = _module_of_file(Path(place)) if place.endswith(".py") else _module_of_name(place)
    function: Any = module
    for part in name.split("."):
        function = getattr(function, part, None)
    if not callable(function):
        known = ", ".join(sorted(_functions_of(module))) or "none"
        raise UsageError(f"{place} has no function {name!r}; it has: {known}.")
    if isinstance(function, type):
        raise UsageError(
            f"{target} is a class; give a function that returns (module, inputs), "
            "because a capture needs inputs as well."
        )
    return _guarded(function, target)


def _functions_of(module: ModuleType) -> list[str]:
    found = vars(module).items()
    return [
        name
        for name, value in found
        if callable(value)
        and not isinstance(value, type)
        and getattr(value, "__module__", None) == module.__name__
        and not name.startswith("_")
    ]


def _module_of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"{path} does not exist, so no model can be loaded from it.")
    name = path.stem
    known = sys.modules.get(name)
    if known is not None:
        file = getattr(known, "__file__", None)
        if file is not None and Path(file).resolve() == path.resolve():
            return known
        name = f"etscope_model_{name}"
    # A resolved path, or the frames of a graph would depend on how it was typed.
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file that can be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _see(path.resolve().parent)
    try:
        _guarded(lambda: spec.loader.exec_module(module), str(path))  # type: ignore[union-attr]
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _module_of_name(name: str) -> ModuleType:
    _see(Path.cwd())
    try:
        missing = importlib.util.find_spec(name) is None
    except (ImportError, ValueError):
        missing = True
    if missing:
        raise UsageError(f"There is no Python module {name!r} here or installed; {_FORMS}.")
    module: ModuleType = _guarded(lambda: importlib.import_module(name), name)
    return module


def _see(folder: Path) -> None:
    """Let the model import what lies beside it, as it could when run as a script."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _guarded(call: Callable[[], Any], what: str) -> Any:
    try:
        return call()
    except Exception as why:
        frames = traceback.extract_tb(why.__traceback__)
        last = frames[-1]
        place = f"{portable_path(last.filename)}:{last.lineno}"
        message = f"{what} raised {type(why).__name__}: {why} ({place})."
        raise CaptureError(message) from why
