"""Which inferences a capture runs, and in which order.

Methods and input sets take turns in rounds, so that a machine that slows down
or speeds up in the meantime does so for all of them. There are at most a
hundred rounds: the order is recorded in the manifest, which must stay small.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture.models import ModelMethod
from etscope.devtools.capture.runtime import Inference
from etscope.etdump.manifest import InferenceRun

ROUNDS = 100


def each_once(methods: Sequence[ModelMethod]) -> list[Inference]:
    """One inference of every method with every input set."""
    return [
        Inference(method.name, number, values)
        for method in methods
        for number, values in enumerate(method.input_sets)
    ]


def warm_up(methods: Sequence[ModelMethod], count: int) -> list[Inference]:
    """`count` inferences of every method, with its first input set."""
    first = [Inference(method.name, 0, method.input_sets[0]) for method in methods]
    return [inference for inference in first for _ in range(count)]


def measured(methods: Sequence[ModelMethod], iterations: int) -> list[Inference]:
    """`iterations` inferences of every method with every input set, in turns."""
    turn = each_once(methods)
    rounds = min(iterations, ROUNDS) or 1
    plan: list[Inference] = []
    for number in range(rounds):
        count = iterations * (number + 1) // rounds - iterations * number // rounds
        plan += [inference for inference in turn for _ in range(count)]
    return plan


def described(plan: Sequence[Inference], *, warmup: int = 0) -> tuple[InferenceRun, ...]:
    """The plan as the manifest records it; its first `warmup` inferences were warm-up."""
    rows = ((one.method, one.input_set, at < warmup) for at, one in enumerate(plan))
    return tuple(
        InferenceRun(method, number, sum(1 for _ in group), warm)
        for (method, number, warm), group in groupby(rows)
    )


def by_input(plan: Sequence[Inference], wall_ns: NDArray[np.int64]) -> dict[str, list[int]]:
    """Times per `method/set`, in the order in which they ran. `wall_ns` has shape (len(plan),)."""
    found: dict[str, list[int]] = {}
    for inference, time in zip(plan, wall_ns.tolist(), strict=True):
        found.setdefault(f"{inference.method}/{inference.input_set}", []).append(time)
    return found
