"""Twins that cost the same however much is in them, so that what grows in a figure is attune's, and not theirs.

The tests' twins look through all documents at each question, and copy all bytes at each composition. Firestore and
Cloud Storage do neither.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

import google_crc32c

from attune.adapters.codec import plain
from attune.domain.crc32c import combine_all
from attune.errors import GoneError
from attune.ports import Buffer, Contains, Key, Parts, Query, Stored, Versioned, Write
from attune.ports_tuning import Job, JobSpec, JobState
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import whole

# What attune.services.manifests asks by, but for what is asked of few documents.
_INDEXED = frozenset(
    {
        "active", "again", "at_rest", "changed_minute", "due", "erased_halves", "halves", "pair", "parked", "state",
        "taken_by", "to_forget",
    }
)  # fmt: skip

T = TypeVar("T")
Path = tuple[str, ...]
_Index = dict[object, dict[Path, None]]


@dataclass(slots=True)
class IndexedDocuments(MemoryDocuments):
    """The tests' documents, with indexes: by collection, by the name of a group of them, and by some of the fields."""

    _indexes: dict[tuple[object, str], _Index] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    _ordered: dict[tuple[object, str, object], list[Path]] = field(default_factory=dict)

    def plant(self, path: Path, like: Path, fields: dict[str, object]) -> None:
        """Puts a document there, of the version of another. Its fields are those given, as they are stored."""
        self._stored[path] = replace(self._stored[like], fields=fields)
        self._enter(path)

    def fields(self, path: Path) -> dict[str, object]:
        """A document's fields, as they are stored."""
        return self._stored[path].fields

    def find(self, query: Query[T], limit: int | None = None, after: Key[T] | None = None) -> list[Versioned[T]]:
        """The documents that match: one page of an index, where it is one value of a field that is asked for."""
        with self._lock:
            if limit is None or query.order_by is not None or query.group or len(query.where) != 1:
                return MemoryDocuments.find(self, query, limit, after)
            paths = self._in_order(query)
            first = bisect_right(paths, after.path) if after else 0
            found = (self.get(Key(query.kind, path)) for path in paths[first : first + limit])
            return [each for each in found if each is not None]

    def matching(self, query: Query[Any]) -> list[Path]:
        """Where the documents lie that match, without a look at what is in them."""
        with self._lock:
            return list(self._matching(query))

    def count(self, query: Query[Any], up_to: int) -> int:
        """How many match, counted no further than `up_to`."""
        with self._lock:
            return sum(1 for _ in islice(self._matching(query), up_to))

    def _apply(self, write: Write, version: int) -> object:
        path = write.key.path
        for index, value in self._places(path):
            del index[value][path]
        for key in [key for key in self._ordered if key[0] == path[:-1]]:
            del self._ordered[key]
        left = MemoryDocuments._apply(self, write, version)  # noqa: SLF001 - what this one is made of
        self._enter(path)
        return left

    def _matching(self, query: Query[Any]) -> Iterator[Path]:
        candidates = {path: self._stored[path] for path in self._candidates(query)}
        return MemoryDocuments(candidates)._matching(query)  # noqa: SLF001 - the same class, with less in it

    def _in_order(self, query: Query[Any]) -> list[Path]:
        """All that match, sorted once for all pages of them."""
        ((name, value),) = query.where
        key = (query.collection, name, value)
        if key not in self._ordered:
            self._ordered[key] = sorted(self._matching(query))
        return self._ordered[key]

    def _candidates(self, query: Query[Any]) -> list[Path]:
        """The fewest documents that one index gives and that have all the query asks for among them."""
        place: object = query.collection[-1] if query.group else query.collection
        found: list[dict[Path, None]] = [self._indexes[place, ""][None]]
        for name, wanted in query.where:
            if name in _INDEXED and not isinstance(wanted, Contains):
                values = wanted if isinstance(wanted, tuple) else (wanted,)
                index = self._indexes[place, name]
                found.append({path: None for value in values for path in index[plain(value)]})
        if query.order_by in _INDEXED and query.at_least is not None:
            ordered: dict[Any, dict[Path, None]] = dict(self._indexes[place, query.order_by])
            found.append({path: None for value, paths in ordered.items() if value >= query.at_least for path in paths})
        fewest = min(found, key=len)
        return list(fewest)

    def _enter(self, path: Path) -> None:
        for index, value in self._places(path):
            index[value][path] = None

    def _places(self, path: Path) -> Iterator[tuple[_Index, object]]:
        """The indexes that a document stands in as it is, and its value in each."""
        stands = self._stored.get(path)
        if stands is None:
            return
        for place in (path[:-1], path[-2]):
            yield self._indexes[place, ""], None
            for name in _INDEXED:
                if name in stands.fields:
                    yield self._indexes[place, name], stands.fields[name]


@dataclass(frozen=True, slots=True)
class Rope:
    """An object: its bytes, or the objects that it was composed of."""

    of: bytes | tuple[Rope, ...]
    generation: int
    size: int
    crc32c: int

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, in order."""
        if isinstance(self.of, bytes):
            yield self.of
        else:
            for part in self.of:
                yield from part.pieces()


@dataclass(slots=True)
class RopeObjects:
    """The dataset bucket, whose compositions copy no byte; `sent` are the bytes that came over the wire.

    A composition's CRC32C is worked out from its members', as `attune.domain.crc32c` does it: whoever wants to know
    that the bytes are right reads them (`Rope.pieces`).
    """

    name: str
    live: dict[str, Rope] = field(default_factory=dict)
    sent: int = 0
    _generations: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def read(self, name: str) -> bytes:
        """An object's bytes."""
        return b"".join(self._rope(name).pieces())

    def put(self, name: str, data: Buffer | Parts, content_type: str) -> Stored:
        """Stores the bytes under a name that is free, or returns what stands there."""
        kept = whole(data)
        self.sent += len(kept)
        return self._stored(name) if name in self.live else self.replace(name, kept, content_type)

    def compose(self, name: str, sources: Sequence[str]) -> Stored:
        """Joins objects under a name that is free, or returns what stands there."""
        return self._stored(name) if name in self.live else self.recompose(name, sources, "")

    def replace(self, name: str, data: Buffer, content_type: str) -> Stored:  # noqa: ARG002 - the port's signature
        """Stores the bytes in place of what stands under the name."""
        kept = bytes(data)
        self.live[name] = Rope(kept, next(self._generations), len(kept), google_crc32c.value(kept))
        return self._stored(name)

    def recompose(self, name: str, sources: Sequence[str], content_type: str) -> Stored:  # noqa: ARG002 - the same
        """Joins objects in place of what stands under the name."""
        parts = tuple(self._rope(source) for source in sources)
        crc32c = combine_all((part.crc32c, part.size) for part in parts)
        self.live[name] = Rope(parts, next(self._generations), sum(part.size for part in parts), crc32c)
        return self._stored(name)

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        self.live.pop(name, None)

    def uri(self, name: str) -> str:
        """The object's gs:// address."""
        return f"gs://{self.name}/{name}"

    def _rope(self, name: str) -> Rope:
        if name not in self.live:
            raise GoneError(f"there is no {name} in {self.name}")
        return self.live[name]

    def _stored(self, name: str) -> Stored:
        rope = self._rope(name)
        return Stored(name, rope.generation, rope.size, rope.crc32c)


@dataclass(slots=True)
class Clerk:
    """A tuning service that takes every job and reads no data: what it does with a dataset is not attune's."""

    taken: list[Job] = field(default_factory=list)

    def jobs(self) -> Iterator[Job]:
        """All jobs, newest first."""
        return reversed(self.taken)

    def job(self, name: str) -> Job | None:
        """One job, or None."""
        return next((job for job in self.taken if job.name == name), None)

    def create(self, spec: JobSpec) -> Job:
        """Takes a job."""
        job = Job(f"jobs/{len(self.taken) + 1}", spec.label, JobState.RUNNING)
        self.taken.append(job)
        return job

    def cancel(self, name: str) -> None:
        """Cancels a job."""
        self.taken = [replace(job, state=JobState.CANCELLED) if job.name == name else job for job in self.taken]

    def annotate(self, model: str, label: str, value: str | None) -> None:
        """Marks nothing: there is no model."""

    def serves(self, endpoint: str, model: str) -> bool:  # noqa: ARG002 - the port's signature
        """Nothing is deployed."""
        return False
