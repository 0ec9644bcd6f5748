"""The rules of the house that a machine can check. Offenders are printed by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import FLOORS, ROOT, run_python, sources, tracked

#: A library → the folders that may import it, and then only inside functions.
DOORS = {
    "torch": ("devtools/capture", "inspector/numerics"),
    "torchao": ("devtools/capture",),
    # get_exported_program gives objects of executorch, which only executorch can make.
    "executorch": ("devtools/capture", "inspector/exported_programs.py"),
    "dash": ("dashboard",),
    "plotly": ("dashboard",),
    "flask": ("dashboard/server",),
    "waitress": ("dashboard/server",),
    "werkzeug": ("dashboard/server",),
    "pandas": ("inspector", "dashboard"),
    "tabulate": ("inspector",),
    "rich": ("devtools",),
    "click": ("devtools",),
    "ml_dtypes": ("etdump",),
    "flatbuffers": ("etdump",),
    "safetensors": ("devtools/capture",),
}

#: Commands are made of click, capture is torch code through and through, and the server is a
#: Flask application; all three are imported only when they are needed.
AT_THE_TOP = {
    "torch": "devtools/capture",
    "click": "devtools",
    "safetensors": "devtools/capture",
    "flask": "dashboard/server",
    "waitress": "dashboard/server",
    "werkzeug": "dashboard/server",
}

#: The one file that compiles code: it writes the program of the reference runtime itself.
CODE_GENERATOR = Path("devtools/capture/codegen.py")

NAMELESS = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc"}


def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def imports_of(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """(top-level package, whether it is imported as soon as the module is)."""

    def walk(node: ast.AST, eager: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((name.name.partition(".")[0], eager) for name in child.names)
            elif isinstance(child, ast.ImportFrom) and not child.level:
                yield (child.module or "").partition(".")[0], eager
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            else:
                if isinstance(child, ast.Call):
                    yield from ((package, eager) for package in named_import(child))
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, eager and not inside)

    return walk(tree, True)


def named_import(call: ast.Call) -> Iterator[str]:
    """The package of import_module("package.module")."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name in ("import_module", "__import__", "require") and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value.partition(".")[0]


def listed(offenders: list[str]) -> str:
    """One a line, and none left out."""
    return "\n" + "\n".join(offenders)


def within(path: Path, folder: str) -> bool:
    return path.is_relative_to(folder)


def test_each_floor_stands_only_on_the_floors_below_it() -> None:
    program = "from importlinter.cli import lint_imports_command as check; check(['--no-cache'])"
    done = run_python(["-c", program], cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_libraries_are_imported_only_behind_their_door() -> None:
    offenders = [
        f"{path}: {package}"
        for path in sources()
        for package, _ in imports_of(tree_of(path))
        if package in DOORS and not any(within(path, door) for door in DOORS[package])
    ]
    assert not offenders, listed(offenders)


def test_libraries_are_imported_only_when_needed() -> None:
    offenders = [
        f"{path}: {package}"
        for path in sources()
        for package, eager in imports_of(tree_of(path))
        if eager
        and package in DOORS
        and not (package in AT_THE_TOP and within(path, AT_THE_TOP[package]))
    ]
    assert not offenders, listed(offenders)


def test_rooms_are_small() -> None:
    limits = [(path, 250) for path in sources()]
    limits += [(path, 400) for path in tracked("tests/*.py", "sample_traces/*.py")]
    lengths = [(path, len((ROOT / path).read_text().splitlines()), limit) for path, limit in limits]
    offenders = [f"{path}: {lines} lines" for path, lines, limit in lengths if lines > limit]
    assert not offenders, listed(offenders)


def documentation(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines of a function are its docstring: saying more should not cost anything."""
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def test_functions_are_short() -> None:
    offenders = []
    for path in [*sources(), *tracked("tests/*.py", "sample_traces/*.py")]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                lines -= documentation(node)
                if lines > 40:
                    offenders.append(f"{path}:{node.lineno} {node.name}: {lines} lines")
    assert not offenders, listed(offenders)


def test_names_say_something() -> None:
    paths = tracked("*.py")
    offenders = [str(path) for path in paths if NAMELESS & {*path.parts[:-1], path.stem}]
    assert not offenders, listed(offenders)


def test_every_module_says_what_it_is_for() -> None:
    paths = [*sources(), *tracked("tests/*.py")]
    offenders = [str(path) for path in paths if not ast.get_docstring(tree_of(path))]
    assert not offenders, listed(offenders)


def calls_of(tree: ast.Module) -> Iterator[tuple[int, str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func), node


def test_nobody_prints_below_the_front_door() -> None:
    offenders = [
        f"{path}:{line} {name}"
        for path in sources()
        if not within(path, "devtools")
        for line, name, _ in calls_of(tree_of(path))
        if name in ("print", "sys.stdout.write", "sys.stderr.write")
    ]
    assert not offenders, listed(offenders)


def test_no_file_can_run_code() -> None:
    offenders = []
    for path in sources():
        tree = tree_of(path)
        unsafe = {package for package, _ in imports_of(tree)} & {
            "pickle",
            "marshal",
            "shelve",
            "dill",
        }
        offenders += [f"{path}: imports {package}" for package in unsafe]
        for line, name, call in calls_of(tree):
            if name in ("eval", "exec", "compile") and path != CODE_GENERATOR:
                offenders.append(f"{path}:{line} {name}")
            safe = any(
                word.arg == "weights_only" and ast.unparse(word.value) == "True"
                for word in call.keywords
            )
            if name == "torch.load" and not safe:
                offenders.append(f"{path}:{line} torch.load without weights_only=True")
    assert not offenders, listed(offenders)


#: Folders of a machine (that of "me" is nobody's), and hosts of registries; spelt so as not to
#: match themselves.
LOCAL = re.compile(
    r"(?<![\w.$}])/(?:home/(?!me/)\w|root/|work/|tmp/\w|Users/\w)"
    r"|(?:py[p]i\.org|pythonh[o]sted|registry\.n[p]mjs|deb\.d[e]bian\.org|download\.py[t]orch)"
)


def test_no_path_or_registry_of_a_machine_is_committed() -> None:
    offenders = []
    for path in tracked():
        raw = (ROOT / path).read_bytes()
        if b"\0" in raw[:8192]:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if LOCAL.search(line):
                offenders.append(f"{path}:{number} {line.strip()[:80]}")
    assert not offenders, listed(offenders)


@pytest.mark.parametrize("floor", FLOORS)
def test_every_floor_is_linked_for_type_checkers(floor: str) -> None:
    assert (ROOT / ".src" / "etscope" / floor).resolve() == ROOT / floor
