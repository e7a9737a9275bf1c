"""Buckets in memory: generations, preconditions and checksums as Cloud Storage has them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import google_crc32c

from attune.errors import GoneError
from attune.ports import Buffer, Parts, Stored


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """An object's live generation."""

    data: bytes
    generation: int
    content_type: str


@dataclass(slots=True)
class MemoryBucket:
    """A bucket. Generations count up over all of it."""

    name: str
    live: dict[str, MemoryObject] = field(default_factory=dict)
    _generations: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000_000_000))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def upload(self, name: str, data: bytes, content_type: str = "application/octet-stream") -> int:
        """Writes an object, over what stood there, and returns its generation."""
        with self._lock:
            generation = next(self._generations)
            self.live[name] = MemoryObject(data, generation, content_type)
            return generation

    def upload_new(self, name: str, data: bytes, content_type: str) -> MemoryObject:
        """Writes an object under a free name, or returns what stands there."""
        with self._lock:
            if name not in self.live:
                self.live[name] = MemoryObject(data, next(self._generations), content_type)
            return self.live[name]

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        with self._lock:
            self.live.pop(name, None)


@dataclass(frozen=True, slots=True)
class MemoryIntake:
    """The twin of `GcsIntake`."""

    bucket: MemoryBucket

    def read(self, name: str, generation: int) -> bytes:
        """The bytes of this very generation."""
        found = self.bucket.live.get(name)
        if found is None or found.generation != generation:
            raise GoneError(f"generation {generation} of {name} is no longer in {self.bucket.name}")
        return found.data

    def look(self, name: str) -> Stored | None:
        """The live generation of an object."""
        found = self.bucket.live.get(name)
        return _stored(name, found) if found else None

    def page(self, after: str, limit: int) -> list[Stored]:
        """The live objects behind a name, in the names' order."""
        live = dict(self.bucket.live)
        behind = sorted(name.encode() for name in live if name.encode() > after.encode())
        return [_stored(name, live[name]) for name in map(bytes.decode, behind[:limit])]


@dataclass(frozen=True, slots=True)
class MemoryObjects:
    """The twin of `GcsObjects`."""

    bucket: MemoryBucket

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        found = self.bucket.live.get(name)
        if found is None:
            raise GoneError(f"there is no {name} in {self.bucket.name}")
        return found.data

    def put(self, name: str, data: Buffer | Parts, content_type: str) -> Stored:
        """Stores the bytes under a name that is free, or returns what stands there."""
        return _stored(name, self.bucket.upload_new(name, whole(data), content_type))

    def compose(self, name: str, sources: Sequence[str]) -> Stored:
        """Joins 1 to 32 objects under a name that is free, or returns what stands there."""
        joined = self._joined(sources)
        return _stored(name, self.bucket.upload_new(name, joined, self.bucket.live[sources[0]].content_type))

    def replace(self, name: str, data: Buffer, content_type: str) -> Stored:
        """Stores the bytes in place of what stands under the name, if anything."""
        generation = self.bucket.upload(name, bytes(data), content_type)
        return _stored(name, MemoryObject(bytes(data), generation, content_type))

    def recompose(self, name: str, sources: Sequence[str], content_type: str) -> Stored:
        """Joins 1 to 32 objects in place of what stands under the name, if anything."""
        return self.replace(name, self._joined(sources), content_type)

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        self.bucket.delete(name)

    def uri(self, name: str) -> str:
        """The object's gs:// address."""
        return f"gs://{self.bucket.name}/{name}"

    def _joined(self, sources: Sequence[str]) -> bytes:
        if not 1 <= len(sources) <= _MOST_SOURCES:
            raise ValueError(f"compose takes 1 to {_MOST_SOURCES} sources, not {len(sources)}")
        return b"".join(self.read(source) for source in sources)


_MOST_SOURCES = 32


def whole(data: Buffer | Parts) -> bytes:
    """An object's bytes, in one piece."""
    return b"".join(data) if isinstance(data, tuple) else bytes(data)


def _stored(name: str, found: MemoryObject) -> Stored:
    return Stored(name, found.generation, len(found.data), google_crc32c.value(found.data))
