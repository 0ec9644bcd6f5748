"""Reads mutated files in a process with limits: `worker.py READER FIRST LAST SAVE SEED...`.

Prints one JSON object per line: {"at": n} before case n, {"case": n, "fault":
..., "how": ...} for a fault, and at the end {"read": n, "refused": n}. Case n
breaks seed n modulo their number, always in the same way. The folder SAVE gets
the input of each fault, and of the case that ended the process.
"""

from __future__ import annotations

import faulthandler
import json
import resource
import signal
import sys
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from fuzz.bundle_mutations import bundle_mutations, packed
from fuzz.mutations import mutations
from fuzz.record_mutations import record_mutations
from fuzz.touch import READERS

from etscope.etdump.errors import TraceError

#: Processor seconds, and bytes beyond what the process held before the first case.
SECONDS = 2
BYTES = 500 * 2**20


class TooSlow(BaseException):
    """A case took more processor time than it may."""


def case(reader: str, seed: Path, number: int) -> tuple[str, bytes]:
    """(how it was made, bytes) of one case."""
    rng = Random(f"{reader}/{seed.name}/{number}")
    breaking = _BREAKING.get(reader, mutations)
    return next(breaking(_whole(seed), rng, 1))


#: Where the archive stays whole.
_BREAKING = {
    "record json": record_mutations,
    "joined record": record_mutations,
    "bundle": bundle_mutations,
}


def _whole(seed: Path) -> bytes:
    return packed(seed) if seed.is_dir() else seed.read_bytes()


def _limit_memory() -> None:
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + BYTES, resource.RLIM_INFINITY))


def _limit_time() -> None:
    """An exception after SECONDS; after five times that the kernel ends a deaf process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + 5 * SECONDS, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)


def _too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


def _say(**line: Any) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _read(reader: str, data: bytes) -> str:
    """ "read" or "refused", or the fault as text."""
    try:
        try:
            _limit_time()
            READERS[reader](data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TraceError:
        return "refused"
    except TooSlow:
        return f"took more than {SECONDS} s\n" + traceback.format_exc()
    except Exception:
        return traceback.format_exc()
    return "read"


def main(reader: str, first: str, last: str, save: str, *seeds: str) -> None:
    faulthandler.enable()
    signal.signal(signal.SIGPROF, _too_slow)
    for seed in seeds:
        with suppress(TraceError):  # imports what the reader imports late
            READERS[reader](_whole(Path(seed)))
    _limit_memory()
    counts = Counter({"read": 0, "refused": 0})
    kept = Path(save) / "case"
    for number in range(int(first), int(last)):
        seed = seeds[number % len(seeds)]
        how, data = case(reader, Path(seed), number)
        kept.write_bytes(data)
        _say(at=number, seed=seed, how=how)
        outcome = _read(reader, data)
        if outcome in counts:
            counts[outcome] += 1
            continue
        kept.rename(kept.with_name(f"fault_{number}"))
        _say(case=number, seed=seed, how=how, fault=outcome[-2000:])
    _say(**counts)


if __name__ == "__main__":
    main(*sys.argv[1:])
