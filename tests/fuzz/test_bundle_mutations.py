"""Broken bundles: repeatable, one file of each, and nearly all of them different."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from random import Random

from fuzz.bundle_mutations import FILES, bundle_mutations, packed, unpack
from fuzz.seeds import SAMPLES

SEED = packed(SAMPLES / "two_methods.etscope")


def files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_one_file_of_each_is_broken_and_all_kinds_are() -> None:
    made = list(bundle_mutations(SEED, Random(1), 30))
    assert [how for how, _ in made] == [how for how, _ in bundle_mutations(SEED, Random(1), 30)]
    whole, broken = files(SEED), []
    for how, data in made:
        changed = [name for name, content in files(data).items() if content != whole[name]]
        assert changed in ([], [how.split(":")[0]])
        broken += changed
    assert {*broken} == {*FILES}
    assert len(broken) > 26


def test_a_packed_bundle_is_the_files_of_its_folder(tmp_path: Path) -> None:
    unpack(SEED, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files(SEED)
