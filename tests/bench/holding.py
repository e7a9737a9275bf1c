"""A process that takes pairs in, and tells the most memory that it held: python -m bench.holding URL FORMAT FILE ...

The files are recordings in the intake bucket of the storage server at URL, each with its transcript; they are taken in
at once, each in a thread, through the real adapters of Cloud Storage and of the audio libraries. The documents are in
memory. A small pair comes first, so that all that is ever imported is there before.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from attune.adapters.ear import LibraryEar
from attune.adapters.storage import GcsIntake, GcsObjects
from attune.domain.arrival import Arrival
from attune.ports import Create, Key, RawDocument
from attune.services.ingest import Ingest, Outcome
from attune_local.stack.clients import storage_client
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.post import MemoryPost
from bench.resident import forget_the_most, most_held

INTAKE, DATASETS = "intake", "datasets"
SMALL = "d/small.wav"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Steps:
    """The most that was held within each call of a port, in KiB; told where one pair is taken in alone."""

    most: dict[str, int] = field(default_factory=dict)

    def watching(self, port: Any) -> Any:
        """The port, watched."""
        return _Watched(port, self)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One call."""
        self.note("between them")
        yield
        self.note(name)

    def note(self, name: str) -> None:
        """Keeps the most since the last note under a name."""
        self.most[name] = max(self.most.get(name, 0), most_held())
        forget_the_most()


@dataclass(frozen=True, slots=True)
class _Watched:
    port: Any
    steps: Steps

    def __getattr__(self, name: str) -> Any:
        real: Callable[..., Any] = getattr(self.port, name)

        def call(*arguments: Any, **named: Any) -> Any:
            with self.steps.step(name):
                return real(*arguments, **named)

        return call


def main(url: str, row_format: str, *files: str) -> None:
    """Prints what was held before, the most, and the most within each step, in KiB."""
    storage, documents, steps = storage_client(url, "p"), MemoryDocuments(), Steps()
    settings = {"threshold": 300_000, "row_format": row_format}
    documents.commit(Create(Key(RawDocument, ("datasets", "d")), RawDocument(settings)))
    intake, objects, ear = GcsIntake(storage, INTAKE), GcsObjects(storage, DATASETS), LibraryEar()
    bare = Ingest(documents, intake, objects, ear, MemoryPost(), lambda: NOW)
    watch = steps.watching
    watching = Ingest(documents, watch(intake), watch(objects), watch(ear), MemoryPost(), lambda: NOW)
    _take_in(bare, intake, (SMALL,))
    forget_the_most()
    before = most_held()
    _take_in(watching if len(files) == 1 and forget_the_most() else bare, intake, files)
    if steps.most:
        steps.note("between them")
    most = max(most_held(), *steps.most.values(), before)
    print(json.dumps({"before": before, "most": most, "steps": steps.most}))  # noqa: T201 - what it is run for


def _take_in(ingest: Ingest, intake: GcsIntake, files: Sequence[str]) -> None:
    for name in files:
        ingest(_arrival(intake, f"{name.removesuffix('.wav')}.txt"))
    arrivals = [_arrival(intake, name) for name in files]
    with ThreadPoolExecutor(len(files)) as pool:
        for taken in pool.map(partial(_taken, ingest), arrivals):
            if taken is not Outcome.ACCEPTED:
                raise AssertionError(f"a pair was {taken}")


def _taken(ingest: Ingest, arrival: Arrival) -> Outcome:
    taken = ingest(arrival)
    if taken.pair and taken.pair.reasons:
        raise AssertionError("; ".join(reason.sentence for reason in taken.pair.reasons))
    return taken.outcome


def _arrival(intake: GcsIntake, name: str) -> Arrival:
    found = intake.look(name)
    if found is None:
        raise AssertionError(f"there is no {name}")
    return Arrival(name, found.generation, found.size)


if __name__ == "__main__":
    main(*sys.argv[1:])
