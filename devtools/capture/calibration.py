"""The child process that finds out what the machine reaches: arithmetic and memory, in a second.

Started as `python -m etscope.devtools.capture.calibration THREADS`; prints one JSON object.
Of several rounds the fastest counts: whatever else the machine does can only slow one down.
All are made with as many threads as asked for and, where that is faster, with one.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter

from etscope.devtools.capture.host import free_memory_bytes

#: Rows of the matrices: so large that starting threads and packing cost little, and so small that
#: a product is over before a busy machine takes the processor away.
_ROWS, _INT8_ROWS = 256, 512
#: Of the four figures after each other, each for a part of its seconds.
_TURNS = 8
#: Arrays are so many times larger than the last cache, so that little of them is found in it, but
#: no larger than the last of these: a capture should not need a large part of the memory.
_BEYOND_CACHE = 4
_SMALLEST, _LARGEST = 2**26, 2**28
#: Bytes copied in a round, for the same reason; the next round takes the next ones.
_PIECE = 2**22
#: Bytes per thread of an array that a cache of its core holds, with the one that it is copied to.
_IN_CACHE = 2**18
#: A copy that fits a cache is over before a call from Python is: several make a round.
_COPIES = 10
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")

Run = Callable[[], object]


def main(threads: int) -> None:
    """Measure, and print what was found."""
    import torch

    large = array_bytes(last_cache_bytes(_CACHES), free_memory_bytes())
    figures = {
        "float32_gflops_per_s": (_float32(), 2 * _ROWS**3, 0.3),
        "memory_gb_per_s": (_copying_pieces(large), 2 * min(_PIECE, large), 0.4),
        "cache_gb_per_s": (_copying(_IN_CACHE * threads, _COPIES), _in_cache(threads), 0.2),
        "int8_gops_per_s": (_int8(), 2 * _INT8_ROWS**3, 0.3),
    }
    best = dict.fromkeys(figures, math.inf)
    # By turns: a moment in which others need the machine should not be all of one figure.
    for turn in range(_TURNS):
        # Every second turn with one thread: where others keep a core busy, several wait for it.
        torch.set_num_threads(threads if turn % 2 == 0 else 1)
        for name, (run, _, seconds) in figures.items():
            if run is not None:
                best[name] = min(best[name], fastest(run, seconds / _TURNS))
    found: dict[str, float | int | None] = {"threads": threads, "array_bytes": large}
    for name, (run, amount, _) in figures.items():
        found[name] = None if run is None else amount / best[name] / 1e9
    # The only way out of a process of its own.
    sys.stdout.write(json.dumps(found) + "\n")


def _in_cache(threads: int) -> int:
    """Bytes that a round of copies in the cache reads and writes."""
    return 2 * _IN_CACHE * threads * _COPIES


def fastest(run: Run, seconds: float) -> float:
    """Seconds of the fastest round of about so many seconds in all; the first is a warm-up.

    Where the first takes longer than that, one more is made.
    """
    end = perf_counter() + seconds
    run()
    best = float("inf")
    while best == float("inf") or perf_counter() < end:
        start = perf_counter()
        run()
        best = min(best, perf_counter() - start)
    return max(best, 1e-9)


def last_cache_bytes(folder: Path) -> int:
    """The size of the largest cache of a core; 0: the system does not tell."""
    sizes = [0]
    for path in folder.glob("index*/size"):
        try:
            found = re.fullmatch(r"(\d+)([KM])\s*", path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError):
            continue
        if found is not None:
            sizes.append(int(found[1]) * {"K": 2**10, "M": 2**20}[found[2]])
    return max(sizes)


def array_bytes(cache: int, free: int) -> int:
    """The size of each of the two large arrays: beyond the cache, and a small part of memory."""
    wanted = min(max(_BEYOND_CACHE * cache, _SMALLEST), _LARGEST)
    return max(min(wanted, free // 8), 2**20) // 4 * 4


def _float32() -> Run:
    import torch

    first, second = torch.ones(_ROWS, _ROWS), torch.ones(_ROWS, _ROWS)
    out = torch.empty(_ROWS, _ROWS)
    return lambda: torch.mm(first, second, out=out)


def _int8() -> Run | None:
    """A product of 8-bit integers; None where torch has none for this machine."""
    import torch

    first = torch.ones((_INT8_ROWS, _INT8_ROWS), dtype=torch.int8)
    product = getattr(torch, "_int_mm", None)  # torch has no public name for it
    if product is None:
        return None
    try:
        product(first, first)
    except (RuntimeError, NotImplementedError):
        return None
    return lambda: product(first, first)


def _copying_pieces(size: int) -> Run:
    """Copies piece after piece of large arrays, so that none is in a cache any more."""
    import torch

    source, target = torch.ones(size // 4), torch.ones(size // 4)
    step = min(_PIECE, size) // 4
    pieces = [
        (source[at : at + step], target[at : at + step])
        for at in range(0, size // 4 - step + 1, step)
    ]
    turn = cycle(pieces)

    def run() -> None:
        given, taken = next(turn)
        taken.copy_(given)

    return run


def _copying(size: int, copies: int) -> Run:
    import torch

    source, target = torch.ones(size // 4), torch.ones(size // 4)

    def run() -> None:
        for _ in range(copies):
            target.copy_(source)

    return run


if __name__ == "__main__":
    main(int(sys.argv[1]))
