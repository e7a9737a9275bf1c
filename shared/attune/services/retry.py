"""Retry: what was parked is tried again, because a person asked for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import partial

from attune.domain.arrival import Arrival, Departure
from attune.domain.events.message import message
from attune.domain.events.opening import LaunchTuning
from attune.domain.names import run_id
from attune.domain.parked import Parked, Task
from attune.errors import ConflictError
from attune.ports import Clock, Documents, Post, Replace, Versioned
from attune.services.manifests import of_parked
from attune.services.park import Parking


@dataclass(frozen=True, slots=True)
class Asking:
    """What a person's command asks for."""

    documents: Documents

    def parked(self) -> list[Parked]:
        """What is parked, the oldest first."""
        found = [read.value for read in self.documents.find(of_parked.parked_events())]
        return sorted(found, key=lambda parked: parked.first_at)

    def __call__(self, subjects: Collection[str] | None) -> list[Parked]:
        """Has these objects and datasets tried again at the next tick, or all; returns what was found of them."""
        asked = []
        for read in self.documents.find(of_parked.parked_events()):
            if subjects is not None and read.value.subject not in subjects:
                continue
            try:
                self.documents.commit(Replace(read, replace(read.value, again=True)))
            except ConflictError:
                continue  # it is being tried at this moment
            asked.append(read.value)
        return asked


@dataclass(frozen=True, slots=True)
class Retried:
    """An event that was tried again: why it is parked as before, or None where it is done."""

    task: Task
    subject: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Retrying:
    """The service, with its ports."""

    post: Post
    clock: Clock
    parking: Parking
    ingest: Callable[[Arrival], object]
    erasing: Callable[[Departure], object]

    def __call__(self, found: Iterable[Versioned[Parked]]) -> list[Retried]:
        """Tries what people asked for.

        Raises:
            PassingError: a service did not answer; the next tick tries again.
        """
        done = []
        for read in found:
            parked = self.parking.again(read, self._work(read.value))
            done.append(Retried(read.value.task, read.value.subject, parked.reason if parked else None))
        return done

    def _work(self, parked: Parked) -> Callable[[], object]:
        match parked.task:
            case Task.INGEST:
                arrival = Arrival(parked.subject, parked.facts["generation"], parked.facts["size"])
                return partial(self.ingest, arrival)
            case Task.ERASE:
                return partial(self.erasing, Departure(parked.subject, parked.facts["generation"]))
            case Task.LAUNCH:
                order = message(LaunchTuning(parked.subject, run_id(parked.facts["run"])), self.clock())
                return partial(self.post.publish, order)
