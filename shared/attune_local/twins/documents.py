"""Documents in memory, stored as Firestore would store them and as strict about what a compare-and-set was made on.

The codec makes maps and lists anew both ways, so that nobody holds on to what is stored.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from attune.adapters.codec import decode, encode, plain
from attune.errors import ConflictError
from attune.ports import Contains, Create, Delete, Key, Order, Query, Versioned, Write

T = TypeVar("T")
_Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stored:
    fields: dict[str, object]
    version: int


@dataclass(slots=True)
class MemoryDocuments:
    """The twin of `FirestoreDocuments`."""

    _stored: dict[_Path, _Stored] = field(default_factory=dict)
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """A document, or None."""
        with self._lock:
            found = self._stored.get(key.path)
        return _versioned(key, found) if found else None

    def get_all(self, keys: Sequence[Key[Any]]) -> list[Versioned[Any] | None]:
        """Several documents, as of one moment."""
        with self._lock:
            return [self.get(key) for key in keys]

    def commit(self, *writes: Write) -> list[object]:
        """All of the writes or none."""
        with self._lock:
            for write in writes:
                self._check(write)
            version = next(self._versions)
            return [self._apply(write, version) for write in writes]

    def find(self, query: Query[T], limit: int | None = None, after: Key[T] | None = None) -> list[Versioned[T]]:
        """The documents that match, in the query's order and then by id."""
        if after is not None and query.order_by is not None and query.at_least is None:
            raise ValueError("a query with an order and no value to begin at cannot be continued behind a document")
        with self._lock:
            found = sorted(self._matching(query), key=lambda path: _rank(path, self._stored[path].fields, query))
            if after is not None:
                behind = (query.at_least or 0, after.path)
                found = [path for path in found if _rank(path, self._stored[path].fields, query) > behind]
            return [_versioned(Key(query.kind, path), self._stored[path]) for path in found[:limit]]

    def count(self, query: Query[Any], up_to: int) -> int:
        """How many match, counted no further than `up_to`."""
        with self._lock:
            return min(up_to, sum(1 for _ in self._matching(query)))

    def paths(self) -> list[_Path]:
        """Where every document lies: for looking at all of it from outside."""
        with self._lock:
            return sorted(self._stored)

    def _check(self, write: Write) -> None:
        stands = self._stored.get(write.key.path)
        if isinstance(write, Create) and stands is not None:
            raise ConflictError(f"{'/'.join(write.key.path)} is there already")
        read = None if isinstance(write, Create) else write.read
        if read is not None and (stands is None or stands.version != read.version):
            raise ConflictError(f"{'/'.join(write.key.path)} was changed since it was read")

    def _apply(self, write: Write, version: int) -> object:
        if isinstance(write, Delete):
            self._stored.pop(write.key.path, None)
            return None
        fields = encode(write.value)
        stands = self._stored.get(write.key.path)
        if stands is not None and stands.fields == fields:
            return stands.version  # as Firestore: what changes nothing leaves the update time
        self._stored[write.key.path] = _Stored(fields, version)
        return version

    def _matching(self, query: Query[Any]) -> Iterator[_Path]:
        wanted = [(name, _test(value)) for name, value in query.where]
        for path, stored in self._stored.items():
            if not _lies_in(path, query):
                continue
            for name, holds in wanted:
                if not holds(stored.fields.get(name)):
                    break
            else:
                if _reaches(stored.fields, query):
                    yield path


def _versioned(key: Key[T], stored: _Stored) -> Versioned[T]:
    return Versioned(key, decode(key.kind, stored.fields), stored.version)


def _lies_in(path: _Path, query: Query[Any]) -> bool:
    if query.group:
        return path[-2] == query.collection[-1]
    return path[:-1] == query.collection


def _test(wanted: object) -> Callable[[object], bool]:
    """Whether a field's value is wanted."""
    if isinstance(wanted, Contains):
        inner = plain(wanted.value)
        return lambda stored: isinstance(stored, list) and inner in stored
    values = [plain(value) for value in wanted] if isinstance(wanted, tuple) else [plain(wanted)]
    return values.__contains__


def _reaches(fields: dict[str, Any], query: Query[Any]) -> bool:
    """Firestore finds no document by a field that it lacks."""
    if query.order_by is None:
        return True
    return query.order_by in fields and (query.at_least is None or fields[query.order_by] >= query.at_least)


def _rank(path: _Path, fields: dict[str, object], query: Query[Any]) -> tuple[Any, _Path]:
    value: Any = fields.get(query.order_by, 0) if query.order_by else 0
    return (-value if query.order is Order.DESCENDING else value, path)
