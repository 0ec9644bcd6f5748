"""Values that are made once each, however many threads ask for them at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Once(Generic[Key, Value]):
    """The first thread that asks for a key makes its value, the others wait for it.

    A failure reaches everyone who waits, and is not kept: the next one tries again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Key, Future[Value]] = {}

    def get(self, key: Key, make: Callable[[], Value]) -> tuple[Value, bool]:
        """(the value of a key, whether this call made it)."""
        with self._lock:
            found = self._made.get(key)
            mine: Future[Value] = found if found is not None else Future()
            if found is None:
                self._made[key] = mine
        if found is not None:
            return found.result(), False
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                if self._made.get(key) is mine:
                    del self._made[key]
            mine.set_exception(error)
            raise
        mine.set_result(value)
        return value, True

    def ready(self, key: Key) -> bool:
        """Whether the value is there without any waiting."""
        with self._lock:
            found = self._made.get(key)
        return found is not None and found.done()

    def drop(self, key: Key) -> None:
        """Forget a value; who holds it keeps it."""
        with self._lock:
            self._made.pop(key, None)
