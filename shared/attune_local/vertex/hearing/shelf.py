"""A mapping that remembers the newest entries and forgets the others."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

_MOST = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Shelf(Generic[Key, Value]):
    """Safe to use from several threads. Two that miss the same entry at once both make it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._entries: dict[Key, Value] = {}
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The entry, made now when there is none."""
        found = self.find(key)
        if found is None:
            found = make()
            self.put(key, found)
        return found

    def find(self, key: Key) -> Value | None:
        """The entry, or None."""
        return self._entries.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Remembers it, and forgets the oldest when there are too many."""
        with self._lock:
            self._entries[key] = value
            while len(self._entries) > self._most:
                del self._entries[next(iter(self._entries))]
