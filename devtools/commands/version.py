"""`etscope version`: what is installed, read from package metadata; nothing is imported."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from etscope.devtools.terminal import Column, say_json, table

#: Distributions whose version decides what a trace means or whether one can be made.
PACKAGES = ("etscope", "numpy", "torch", "executorch")


def installed(distribution: str) -> str | None:
    """The version of an installed distribution; None when it is not there."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions() -> dict[str, str | None]:
    """Name → version of etscope, Python and what etscope stands on; None: not installed."""
    found = {name: installed(name) for name in PACKAGES}
    return {"etscope": found.pop("etscope"), "python": platform.python_version(), **found}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    """Print the versions of etscope and of what it stands on."""
    found = versions()
    if as_json:
        rows = [{"package": name, "version": version} for name, version in found.items()]
        say_json({"schema": "etscope.version", "version": 1, "rows": rows})
        return
    rows_of_text = [(name, version or "not installed") for name, version in found.items()]
    table([Column("package"), Column("version")], rows_of_text)
