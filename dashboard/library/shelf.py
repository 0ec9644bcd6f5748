"""A bounded shelf of opened things: the one that nobody asked for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic

from etscope.dashboard.library.once import Key, Once, Value


class Shelf(Generic[Key, Value]):
    """Values made once each, together not above a limit of bytes.

    What is asked for last always stays, even where it is above the limit by
    itself; what goes is only forgotten here, so who works with it goes on.

    Args:
        limit_bytes: for all values together, as `weigh` estimates them.
    """

    def __init__(self, limit_bytes: int, weigh: Callable[[Value], int]) -> None:
        self.limit_bytes = limit_bytes
        self._weigh = weigh
        self._once: Once[Key, Value] = Once()
        self._lock = threading.Lock()
        self._bytes: OrderedDict[Key, int] = OrderedDict()  # the latest last

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made by the first who asks."""
        value, new = self._once.get(key, make)
        if new:
            self.weigh_again(key, value)
        else:
            with self._lock:
                if key in self._bytes:
                    self._bytes.move_to_end(key)
        return value

    def weigh_again(self, key: Key, value: Value) -> None:
        """Take note of how large a value is by now, and make room for it."""
        if not self._once.ready(key):  # it went meanwhile
            return
        size = self._weigh(value)
        with self._lock:
            self._bytes[key] = size
            self._bytes.move_to_end(key)
            gone = []
            while len(self._bytes) > 1 and sum(self._bytes.values()) > self.limit_bytes:
                gone.append(self._bytes.popitem(last=False)[0])
        for old in gone:
            self._once.drop(old)

    def ready(self, key: Key) -> bool:
        """Whether the value is there without any waiting."""
        return self._once.ready(key)

    def drop(self, key: Key) -> None:
        """Forget a value."""
        with self._lock:
            self._bytes.pop(key, None)
        self._once.drop(key)

    @property
    def held_bytes(self) -> int:
        """Estimated bytes of everything on the shelf."""
        with self._lock:
            return sum(self._bytes.values())

    def __len__(self) -> int:
        with self._lock:
            return len(self._bytes)
