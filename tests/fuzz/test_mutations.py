"""The engine that breaks files: repeatable, and broken in many ways."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from fuzz.mutations import MUTATIONS, mutations

SEED = bytes(range(256)) * 2


def test_the_same_seed_gives_the_same_files() -> None:
    first = list(mutations(SEED, Random(7), 20))
    assert first == list(mutations(SEED, Random(7), 20))
    assert first != list(mutations(SEED, Random(8), 20))


def test_all_ways_are_used_and_nearly_all_change_the_file() -> None:
    made = list(mutations(SEED, Random(1), 500))
    names = Counter(name for how, _ in made for name in how.split("+"))
    assert set(names) == set(MUTATIONS)
    assert sum(data != SEED for _, data in made) > 480
    assert {len(data) for _, data in made} > {512}


@pytest.mark.parametrize("seed", [b"", b"a", b"1234567", bytes(16)])
def test_tiny_files_are_broken_too(seed: bytes) -> None:
    assert len(list(mutations(seed, Random(3), 300))) == 300
