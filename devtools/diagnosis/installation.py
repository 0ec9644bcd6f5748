"""Is everything installed, does it import, do the versions fit each other?"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from typing import NamedTuple

from etscope.devtools.diagnosis.check import Check
from etscope.devtools.diagnosis.child import Outcome, run_module
from etscope.devtools.extras import install_line

#: The versions that this version of etscope is tested with. A runtime is built against
#: one release of torch; with another its export code may not import.
TESTED = {"executorch": "1.5.1", "torch": "2.13.0"}

#: A cold import of executorch was seen to take 12 s; a slow disk takes longer.
IMPORT_LIMIT_S = 180.0


class Part(NamedTuple):
    """Something etscope stands on."""

    distribution: str
    module: str  # what is imported to see whether it works
    needed_for: str


PARTS = (
    Part("numpy", "numpy", "reading any file"),
    Part("flatbuffers", "flatbuffers", "writing ETDump files"),
    Part("ml-dtypes", "ml_dtypes", "bfloat16 and float8 tensors"),
    Part("pandas", "pandas", "tables in Python: to_dataframe"),
    Part("plotly", "plotly", "figures of the HTML report"),
    Part("dash", "dash", "the dashboard"),
    Part("rich", "rich", "tables on a terminal"),
    Part("torch", "torch", "running a model, and the reference runtime"),
    Part("executorch", "executorch.runtime", "the real runtime"),
)


def examine_installation(parts: Sequence[Part] = PARTS) -> list[Check]:
    """Look at Python, at every part, and at whether torch and the runtime fit."""
    versions = {part.distribution: _version(part.distribution) for part in parts}
    there = [part for part in parts if versions[part.distribution] is not None]
    tried = {check.subject: check for check in _try_imports(there, versions)}
    checks = [Check("python", "version", "ok", platform.python_version())]
    checks += [tried.get(part.distribution) or _missing(part) for part in parts]
    return checks + list(_fit(versions))


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _missing(part: Part) -> Check:
    return Check(
        part.distribution,
        "installed",
        "missing",
        f"not installed; needed for {part.needed_for}.",
        cure=f"{install_line(part.distribution)}",
    )


def _try_imports(parts: Sequence[Part], versions: dict[str, str | None]) -> Iterator[Check]:
    """Import all in one child; whoever kills it is named, and the rest gets a new child."""
    left = list(parts)
    while left:
        modules = [part.module for part in left]
        outcome = run_module("etscope.devtools.diagnosis.imports", modules, limit_s=IMPORT_LIMIT_S)
        answers = _answers(outcome.output)
        for part in left[: len(answers)]:
            yield _imported(part, versions[part.distribution], answers[part.module])
        left = left[len(answers) :]
        if left:
            yield _killed(left.pop(0), outcome)


def _answers(output: str) -> dict[str, tuple[str | None, float]]:
    """module → (error or None, seconds), in the order of the imports."""
    found = {}
    for line in output.splitlines():
        answer = json.loads(line)
        if "seconds" in answer:
            found[answer["module"]] = (answer["error"], answer["seconds"])
    return found


def _imported(part: Part, version: str | None, answer: tuple[str | None, float]) -> Check:
    error, seconds = answer
    if error is None:
        return Check(part.distribution, "import", "ok", f"{version}", seconds=seconds)
    return Check(
        part.distribution,
        "import",
        "broken",
        f"{version} is installed, but `import {part.module}` fails: {error}.",
        cure=f"Install it again: {install_line(part.distribution)}",
        seconds=seconds,
    )


def _killed(part: Part, outcome: Outcome) -> Check:
    return Check(
        part.distribution,
        "import",
        "broken",
        f"`import {part.module}`: the process {outcome.end} ({outcome.last_words}).",
        cure=f"Install it again: {install_line(part.distribution)}",
        seconds=outcome.seconds,
    )


def _fit(versions: dict[str, str | None]) -> Iterable[Check]:
    """Whether the runtime and torch are the pair that belongs together."""
    found = {name: versions.get(name) for name in TESTED}
    if found["executorch"] is None or found["torch"] is None:
        return
    wrong = {name: had for name, had in found.items() if _release(had or "") != TESTED[name]}
    pair = " and ".join(f"{name} {version}" for name, version in TESTED.items())
    if not wrong:
        yield Check("versions", "fit", "ok", f"{pair} belong together")
        return
    had = " and ".join(f"{name} {version}" for name, version in wrong.items())
    pins = " ".join(f"{name}=={version}" for name, version in TESTED.items())
    yield Check(
        "versions",
        "fit",
        "note",
        f"{had} found; etscope is tested with {pair}.",
        cure=f"If something fails: pip install {pins}",
        evidence={"found": found, "tested": dict(TESTED)},
    )


def _release(version: str) -> str:
    """The version without its build: 2.13.0 of 2.13.0+cpu."""
    return version.partition("+")[0]
