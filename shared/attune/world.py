"""The ports as a deployment has them. Each adapter is imported where it is built: no function pays for others' use."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeVar

from attune.bootstrap import Ports
from attune.deployment import Deployment
from attune.ports import Checksum, Documents, Ear, Intake, Objects, Post
from attune.tracing import NoTracer, Tracer

if TYPE_CHECKING:
    from attune.ports_tuning import Answering, Scorer, Tuning

T = TypeVar("T")
R = TypeVar("R")
_THREADS = 16  # remote calls under way at once, for work that is many small calls


@dataclass(frozen=True)
class Cloud:
    """The ports as this deployment has them: Google Cloud's services, or whatever its clients are pointed at."""

    deployment: Deployment

    @cached_property
    def documents(self) -> Documents:
        """Firestore."""
        with _importing():
            from google.cloud import firestore

            from attune.adapters.firestore import FirestoreDocuments

        database = self.deployment.firestore_database
        return FirestoreDocuments(firestore.Client(project=self.deployment.project, database=database))

    @cached_property
    def intake(self) -> Intake:
        """The intake bucket."""
        with _importing():
            from attune.adapters.storage import GcsIntake

        return GcsIntake(_storage(self.deployment.project), self.deployment.intake_bucket)

    @cached_property
    def objects(self) -> Objects:
        """The dataset bucket."""
        with _importing():
            from attune.adapters.storage import GcsObjects

        return GcsObjects(_storage(self.deployment.project), self.deployment.dataset_bucket)

    @cached_property
    def ear(self) -> Ear:
        """The audio libraries."""
        from attune.adapters.ear import LibraryEar

        return LibraryEar()

    @cached_property
    def post(self) -> Post:
        """The topics; the client is imported with the first message."""
        from attune.adapters.pubsub import PubSubPost
        from attune.domain.events.message import Channel

        project = self.deployment.project
        topics = {Channel.EVENTS: self.deployment.events_topic, Channel.LAUNCH: self.deployment.launch_topic}
        return PubSubPost.of_project(project, topics)

    @cached_property
    def tuning(self) -> Tuning:
        """Vertex AI."""
        from attune.adapters.vertex import vertex_tuning

        at = self.deployment
        return vertex_tuning(at.project, at.region, at.vertex_endpoint, at.tuning_service_account, at.kms_key)

    @cached_property
    def answering(self) -> Answering:
        """Vertex AI's models."""
        from attune.adapters.vertex_answers import vertex_answering
        from attune.domain.base_models import base_model

        at = self.deployment
        return vertex_answering(at.project, at.vertex_endpoint, lambda name: base_model(name).asked_in(at.region))

    @staticmethod
    def scorer(language: str) -> Scorer:
        """The libraries that normalise and align."""
        from attune.adapters.scoring import LibraryScorer

        return LibraryScorer(language)

    @cached_property
    def tracer(self) -> Tracer:
        """Who keeps spans: nobody, unless ATTUNE_TRACES says who."""
        if self.deployment.traces is None:
            return NoTracer()
        from attune.adapters.spans import tracer

        return tracer(self.deployment.traces, self.deployment.project, os.environ.get("K_SERVICE", "attune"))

    @property
    def checksum(self) -> Checksum:
        """CRC32C."""
        import google_crc32c

        return google_crc32c.value  # type: ignore[no-any-return]  # it has no types

    def ports(self) -> Ports:
        """As the services take them: each built when it is first asked for."""
        return Ports(
            documents=lambda: self.documents,
            intake=lambda: self.intake,
            objects=lambda: self.objects,
            ear=lambda: self.ear,
            post=lambda: self.post,
            tuning=lambda: self.tuning,
            answering=lambda: self.answering,
            scorer=self.scorer,
            checksum=lambda: self.checksum,
            each=in_threads,
            clock=now,
            new_owner=new_owner,
        )


@contextmanager
def _importing() -> Iterator[None]:
    """The collector does not look through what is imported, now or later: it stays. That is a tenth of a cold start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@cache
def _storage(project: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the client has no types
    with _importing():
        from google.cloud.storage import Client
        from requests.adapters import HTTPAdapter

    client = Client(project=project)
    # As many connections as calls under way; requests keeps ten, and throws the others away after each call.
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, HTTPAdapter(pool_maxsize=_THREADS))  # noqa: SLF001 - the client has no door to it
    return client


@cache
def cloud() -> Cloud:
    """This process's deployment, from its environment."""
    return Cloud(Deployment.from_environment(os.environ))


def now() -> datetime:
    """The wall clock, in UTC."""
    return datetime.now(UTC)


def new_owner() -> str:
    """A name that no other call has."""
    return uuid.uuid4().hex


def in_threads(work: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """The work done on all things, several at once; the first error is raised when all have ended."""
    with ThreadPoolExecutor(_THREADS) as pool:
        # Each in a copy of the caller's context: what its log lines are about, and the span that it is a part of.
        started = [pool.submit(copy_context().run, work, thing) for thing in things]
        return [done.result() for done in started]
