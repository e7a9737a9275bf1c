"""What an alias stands for now: the endpoint to call and the prompt to call it with. For applications.

    from attune.alias import resolve

    served = resolve("production")

What a caller may rely on:

- An answer is less than `staleness` old, a minute unless said otherwise: that long after the alias moved, everybody
  calls the new endpoint. In between, an answer comes from memory and costs nothing.
- While Firestore does not answer, the last answer holds on until it is `outage` old, an hour unless said otherwise,
  and every failed read is a warning in the log `attune.alias`. That is safe, since an endpoint stays up when its alias
  moves on. After that, and where there is no answer yet, it raises UnavailableError. After a failed read the next is
  made five seconds later at the earliest; a read gives up after some twenty.
- Threads may share it. Of those that find an answer too old, one reads and the others wait for it.
- Importing it imports no client; the first call makes one. It goes where Google's Firestore client goes: to the
  emulator at FIRESTORE_EMULATOR_HOST, else to the service. It needs `roles/datastore.viewer` there, and no more; what
  the service refuses, as without that right, is raised as Google's client says it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Lock
from typing import Self

from attune.errors import DamagedError, FinalError, PassingError
from attune.ports import Clock, Documents, Key, Query, RawDocument
from attune.services.manifests import of_aliases, of_runs

STALENESS = timedelta(minutes=1)
OUTAGE = timedelta(hours=1)
_PAUSE = timedelta(seconds=5)
_PATIENCE_SECONDS = 5.0  # for repeating a read that failed at once
_NAMED = 10  # aliases that an error names


class UnknownAliasError(FinalError):
    """There is no such alias. The text names those that there are."""


@dataclass(frozen=True, slots=True)
class Served:
    """What an alias stands for, and how its model wants to be asked: as in training.

    `prompt` and `system_instruction` are those of the rows it was trained on, `task_prompts` those of its further
    tasks, by name. `row_format` tells the order of the parts: the recording before the prompt in `file_uri` rows, after
    it in `inline_data` ones. `serial` counts the alias's moves. `resolved_at` is when it was asked for.
    """

    alias: str
    endpoint: str
    model: str
    dataset: str
    run: str
    serial: int
    prompt: str
    system_instruction: str | None
    task_prompts: Mapping[str, str]
    row_format: str
    resolved_at: datetime

    @property
    def location(self) -> str:
        """Where the endpoint is, for a client that has to be told."""
        return self.endpoint.partition("/locations/")[2].partition("/")[0]


@dataclass(frozen=True, slots=True)
class _Current:
    """Of an alias's document, what is read here: whatever else a newer version writes there does no harm."""

    dataset: str
    run: str
    number: int
    endpoint: str
    model: str


@dataclass(frozen=True, slots=True)
class _Alias:
    serial: int
    current: _Current


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    prompt: str


@dataclass(frozen=True, slots=True)
class _Recipe:
    prompt: str
    row_format: str
    system_instruction: str | None = None
    tasks: tuple[_Task, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    recipe: _Recipe


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer, and when the read that gave it began."""

    served: Served
    asked_at: float


@dataclass(slots=True)
class _Place:
    """What is known of one alias. Only who holds the lock writes here."""

    lock: Lock = field(default_factory=Lock)
    known: _Known | None = None
    failed_at: float | None = None


class Resolver:
    """Resolves the aliases of one database. `seconds` must never go back; `where` is for what errors say."""

    def __init__(
        self,
        documents: Documents,
        where: str,
        clock: Clock = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = documents
        self._where = where
        self._clock = clock
        self._seconds = seconds
        self._places: dict[str, _Place] = {}
        self._lock = Lock()

    @classmethod
    def of_project(cls, project: str | None, database: str) -> Self:
        """The resolver of a project's database; without a project, that of the credentials or the environment."""
        from google.cloud.firestore import Client  # noqa: PLC0415 - a second that importing this must not cost

        from attune.adapters.firestore import FirestoreDocuments  # noqa: PLC0415 - the same

        client = Client(project=project, database=database)
        documents = FirestoreDocuments(client, _PATIENCE_SECONDS)
        return cls(documents, f"database {database} of project {client.project}")

    def resolve(self, alias: str, *, staleness: timedelta = STALENESS, outage: timedelta = OUTAGE) -> Served:
        """What the alias stands for.

        Raises:
            UnknownAliasError: there is no such alias.
            UnavailableError: Firestore does not answer, and there is no answer that is young enough.
        """
        place = self._place(alias)
        known = place.known
        if known is None or self._age(known.asked_at) >= staleness:
            with place.lock:
                known = self._renewed(alias, place, staleness, outage)
        return known.served

    def _place(self, alias: str) -> _Place:
        with self._lock:
            return self._places.setdefault(alias, _Place())

    def _renewed(self, alias: str, place: _Place, staleness: timedelta, outage: timedelta) -> _Known:
        known = place.known
        if known is not None and self._age(known.asked_at) < staleness:
            return known  # another thread has just read it
        lasts = known is not None and self._age(known.asked_at) < outage
        if known is not None and lasts and place.failed_at is not None and self._age(place.failed_at) < _PAUSE:
            return known
        try:
            place.known, place.failed_at = self._read(alias, known), None
        except PassingError as trouble:
            place.failed_at = self._seconds()
            if known is None or not lasts:
                raise
            _log().warning("%s; %s is what it was at %s", trouble, alias, known.served.resolved_at.isoformat())
            return known
        return place.known

    def _read(self, alias: str, before: _Known | None) -> _Known:
        asked_at, now = self._seconds(), self._clock()
        found = self._documents.get(Key(_Alias, of_aliases.alias(alias).path)) if _can_be(alias) else None
        if found is None:
            raise self._unknown(alias)
        if before is not None and _is_what(before.served, found.value):
            return _Known(replace(before.served, resolved_at=now), asked_at)
        return _Known(self._served(alias, found.value, now), asked_at)

    def _served(self, alias: str, found: _Alias, now: datetime) -> Served:
        recipe = self._recipe(found.current)
        return Served(
            alias=alias,
            endpoint=found.current.endpoint,
            model=found.current.model,
            dataset=found.current.dataset,
            run=found.current.run,
            serial=found.serial,
            prompt=recipe.prompt,
            system_instruction=recipe.system_instruction,
            task_prompts={task.name: task.prompt for task in recipe.tasks},
            row_format=recipe.row_format,
            resolved_at=now,
        )

    def _recipe(self, current: _Current) -> _Recipe:
        run = self._documents.get(Key(_Run, of_runs.run(current.dataset, current.number).path))
        if run is None:
            raise DamagedError(f"run {current.run} of {current.dataset} has no document in {self._where}")
        return run.value.recipe

    def _unknown(self, alias: str) -> UnknownAliasError:
        with self._lock:
            self._places.pop(alias, None)
        there = self._documents.find(Query(RawDocument, ("aliases",)), limit=_NAMED)
        names = ", ".join(repr(found.key.path[-1]) for found in there)
        told = f"there are {names}" if names else "there is none at all: the first run that is promoted makes one"
        return UnknownAliasError(f"there is no alias {alias!r} in {self._where}; {told}")

    def _age(self, since: float) -> timedelta:
        return timedelta(seconds=self._seconds() - since)


def resolve(
    alias: str,
    *,
    project: str | None = None,
    database: str | None = None,
    staleness: timedelta = STALENESS,
    outage: timedelta = OUTAGE,
) -> Served:
    """What the alias stands for, as this module promises. All calls of a process share what they read.

    The project is ATTUNE_PROJECT where none is given, or else what Google's client finds; the database is
    ATTUNE_FIRESTORE_DATABASE, or else (default).

    Raises:
        UnknownAliasError: there is no such alias.
        UnavailableError: Firestore does not answer, and there is no answer that is young enough.
    """
    at = project or os.environ.get("ATTUNE_PROJECT") or None
    within = database or os.environ.get("ATTUNE_FIRESTORE_DATABASE") or "(default)"
    with _MAKING:
        resolver = _resolver(at, within)
    return resolver.resolve(alias, staleness=staleness, outage=outage)


_MAKING = Lock()  # one client for each database, though many threads ask first


@cache
def _resolver(project: str | None, database: str) -> Resolver:
    return Resolver.of_project(project, database)


def _is_what(served: Served, found: _Alias) -> bool:
    """Whether the alias still stands for this, and the run's document, which does not change, need not be read."""
    now = found.current
    stands = (served.serial, served.dataset, served.run, served.endpoint, served.model)
    return stands == (found.serial, now.dataset, now.run, now.endpoint, now.model)


def _can_be(alias: str) -> bool:
    """Whether a document can have this name."""
    return bool(alias) and "/" not in alias


def _log() -> logging.Logger:
    return logging.getLogger("attune.alias")
