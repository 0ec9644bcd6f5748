"""The documents are true: their commands run, their links lead somewhere, nothing is left out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from project import ROOT, tracked

from etscope.devtools.cli import COMMANDS

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *tracked("docs/*.md")]
FENCE = re.compile(r"(?P<before>[^\n]*)\n```(?P<language>\w+)\n(?P<body>.*?)\n```", re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (?P<reason>.+) -->")
LINK = re.compile(r"\]\((?!\w+:|#)(?P<target>[^)#\s]+)")


class Block(NamedTuple):
    page: Path
    line: int
    language: str
    body: str
    reason: str | None  # why it is not run; None: it is

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            marked = NOT_RUN.search(found["before"])
            reason = marked["reason"] if marked else None
            line = text.count("\n", 0, found.start()) + 2
            yield Block(page, line, found["language"], found["body"], reason)


def program_of(block: Block) -> list[str] | None:
    """The command that runs a block; None for a language that is only shown."""
    if block.language == "python":
        return [sys.executable, "-c", block.body]
    if block.language == "bash":
        return ["bash", "-euo", "pipefail", "-c", block.body]
    if block.language == "console":
        lines = [line[2:] for line in block.body.splitlines() if line.startswith("$ ")]
        return ["bash", "-euo", "pipefail", "-c", "\n".join(lines)]
    return None


@pytest.fixture(scope="module")
def entry_point() -> Path:
    """The folder that holds the installed `etscope`."""
    folder = Path(sys.executable).parent
    assert (folder / "etscope").is_file(), "etscope is not installed: pip install -e ."
    return folder


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A copy of the sample traces to run commands in."""
    for path in tracked("sample_traces"):
        target = tmp_path / path.relative_to("sample_traces")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    return tmp_path


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=block.name) for block in blocks() if program_of(block)]
)
def test_what_the_documents_show_runs(block: Block, entry_point: Path, desk: Path) -> None:
    if block.reason is not None:
        pytest.skip(block.reason)
    environment = {**os.environ, "PATH": f"{entry_point}{os.pathsep}{os.environ['PATH']}"}
    program = program_of(block)
    assert program is not None
    done = subprocess.run(
        program, cwd=desk, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{block.name}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", [*PAGES, Path("CHANGELOG.md")], ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [(ROOT / page).parent / found["target"] for found in LINK.finditer(text)]
    missing = [str(target) for target in targets if not target.exists()]
    assert not missing


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_is_named_in_the_documents(verb: str) -> None:
    text = "".join((ROOT / page).read_text(encoding="utf-8") for page in tracked("docs/*.md"))
    assert f"etscope {verb}" in text


def test_every_page_is_linked() -> None:
    starts = (Path("README.md"), Path("docs/index.md"))
    linked = {
        ((ROOT / page).parent / found["target"]).resolve()
        for page in starts
        for found in LINK.finditer((ROOT / page).read_text(encoding="utf-8"))
    }
    pages = [ROOT / page for page in tracked("docs/*.md") if page not in starts]
    assert not [str(page) for page in pages if page.resolve() not in linked]
