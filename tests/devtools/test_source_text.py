"""Reading the user's files: the right ones, and none that a hostile record would like to have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etscope.devtools.source_text import LARGEST, read_source

SOURCE = "import torch\n\n\ndef f(x):\n    return x + 1\n"
QUOTED = {5: "return x + 1"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with net/model.py."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "model.py").write_text(SOURCE)
    return tmp_path


def refused(file: str | Path, roots: list[Path], quoted: dict[int, str] = QUOTED) -> str:
    """Why a file is not shown."""
    text = read_source(str(file), quoted, roots)
    assert not text.whole
    assert dict(text.lines) == {line: said for line, said in quoted.items() if said}
    return text.note


@pytest.mark.parametrize(
    "file",
    [
        "net/model.py",
        "elsewhere/net/model.py",
        "/build/agent/net/model.py",
        "C:\\Users\\me\\net\\model.py",
        "../../net/model.py",
        "./net//model.py",
    ],
)
def test_a_file_is_found_by_the_end_of_its_path(project: Path, file: str) -> None:
    text = read_source(file, QUOTED, [project])
    assert text.whole
    assert text.lines[1] == "import torch"
    assert len(text.lines) == 5


def test_an_absolute_path_is_read_where_it_is(project: Path) -> None:
    assert read_source(str(project / "net" / "model.py"), QUOTED, []).whole


def test_below_the_current_folder_the_path_is_told_from_there(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    told = read_source("net/model.py", QUOTED, [project]).note
    assert told == f"read from {Path('net', 'model.py')}"


def test_a_file_that_the_user_names_is_read(project: Path) -> None:
    place = project / "net" / "model.py"
    assert read_source("other/place.py", QUOTED, [], place).whole


def test_white_space_does_not_matter_and_other_line_ends_neither(project: Path) -> None:
    (project / "net" / "model.py").write_bytes(
        b"\xef\xbb\xbf" + SOURCE.replace("\n", "\r\n").encode()
    )
    text = read_source("net/model.py", {5: "return  x +\t1"}, [project])
    assert text.whole
    assert text.lines[1] == "import torch"


@pytest.mark.parametrize("quoted", [{5: "return x + 2"}, {4: "return x + 1"}, {999: "x"}, {0: "x"}])
def test_a_file_that_changed_is_not_shown(project: Path, quoted: dict[int, str]) -> None:
    assert "changed since the export" in refused("net/model.py", [project], quoted)


def test_one_that_agrees_is_shown_even_if_a_nearer_one_does_not(project: Path) -> None:
    (project / "model.py").write_text("something else\n")
    other = project / "copy"
    other.mkdir()
    (other / "model.py").write_text(SOURCE)
    text = read_source("gone/model.py", QUOTED, [project, other])
    assert text.whole
    assert text.note.endswith(str(Path("copy", "model.py")))


def test_a_file_that_is_not_here_is_said_to_be_missing(project: Path) -> None:
    assert "not on this machine" in refused("net/gone.py", [project])


def test_without_a_quoted_line_nothing_can_be_told_to_be_the_file(project: Path) -> None:
    assert "no text of its lines" in refused("net/model.py", [project], {5: ""})
    assert "no text of its lines" in refused(project / "net" / "model.py", [], {5: "  "})


def test_only_python_source_is_read(project: Path) -> None:
    secret = project / "shadow"
    secret.write_text("root:x:1\n")
    quoted = {1: "root:x:1"}
    assert "only files of Python source" in refused(secret, [], quoted)
    (project / "innocent.py").symlink_to(secret)
    assert "not on this machine" in refused("innocent.py", [project], quoted)
    assert "not on this machine" in refused(project / "innocent.py", [], quoted)


def test_a_path_cannot_climb_out_of_a_root(project: Path) -> None:
    (project / "secret.py").write_text("TOKEN = 1\n")
    quoted = {1: "TOKEN = 1"}
    for file in ("../secret.py", "net/../../secret.py", "/net/../secret.py", "..\\secret.py"):
        assert "not on this machine" in refused(file, [project / "net"], quoted)


def test_what_is_no_regular_file_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    (project / "folder.py").mkdir()
    for file in ("pipe.py", "folder.py", "model.py\0.py", "x" * 5000 + ".py"):
        assert "not on this machine" in refused(file, [project])


def test_large_and_binary_files_are_not_read(project: Path) -> None:
    (project / "large.py").write_bytes(SOURCE.encode() + b"#" * LARGEST)
    (project / "binary.py").write_bytes(SOURCE.encode() + b"\0")
    assert "not on this machine" in refused("large.py", [project])
    assert "not on this machine" in refused("binary.py", [project])


def test_a_path_of_very_many_parts_is_looked_for_a_few_times(project: Path) -> None:
    assert "not on this machine" in refused("a/" * 100_000 + "x.py", [project])
