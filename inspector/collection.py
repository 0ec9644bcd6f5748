"""Keeping Python's garbage collector out of the way while many views are made at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Pause the collector.

    Views form no cycles, so there is nothing to find. In a process that has
    torch loaded, each full collection walks a million objects of others and
    takes longer than opening the trace.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
