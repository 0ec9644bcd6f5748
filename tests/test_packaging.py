"""What is installed is what git holds, and every dependency is pinned."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

import pytest
from project import FLOORS, ROOT, tracked

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def project() -> dict[str, object]:
    table: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def name_of(requirement: str) -> str:
    """The distribution's name as package indexes compare it."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def pins() -> dict[str, set[str]]:
    """Name → pinned versions, of .ci/constraints.txt."""
    lines = (ROOT / ".ci" / "constraints.txt").read_text().splitlines()
    found: dict[str, set[str]] = {}
    for line in lines:
        if line and not line.startswith("#"):
            exact = re.fullmatch(
                r'([\w.-]+)==([\w.!]+)(?:; python_version (?:<|>=) "3\.\d+")?', line
            )
            assert exact, f"not a plain pin: {line}"
            found.setdefault(name_of(exact[1]), set()).add(exact[2])
    return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """The names in a wheel, and the files of the floors it was made from: a copy of git's."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    files = tracked()
    for path in files:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((ROOT / path).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--no-index", "-w", str(out), str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ours = {f"etscope/{path.as_posix()}" for path in files if path.parts[0] in FLOORS}
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist()), ours


def test_the_wheel_holds_what_git_holds(built: tuple[set[str], set[str]]) -> None:
    names, ours = built
    assert {name for name in names if ".dist-info/" not in name} == ours


def test_the_wheel_has_its_licence_and_command(built: tuple[set[str], set[str]]) -> None:
    endings = {name.partition(".dist-info/")[2] for name in built[0]}
    assert {"licenses/LICENSE", "entry_points.txt"} <= endings


def test_every_floor_is_typed() -> None:
    assert all((ROOT / floor / "py.typed").is_file() for floor in FLOORS)


def test_every_direct_dependency_is_pinned() -> None:
    declared = project()
    required = list(declared["dependencies"])  # type: ignore[call-overload]
    for extra in declared["optional-dependencies"].values():  # type: ignore[attr-defined]
        required += extra
    assert not {name_of(requirement) for requirement in required} - set(pins())


def test_the_doctor_knows_the_pinned_pair() -> None:
    from etscope.devtools.diagnosis.installation import TESTED

    assert {name: {version} for name, version in TESTED.items()} == {n: pins()[n] for n in TESTED}
