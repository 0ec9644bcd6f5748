"""The one door to libraries that may be missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from etscope.etdump.errors import MissingExtra

#: What to install for a top-level package; others are installed under their own name.
_INSTALL = {
    "dash": "etscope",
    "executorch": "'etscope[executorch]'",
    "pandas": "etscope",
    "plotly": "etscope",
    "torch": "etscope",
}


def install_line(package: str) -> str:
    """The command that installs `package` (a top-level module name)."""
    return f"pip install {_INSTALL.get(package, package)}"


def require(module: str, purpose: str | None = None) -> ModuleType:
    """Import `module`, or say how to get it.

    Args:
        module: a dotted module name, e.g. "executorch.runtime".
        purpose: what needs it, as the start of the sentence: "the real runtime".

    Raises:
        MissingExtra: it is not installed, or it is and breaks when imported.
    """
    package = module.partition(".")[0]
    what = "this" if purpose is None else purpose
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise _broken(module, error) from error
        raise MissingExtra(
            f"{what} needs {package}, which is not installed: {install_line(package)}"
        ) from error
    except (ImportError, OSError) as error:
        raise _broken(module, error) from error


def _broken(module: str, error: Exception) -> MissingExtra:
    package = module.partition(".")[0]
    return MissingExtra(
        f"{package} is installed but {module} cannot be imported ({error}): see which versions "
        f"fit with `etscope doctor`, or install it again: {install_line(package)}"
    )
