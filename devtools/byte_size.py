"""Sizes that people write: 24MB, 1.5GiB, 24000000."""

from __future__ import annotations

import re
from fractions import Fraction

import click

_WRITTEN = re.compile(r"(?P<number>\d{1,20}(?:\.\d{1,9})?) ?(?P<unit>[a-z]*)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1} | {
    f"{letter}{binary}b": (1024 if binary else 1000) ** power
    for power, letter in enumerate("kmgt", start=1)
    for binary in ("", "i")
}


def byte_size(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    """The bytes that an option's text means; a callback of click.

    kB, MB, GB, TB are powers of 1000, KiB, MiB, GiB, TiB of 1024, in any case.

    Raises:
        click.BadParameter: the text is no size, or none that a file can have.
    """
    if value is None:
        return None
    found = _WRITTEN.fullmatch(value.strip())
    unit = None if found is None else _UNITS.get(found["unit"].lower())
    if found is None or unit is None:
        raise click.BadParameter(f"{value!r} is no size: write 24MB, 24MiB or 24000000.")
    size = int(Fraction(found["number"]) * unit)
    if size >= 2**63:
        raise click.BadParameter(f"{value!r} is more than any memory.")
    return size
