"""Module paths as short as they can be said without losing one: layers.{0-11}.attention."""

from __future__ import annotations

from collections.abc import Iterable


def folded(paths: Iterable[str]) -> list[str]:
    """Paths that differ only in their first number as one, in the order of the first of each."""
    groups: dict[tuple[str, str], list[int]] = {}
    for path in dict.fromkeys(paths):
        parts = path.split(".")
        at = next((n for n, part in enumerate(parts) if _is_plain_number(part)), None)
        if at is None:
            groups[path, ""] = []
        else:
            before = "".join(f"{part}." for part in parts[:at])
            after = "".join(f".{part}" for part in parts[at + 1 :])
            # No path of names ends in a dot, so none of those above is the same key.
            groups.setdefault((f"{before}.", after), []).append(int(parts[at]))
    out = []
    for (before, after), numbers in groups.items():
        if not numbers:
            out.append(before)
            continue
        told = _ranges(sorted(numbers))
        inner = told[0] if len(numbers) == 1 else f"{{{','.join(told)}}}"
        out.append(f"{before[:-1]}{inner}{after}")
    return out


def _is_plain_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 10 and str(int(part)) == part


def _ranges(numbers: list[int]) -> list[str]:
    """Ascending numbers as texts: three or more in a row are first-last."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    out = []
    for run in runs:
        out += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    return out
