"""What is imported when: reading a trace must not wait for torch, a help text for nothing."""

from __future__ import annotations

import json

import pytest
from project import run_python

HEAVY = ("torch", "pandas", "dash", "plotly", "executorch", "rich", "click", "scipy", "ml_dtypes")


def imported_by(statement: str) -> set[str]:
    """Top-level packages in sys.modules of a fresh process after `statement`."""
    program = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = run_python(["-c", program])
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "statement",
    [
        "from etscope.inspector import Inspector",
        "from etscope.etdump.reader import read_etdump",
        "from etscope.inspector.memory.frames import open_memory",
    ],
)
def test_reading_imports_no_heavy_library(statement: str) -> None:
    assert imported_by(statement).isdisjoint(HEAVY)


def test_the_help_imports_no_command_and_no_numpy() -> None:
    program = (
        "import sys; from etscope.devtools.cli import main; main(['--help']);"
        "sys.exit(', '.join(n for n in sys.modules if n.startswith('etscope.devtools.commands.')"
        " or n in ('numpy', 'torch', 'rich')) or 0)"
    )
    done = run_python(["-c", program])
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
