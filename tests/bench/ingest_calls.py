"""The remote calls of pairs, as the service makes them on twins, and the same made by the client libraries alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud.firestore import DELETE_FIELD, FieldFilter
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.firestore import Query as FirestoreQuery
from google.cloud.storage import Client as StorageClient

from attune.adapters.codec import encode, plain
from attune.adapters.ear import LibraryEar
from attune.domain.arrival import Arrival
from attune.ports import Buffer, Create, Key, Parts, Query, RawDocument, Replace, Write
from attune.services.ingest import Ingest
from attune.services.manifests import of_datasets
from attune_local.stack import plan
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import MemoryBucket, MemoryIntake, MemoryObjects, whole
from attune_local.twins.post import MemoryPost

SETTINGS = {"threshold": 10_000}  # no run is opened: this is about taking in
_CHUNK_BYTES = 8 * 1024 * 1024
_SECONDS = (5.0, 60.0)
Step = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a port; `lost` where somebody else had written before."""

    name: str
    arguments: tuple[Any, ...]
    lost: bool


@dataclass(slots=True)
class _Recorded:
    """A port that writes down what is asked of it."""

    port: Any
    name: str
    calls: list[Call]

    def __getattr__(self, method: str) -> Any:
        real = getattr(self.port, method)
        if method == "uri":
            return real

        def call(*arguments: Any, **named: Any) -> Any:
            lost = True
            try:
                answer = real(*arguments, **named)
                lost = False
            finally:
                self.calls.append(Call(f"{self.name}.{method}", (*arguments, *named.values()), lost))
            return answer

        return call


@dataclass(slots=True)
class Recorder:
    """Takes pairs of a dataset in on twins; the first one, which also remembers the settings, is nobody's measure."""

    dataset: str
    calls: list[Call] = field(default_factory=list)
    _bucket: MemoryBucket = field(default_factory=lambda: MemoryBucket(plan.INTAKE_BUCKET))
    _service: Ingest = field(init=False)

    def __post_init__(self) -> None:
        documents = MemoryDocuments()
        documents.commit(Create(of_datasets.own_settings(self.dataset), RawDocument(SETTINGS)))
        ports = {
            "documents": documents,
            "intake": MemoryIntake(self._bucket),
            "objects": MemoryObjects(MemoryBucket(plan.DATASET_BUCKET)),
        }
        recorded: dict[str, Any] = {name: _Recorded(port, name, self.calls) for name, port in ports.items()}
        self._service = Ingest(**recorded, ear=LibraryEar(), post=MemoryPost(), clock=lambda: datetime.now(UTC))

    def of(self, files: Mapping[str, bytes]) -> list[Call]:
        """The calls for the events of a pair's files, one after the other."""
        self.calls.clear()
        for name, data in files.items():
            self._service(Arrival(name, self._bucket.upload(name, data), len(data)))
        return list(self.calls)


@dataclass(frozen=True, slots=True)
class Replay:
    """Makes recorded calls by the client libraries, with everything that can be prepared prepared."""

    firestore: FirestoreClient
    storage: StorageClient

    def prepared(self, calls: Sequence[Call], generations: Mapping[str, int]) -> list[Step]:
        """A step for each call of a pair; `generations` are those of the objects that are read."""
        versions: dict[str, Any] = {}
        return [self._step(call, generations, versions) for call in calls]

    def _step(self, call: Call, generations: Mapping[str, int], versions: dict[str, Any]) -> Step:
        match call:
            case Call("documents.get", (key,)):
                return self._get([key], versions)
            case Call("documents.get_all", (keys,)):
                return self._get(keys, versions)
            case Call("documents.commit", writes):
                return self._commit(writes, versions, lost=call.lost)
            case Call("documents.count", (query, up_to)):
                return self._count(query, up_to)
            case Call("intake.read", (name, _)):
                return self._read(name, generations[name])
            case Call("objects.put", (name, data, content_type)):
                return self._put(name, data, content_type)
        raise ValueError(f"{call.name} cannot be made again")

    def _get(self, keys: Sequence[Key[Any]], versions: dict[str, Any]) -> Step:
        references = [self.firestore.document(*key.path) for key in keys]

        def get() -> None:
            for snapshot in self.firestore.get_all(references, retry=None, timeout=20.0):
                versions[snapshot.reference.path] = snapshot.update_time

        return get

    def _commit(self, writes: Sequence[Write], versions: Mapping[str, Any], *, lost: bool) -> Step:
        what = [(self.firestore.document(*write.key.path), *_fields(write)) for write in writes]

        def commit() -> None:
            batch = self.firestore.batch()
            for reference, fields, new in what:
                if new:
                    batch.create(reference, fields)
                else:
                    unchanged = self.firestore.write_option(last_update_time=versions[reference.path])
                    batch.update(reference, fields, option=unchanged)
            with suppress(*([AlreadyExists] if lost else [])):
                batch.commit(timeout=30.0)

        return commit

    def _count(self, query: Query[Any], up_to: int) -> Step:
        asked = FirestoreQuery(self.firestore.collection(*query.collection), all_descendants=query.group)
        for name, value in query.where:
            asked = asked.where(filter=FieldFilter(name, "in" if isinstance(value, tuple) else "==", plain(value)))
        counted: Any = asked.limit(up_to)
        return lambda: counted.count().get(timeout=20.0)

    def _read(self, name: str, generation: int) -> Step:
        bucket = self.storage.bucket(plan.INTAKE_BUCKET)

        def read() -> object:
            blob = bucket.blob(name, generation=generation)
            return blob.download_as_bytes(raw_download=True, if_generation_match=generation, timeout=_SECONDS)

        return read

    def _put(self, name: str, parts: Buffer | Parts, content_type: str) -> Step:
        bucket = self.storage.bucket(plan.DATASET_BUCKET)
        data = whole(parts)

        def put() -> None:
            bucket.blob(name, chunk_size=_CHUNK_BYTES).upload_from_file(
                io.BytesIO(data),
                size=len(data),
                content_type=content_type,
                if_generation_match=0,
                checksum="crc32c",
                timeout=_SECONDS,
            )

        return put


def _fields(write: Write) -> tuple[dict[str, object], bool]:
    """What is written, and whether the document is a new one."""
    match write:
        case Create(value=value):
            return encode(value), True
        case Replace(read=read, value=value):
            gone = encode(read.value).keys() - encode(value).keys()
            return dict.fromkeys(gone, DELETE_FIELD) | encode(value), False
    raise ValueError(f"a {type(write).__name__} cannot be made again")


def counted(calls: Sequence[Call]) -> Iterator[tuple[str, int]]:
    """How many there are of each."""
    names = [call.name for call in calls]
    yield from ((name, names.count(name)) for name in sorted(set(names)))
