"""The library: what it finds, opens once, shares and forgets."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opened_traces import (
    OLD_NS,
    bundle,
    dump_bytes,
    keys,
    opened_library,
    program_bytes,
    states,
    write,
)
from project import ROOT

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.library.opening import open_entry
from etscope.dashboard.library.reports import latency_of
from etscope.dashboard.library.roots import Roots
from etscope.etdump.errors import ChangedTrace, MissingFile, TraceError, UnknownTrace
from etscope.etdump.file_kind import FileKind

OPEN = "etscope.dashboard.library.library.open_entry"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dump, a program, a bundle and other things."""
    made = tmp_path / "runs"
    write(made / "deep" / "er" / "a.etdp", dump_bytes())
    write(made / "b.bin", program_bytes())
    write(made / "notes.txt", b"no trace at all\n")
    write(made / ".hidden.etdp", dump_bytes(5))
    bundle(made)
    return made


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    made = opened_library(folder)
    yield made
    made.close()


def test_a_folder_is_searched_by_content_not_by_name(library: Library) -> None:
    kinds = {line.entry.name: line.entry.kind for line in library.summaries()[1] if line.entry}
    assert kinds == {
        "a.etdp": FileKind.ETDUMP,
        "b.bin": FileKind.PROGRAM,
        "made.etscope": FileKind.BUNDLE,
    }


def test_the_key_is_the_hash_of_the_content(library: Library) -> None:
    assert keys(library)["a.etdp"] == hashlib.sha256(dump_bytes()).hexdigest()


def test_the_key_of_a_bundle_follows_what_it_is_read_from(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    before = keys(opened_library(made))["made.etscope"]
    write(made / "report.html", b"something beside it")
    assert keys(opened_library(made))["made.etscope"] == before
    write(made / "trace.etdp", dump_bytes(4))
    assert keys(opened_library(made))["made.etscope"] != before


def test_each_kind_opens_as_what_it_is(library: Library) -> None:
    key = keys(library)
    dump, program = library.opened(key["a.etdp"]), library.opened(key["b.bin"])
    whole = library.opened(key["made.etscope"])
    assert dump.recording is not None
    assert dump.program is None
    assert program.recording is None
    assert program.program is not None
    assert [method.name for method in program.program.methods] == ["encode", "decode"]
    assert whole.recording is not None
    assert whole.recording.bundle is not None
    assert whole.program is not None


def test_an_opened_trace_goes_by_the_place_it_was_given(library: Library, folder: Path) -> None:
    whole = library.opened(keys(library)["made.etscope"])
    assert whole.recording is not None
    assert whole.recording.source == str(folder / "made.etscope")
    assert latency_of(whole).source()["path"] == whole.recording.source


def test_an_opened_trace_does_not_change_with_its_file(library: Library, folder: Path) -> None:
    opened = library.opened(keys(library)["a.etdp"])
    os.truncate(folder / "deep" / "er" / "a.etdp", 100)
    assert opened.recording is not None
    assert int(opened.recording.trace.end.max()) == 20


def test_what_changed_after_it_was_listed_is_not_opened(library: Library, folder: Path) -> None:
    key = keys(library)["a.etdp"]
    write(folder / "deep" / "er" / "a.etdp", dump_bytes(9))
    with pytest.raises(ChangedTrace, match="changed after it was listed"):
        library.opened(key)
    library.refresh()
    assert library.opened(keys(library)["a.etdp"]).recording is not None


def test_a_large_trace_is_read_where_it_lies(folder: Path) -> None:
    library = opened_library(folder, copy_limit=10)
    opened = library.opened(keys(library)["made.etscope"])
    assert opened.recording is not None
    assert opened.recording.bundle is not None
    assert opened.recording.bundle.folder == folder / "made.etscope"
    assert not list(library.folder.path.iterdir())


def test_many_threads_open_a_trace_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    openings, started = [], threading.Barrier(20)

    def counted(*arguments: object, **options: object) -> Opened:
        openings.append(arguments)
        return open_entry(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(OPEN, counted)
    key = keys(library)["made.etscope"]

    def ask(_: int) -> Opened:
        started.wait()
        return library.opened(key)

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(ask, range(20)))
    assert len(openings) == len(answers) == 1


def test_an_answer_is_worked_out_once_for_all_threads(library: Library) -> None:
    opened, made = library.opened(keys(library)["a.etdp"]), []
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: opened.answer("x", lambda: made.append(1)), range(8)))
    assert (made, answers) == ([1], [None] * 8)


def test_eviction_keeps_memory_bounded(tmp_path: Path) -> None:
    for number in range(1, 9):
        write(tmp_path / f"{number}.etdp", dump_bytes(number, 200))
    library = opened_library(tmp_path)
    sizes = []
    for key in keys(library).values():
        library.opened(key)
        sizes.append(library.held_bytes)
    limit = sizes[-1] // 3
    small = opened_library(tmp_path, memory_limit_bytes=limit)
    for key in keys(small).values():
        small.opened(key)
        assert small.held_bytes <= limit
    assert 0 < small.opened_count < 8
    # Copies go with what they are copies of.
    assert len(list(small.folder.path.iterdir())) == small.opened_count


def test_answers_count_and_who_works_with_what_went_goes_on(library: Library) -> None:
    opened = library.opened(keys(library)["a.etdp"])
    before = library.held_bytes
    opened.answer("large", lambda: b"x" * 1_000_000)
    assert library.held_bytes >= before + 1_000_000
    assert opened.recording is not None
    assert len(opened.recording.trace.start) == 9


def test_a_broken_trace_carries_its_sentence_and_spares_the_rest(folder: Path) -> None:
    write(folder / "cut.etdp", dump_bytes()[:-200])
    write(folder / "made.etscope" / "manifest.json", b"{ not json")
    library = opened_library(folder)
    for key in library.to_look_at():
        library.look(key)
    faults = {line.entry.name: line.fault or "" for line in library.summaries()[1] if line.entry}
    assert faults["a.etdp"] == faults["b.bin"] == ""
    assert faults["cut.etdp"].startswith(str(folder / "cut.etdp"))
    assert "strict=" not in faults["cut.etdp"]
    assert "is not JSON" in faults["made.etscope"]
    with pytest.raises(TraceError, match="is not JSON"):
        library.opened(keys(library)["made.etscope"])
    assert not [
        path for path in library.folder.path.iterdir() if "cut" in str(list(path.iterdir()))
    ]


def test_what_is_readable_of_a_damaged_trace_can_be_opened(tmp_path: Path) -> None:
    damaged = ROOT / "tests" / "etdump" / "data" / "half_precision.etdp"
    library = opened_library(write(tmp_path / "cut.etdp", damaged.read_bytes()))
    key = keys(library)["cut.etdp"]
    with pytest.raises(TraceError, match="open what is readable of it"):
        library.opened(key)
    opened = library.opened(key, salvage=True)
    assert opened.salvaged
    assert opened.recording is not None
    assert opened.recording.notes


def test_a_fault_of_ours_is_told_as_a_fault_of_one_trace(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*arguments: object, **options: object) -> Opened:
        raise IndexError("no")

    monkeypatch.setattr(OPEN, fail)
    library.look(keys(library)["a.etdp"])
    assert states(library) == {"a.etdp": "broken", "b.bin": "ready", "made.etscope": "ready"}
    assert "failed to open" in caplog.text


def test_looking_tells_counts_and_verdicts(library: Library) -> None:
    for key in library.to_look_at():
        library.look(key)
    rows = {line.to_json()["name"]: line.to_json() for line in library.summaries()[1]}
    assert rows["a.etdp"]["inferences"] == 3
    assert "3 inferences" in rows["a.etdp"]["verdict"]
    assert rows["b.bin"]["methods"] == 2
    assert rows["b.bin"]["inferences"] is None
    assert rows["made.etscope"]["when"] == "2026-01-01T00:00:00Z"
    assert library.to_look_at() == []


def test_a_file_that_was_named_is_listed_whatever_it_is(tmp_path: Path) -> None:
    library = opened_library(write(tmp_path / "notes.txt", b"no trace\n"))
    with pytest.raises(TraceError, match=r"no trace but: text\. Give a bundle"):
        library.opened(keys(library)["notes.txt"])


def test_unknown_keys_and_paths_are_refused(library: Library, tmp_path: Path) -> None:
    for key in ("0" * 64, "", "../../etc/passwd", str(tmp_path)):
        with pytest.raises(UnknownTrace):
            library.opened(key)
    with pytest.raises(MissingFile):
        Library([tmp_path / "nothing"])


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "elsewhere" / "secret.etdp", dump_bytes())
    runs = tmp_path / "runs"
    made = bundle(runs)
    (runs / "link.etdp").symlink_to(secret)
    (runs / "folder").symlink_to(secret.parent)
    (runs / "loop").symlink_to(runs)
    os.mkfifo(runs / "pipe.etdp")
    (made / "program.pte").unlink()
    (made / "program.pte").symlink_to(secret)
    library = opened_library(runs)
    assert list(keys(library)) == ["made.etscope"]
    opened = library.opened(keys(library)["made.etscope"])
    assert opened.program is None


def test_a_link_that_was_given_is_what_it_leads_to(tmp_path: Path) -> None:
    target = write(tmp_path / "real.etdp", dump_bytes())
    (tmp_path / "link.etdp").symlink_to(target)
    library = opened_library(tmp_path / "link.etdp")
    assert library.opened(keys(library)["link.etdp"]).recording is not None


def test_a_young_file_waits_until_it_stays_the_same(tmp_path: Path) -> None:
    now = OLD_NS + 10**9
    library = Library([tmp_path], now_ns=lambda: now)
    write(tmp_path / "a.etdp", dump_bytes()[:-50])
    library.refresh()
    assert states(library) == {"a.etdp": "arriving"}
    write(tmp_path / "a.etdp", dump_bytes())
    library.refresh()
    assert states(library) == {"a.etdp": "arriving"}
    library.refresh()
    assert states(library) == {"a.etdp": "ready"}
    assert library.opened(keys(library)["a.etdp"]).recording is not None


def test_a_half_written_file_is_tried_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.etdp", dump_bytes()[:-50])
    library = opened_library(tmp_path)
    library.look(keys(library)["a.etdp"])
    assert states(library) == {"a.etdp": "broken"}
    write(path, dump_bytes())
    library.refresh()
    library.look(keys(library)["a.etdp"])
    assert states(library) == {"a.etdp": "ready"}


def test_the_version_grows_with_changes_only(library: Library, folder: Path) -> None:
    version = library.summaries()[0]
    library.refresh()
    assert library.summaries()[0] == version
    (folder / "b.bin").unlink()
    library.refresh()
    assert library.summaries()[0] > version
    assert "b.bin" not in keys(library)


def test_too_many_files_are_not_all_looked_at(tmp_path: Path) -> None:
    for number in range(30):
        write(tmp_path / f"{number:02}.etdp", dump_bytes())
    found, notes = Roots([tmp_path], file_limit=10).find()
    assert len(found) < 10
    assert "only the first 10 files" in notes[0]


def test_closing_leaves_no_file(library: Library) -> None:
    library.opened(keys(library)["made.etscope"])
    assert library.folder.path.is_dir()
    assert library.folder.path.stat().st_mode & 0o077 == 0
    library.close()
    assert not library.folder.path.exists()


@pytest.mark.parametrize(
    "files",
    ["[1, {}]", "7", '{"../../secret.etdp": {}}', '{"..": 1}', '{"a\\u0000b": 1, "\\ud800": 2}'],
)
def test_a_manifest_cannot_name_what_lies_elsewhere(tmp_path: Path, files: str) -> None:
    write(tmp_path / "secret.etdp", dump_bytes())
    folder = tmp_path / "a" / "b"
    write(folder / "manifest.json", f'{{"schema": "etscope.bundle", "files": {files}}}'.encode())
    library = opened_library(folder)
    (line,) = library.summaries()[1]
    assert line.entry is not None
    assert [part.name for part in line.entry.parts] == ["manifest.json"]
    with pytest.raises(TraceError):
        library.opened(line.entry.key)


def test_a_manifest_of_many_names_is_not_looked_for_file_by_file(tmp_path: Path) -> None:
    folder = bundle(tmp_path)
    names = [f"{number:03}" for number in range(100)]
    for name in names:
        write(folder / name, b"x")
    files = ", ".join(f'"{name}": {{}}' for name in names)
    write(folder / "manifest.json", f'{{"files": {{{files}}}}}'.encode())
    (line,) = opened_library(folder).summaries()[1]
    assert line.entry is not None
    assert len([part for part in line.entry.parts if part.name.isdigit()]) == 64
