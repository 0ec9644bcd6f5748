"""The door to libraries that may be missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etscope.devtools.extras import require
from etscope.etdump.errors import MissingExtra


def test_what_is_installed_is_returned() -> None:
    assert require("numpy") is sys.modules["numpy"]


def test_the_error_has_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "executorch", None)  # as if it were not installed
    with pytest.raises(MissingExtra) as caught:
        require("executorch.runtime", "the real runtime")
    assert str(caught.value) == (
        "the real runtime needs executorch, which is not installed: "
        "pip install 'etscope[executorch]'"
    )


def test_a_broken_library_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text("import no_such_dependency\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"is installed but .*No module named 'no_such_dep"):
        require("broken_library")
