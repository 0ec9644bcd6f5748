"""A bundle is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from etscope.devtools.capture.bundle import bundle_path, check_target, unfinished, write_bundle
from etscope.etdump.bundle import MANIFEST, read_bundle
from etscope.etdump.errors import UsageError
from etscope.etdump.manifest import InferenceRun, Manifest

EMPTY = Manifest(
    created="now",
    tool={},
    runtime={"name": "reference", "why": "a test"},
    model={},
    host={},
    clock={"unit": "ns"},
    warmup=0,
    iterations=1,
    inferences=(InferenceRun("forward", 0, 1),),
)


def make(target: Path, content: bytes) -> Path:
    with unfinished(target) as folder:
        (folder / "raw").write_bytes(content)
        return write_bundle({"trace.etdp": folder / "raw"}, EMPTY, folder, target)


def test_what_is_written_can_be_read_and_verified(tmp_path: Path) -> None:
    made = make(tmp_path / "a.etscope", b"abc")

    bundle = read_bundle(made, verify=True)

    assert bundle.trace is not None
    assert bundle.trace.read_bytes() == b"abc"
    assert bundle.manifest.files["trace.etdp"].bytes == 3
    assert [path.name for path in tmp_path.iterdir()] == ["a.etscope"]


def test_an_older_bundle_is_replaced(tmp_path: Path) -> None:
    make(tmp_path / "a.etscope", b"old")

    made = make(tmp_path / "a.etscope", b"new")

    assert (made / "trace.etdp").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.etscope"]


@pytest.mark.parametrize("broken", ["rename", "fsync"])
def test_a_failure_keeps_the_older_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    made = make(tmp_path / "a.etscope", b"old")
    rename = os.rename

    def full(*_: object) -> None:
        raise OSError("disk full")

    def only_aside(source: Path, target: Path) -> None:
        if source.name == "bundle":
            full()
        rename(source, target)

    monkeypatch.setattr(os, broken, only_aside if broken == "rename" else full)
    with pytest.raises(OSError, match="disk full"):
        make(tmp_path / "a.etscope", b"new")

    read_bundle(made, verify=True)
    assert (made / "trace.etdp").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.etscope"]


def test_what_is_no_bundle_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "precious.etscope"
    folder.mkdir()
    (folder / "thesis.txt").write_text("x")
    file = tmp_path / "file.etscope"
    file.write_text("x")

    for target in (folder, file):
        with pytest.raises(UsageError, match="is no bundle, so it is not replaced"):
            check_target(target)
        with pytest.raises(UsageError):
            make(target, b"new")
    assert (folder / "thesis.txt").read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.etscope", "precious.etscope"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        check_target(tmp_path / "none" / "a.etscope")


def test_the_suffix_is_added_once() -> None:
    assert bundle_path(Path("x/run")) == Path("x/run.etscope")
    assert bundle_path(Path("x/run.v2")) == Path("x/run.v2.etscope")
    assert bundle_path(Path("x/run.etscope")) == Path("x/run.etscope")


def test_the_files_have_the_usual_rights(tmp_path: Path) -> None:
    made = make(tmp_path / "a.etscope", b"abc")
    plain = tmp_path / "plain"
    plain.write_bytes(b"")

    assert (made / "trace.etdp").stat().st_mode == plain.stat().st_mode
    assert (made / MANIFEST).stat().st_mode == plain.stat().st_mode
