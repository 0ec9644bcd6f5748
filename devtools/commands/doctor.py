"""`etscope doctor`: what is installed, can it trace, what is in this file and why not more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etscope.devtools.terminal import Column, say, say_json, table

if TYPE_CHECKING:
    from etscope.devtools.diagnosis.check import Check

_STYLE = {"ok": "green", "note": "cyan", "missing": "yellow", "broken": "bold red"}


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--trace", is_flag=True, help="Also export a tiny model and really trace it.")
@click.option("--strict", is_flag=True, help="Exit with 1 when something is missing or broken.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(files: tuple[Path, ...], trace: bool, strict: bool, as_json: bool) -> int:
    """Check what is installed, whether it can trace, and what is in a file.

    Without FILES the installation is checked: every library is really imported, in a
    process of its own. With FILES (traces, debug buffers, programs, records, bundles) only
    those are: what each is, what it holds, why it lacks something, and what to do.
    """
    checks = _examine(files, trace)
    if as_json:
        say_json(_report(checks, files, trace))
    else:
        _print(checks)
    return int(strict and any(_is_problem(check) for check in checks))


def _examine(files: Sequence[Path], trace: bool) -> list[Check]:
    from etscope.devtools.diagnosis.files import examine_file
    from etscope.devtools.diagnosis.installation import examine_installation

    checks = [check for path in files for check in examine_file(path)]
    if not files:
        checks += examine_installation()
    if trace:
        from etscope.devtools.diagnosis.trial import examine_tracing

        checks.append(examine_tracing())
    return checks


def _is_problem(check: Check) -> bool:
    return check.state in ("missing", "broken")


def _verdict(checks: Sequence[Check]) -> str:
    problems = [check for check in checks if _is_problem(check)]
    if not problems:
        return f"All is well: {len(checks)} things were looked at."
    subjects = ", ".join(dict.fromkeys(check.subject for check in problems))
    return f"{len(problems)} of {len(checks)} checks found something to mend: {subjects}."


def _print(checks: Sequence[Check]) -> None:
    columns = (
        Column("what", style="bold"),
        Column("state"),
        Column("wall (s)", right=True),
        Column("found"),
    )
    rows = [(check.subject, check.state, _seconds(check), check.message) for check in checks]
    table(columns, rows)
    for check in checks:
        if check.cure is not None:
            say(f"{check.subject}: {check.message}", style=_STYLE[check.state])
            say(f"    {check.cure}")
    say(_verdict(checks), style="bold")


def _seconds(check: Check) -> str | None:
    return None if check.seconds is None else f"{check.seconds:.2f}"


def _report(checks: Sequence[Check], files: Iterable[Path], trace: bool) -> dict[str, object]:
    from etscope.etdump.bundle import sha256

    states: list[str] = [check.state for check in checks]
    skipped = [] if trace else [{"what": "trial run", "reason": "only done with --trace"}]
    return {
        "schema": "etscope.doctor",
        "version": 1,
        "source": [
            {"file": str(path), "sha256": sha256(path) if path.is_file() else None}
            for path in files
        ],
        "verdict": _verdict(checks),
        "coverage": {
            "checks": len(checks),
            **{state: states.count(state) for state in _STYLE},
            "not_checked": skipped,
        },
        "findings": [check.finding() for check in checks if check.state != "ok"],
        "rows": [check.row() for check in checks],
    }
