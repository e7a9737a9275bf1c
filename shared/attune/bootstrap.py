"""Put services and adapters together. Each is imported where it is built: no function pays for what it does not use."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeVar

from attune.config import Deployment
from attune.domain.base_models import Models, base_model
from attune.domain.events import Channel
from attune.ports import Answering, Checksum, Clock, Documents, Each, Ear, Intake, Objects, Post, Scorer, Tuning
from attune.tracing import NoTracer, Tracer

if TYPE_CHECKING:
    from attune.services.approve import Approving
    from attune.services.cancel import Cancelling
    from attune.services.decide import Deciding
    from attune.services.erase import Erasing
    from attune.services.evaluate.asking import Asking
    from attune.services.evaluate.evaluating import Evaluating
    from attune.services.forecast import Forecast
    from attune.services.ingest import Ingest
    from attune.services.launch import Launch
    from attune.services.lineage import Lineage
    from attune.services.park import Parking
    from attune.services.report.refresh import Refresh
    from attune.services.retry import Asking as AskingAgain
    from attune.services.rollback import RollingBack
    from attune.services.run_report.publish import Reporting
    from attune.services.runs import Runs
    from attune.services.shards import Sharding
    from attune.services.status import Status
    from attune.services.sweep.sweeping import Sweeping
    from attune.services.watch import Watch

T = TypeVar("T")
R = TypeVar("R")
_THREADS = 16  # remote calls under way at once, for work that is many small calls
_AHEAD = timedelta(seconds=60)  # a tick shards ahead no longer than this: the next one comes in a minute
_REPORTING = timedelta(seconds=60)  # and refreshes reports no longer than this
# A deployment that asks for shorter leases has them everywhere: who dies with one keeps the others waiting no longer.
_REPORT_LEASE = timedelta(seconds=120)  # no two writes of a refresh are further apart
_EVALUATING = timedelta(seconds=60)  # nor asks models longer than this
_EVALUATION_LEASE = timedelta(minutes=5)  # no two batches of answers are further apart
_SWEEPING = timedelta(seconds=60)  # nor sweeps longer than this
_SWEEP_LEASE = timedelta(minutes=10)  # no two pages of a sweep are further apart
_ANSWER = timedelta(seconds=60)  # the create call's deadline, in adapters.vertex


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything attune needs of the world. What a function has no use for is never built.

    `models` is the catalogue of base models.
    """

    documents: Callable[[], Documents]
    intake: Callable[[], Intake]
    objects: Callable[[], Objects]
    ear: Callable[[], Ear]
    post: Callable[[], Post]
    tuning: Callable[[], Tuning]
    answering: Callable[[], Answering]
    scorer: Callable[[str], Scorer]
    checksum: Callable[[], Checksum]
    each: Each
    clock: Clock
    new_owner: Callable[[], str]
    models: Models = base_model


def ingest(ports: Ports) -> Ingest:
    """The service behind the ingest function."""
    from attune.services.ingest import Ingest

    return Ingest(ports.documents(), ports.intake(), ports.objects(), ports.ear(), ports.post(), ports.clock)


def erase(ports: Ports) -> Erasing:
    """The service behind the erase function."""
    from attune.services.erase import Erasing

    return Erasing(ports.documents(), ports.intake(), ports.clock)


def parking(ports: Ports) -> Parking:
    """What keeps the events that cannot be worked on."""
    from attune.services.park import Parking

    return Parking(ports.documents(), ports.clock)


def launch(ports: Ports, deployment: Deployment) -> Launch:
    """The service behind the launch function."""
    from attune.services.assemble import Assembly
    from attune.services.cut import Cutting
    from attune.services.launch import Launch
    from attune.services.start import Starting

    documents, post, objects, clock = ports.documents(), ports.post(), ports.objects(), ports.clock
    intent = timedelta(seconds=deployment.intent_seconds)
    return Launch(
        documents=documents,
        post=post,
        clock=clock,
        cutting=Cutting(documents, clock),
        assembly=Assembly(documents, objects, _sharding(ports), ports.each, clock, ports.models),
        starting=Starting(
            documents, ports.tuning(), post, clock, deployment.max_concurrent_jobs, intent, min(_ANSWER, intent / 2)
        ),
        lease=timedelta(seconds=deployment.lease_seconds),
        budget=timedelta(seconds=deployment.budget_seconds),
        new_owner=ports.new_owner,
    )


def watch(ports: Ports, deployment: Deployment) -> Watch:
    """The service behind the watch function."""
    from attune.services.ahead import ShardAhead
    from attune.services.annotate import Annotating
    from attune.services.follow import Following
    from attune.services.forget import Forgetting
    from attune.services.guard import Guarding
    from attune.services.retry import Retrying
    from attune.services.watch import Watch

    documents, post, clock, tuning = ports.documents(), ports.post(), ports.clock, ports.tuning()
    lease = timedelta(seconds=deployment.lease_seconds)
    objects, asking = ports.objects(), _asking(ports, deployment)
    evaluating = _evaluating(ports, asking, lease)
    return Watch(
        documents=documents,
        post=post,
        clock=clock,
        tuning=tuning,
        following=Following(
            documents, objects, tuning, post, clock, _deciding(ports, evaluating), _reporting(ports).unmeasured
        ),
        annotating=Annotating(documents, tuning),
        guarding=Guarding(
            documents,
            objects,
            asking,
            ports.scorer,
            rolling_back(ports),
            clock,
            min(_EVALUATION_LEASE, lease),
            _EVALUATING,
            ports.new_owner,
        ),
        sharding_ahead=ShardAhead(documents, _sharding(ports), clock, lease, _AHEAD, ports.new_owner),
        retrying=Retrying(documents, post, clock, parking(ports), ingest(ports), erase(ports)),
        forgetting=Forgetting(
            documents,
            objects,
            _sharding(ports),
            ports.each,
            ingest(ports).hand_on,
            evaluating.retell,
            clock,
            lease,
            ports.new_owner,
        ),
        sweeping=sweeping(ports, deployment),
        refresh=_refresh(ports, lease),
        stalled=timedelta(seconds=deployment.stalled_seconds),
        reporting_for=_REPORTING,
    )


def _asking(ports: Ports, deployment: Deployment) -> Asking:
    """What asks models is built when a model is to be asked: a tick without an evaluation imports none of it."""
    from attune.services.evaluate.asking import Asking

    return Asking(
        ports.documents(), ports.objects(), ports.answering, ports.each, ports.clock, deployment.questions_a_tick
    )


def sweeping(ports: Ports, deployment: Deployment) -> Sweeping:
    """The service that passes over the intake bucket."""
    from attune.services.sweep.missing import Missing
    from attune.services.sweep.objects import Looking
    from attune.services.sweep.sweeping import Sweeping

    documents, intake = ports.documents(), ports.intake()
    return Sweeping(
        documents=documents,
        intake=intake,
        looking=Looking(documents, ingest(ports), parking(ports), ports.each),
        missing=Missing(documents, intake, erase(ports), ports.each),
        clock=ports.clock,
        lease=min(_SWEEP_LEASE, timedelta(seconds=deployment.lease_seconds)),
        budget=_SWEEPING,
        pause=timedelta(seconds=deployment.sweep_seconds),
        new_owner=ports.new_owner,
    )


def _evaluating(ports: Ports, asking: Asking, lease: timedelta) -> Evaluating:
    from attune.services.evaluate.evaluating import Evaluating

    return Evaluating(
        documents=ports.documents(),
        objects=ports.objects(),
        asking=asking,
        scorers=ports.scorer,
        finished=_reporting(ports),
        models=ports.models,
        clock=ports.clock,
        lease=min(_EVALUATION_LEASE, lease),
        budget=_EVALUATING,
        new_owner=ports.new_owner,
    )


def _deciding(ports: Ports, evaluating: Evaluating) -> Deciding:
    from attune.services.decide import Deciding
    from attune.services.evaluate.places import run_page_name
    from attune.services.evaluate.silence import smoke_call
    from attune.services.promote import Promoting

    documents, objects, clock = ports.documents(), ports.objects(), ports.clock
    promoting = Promoting(
        documents, ports.post(), clock, smoke_call(ports.answering), lambda run: objects.uri(run_page_name(run))
    )
    return Deciding(documents, clock, evaluating, promoting)


def _reporting(ports: Ports) -> Reporting:
    from attune.services.run_report.publish import Reporting

    return Reporting(ports.documents(), ports.objects(), ports.scorer, ports.clock)


def forecast(ports: Ports, deployment: Deployment) -> Forecast:
    """The service behind `attune plan`."""
    from attune.services.forecast import Forecast

    return Forecast(ports.documents(), _sharding(ports), ports.each, ports.models, deployment.dataset_bucket)


def approving(ports: Ports) -> Approving:
    """The service behind `attune approve` and `attune reject`."""
    from attune.services.approve import Approving

    return Approving(ports.documents(), ports.clock)


def rolling_back(ports: Ports) -> RollingBack:
    """The service behind `attune rollback`."""
    from attune.services.rollback import RollingBack

    return RollingBack(ports.documents(), ports.clock, lambda endpoint, model: ports.tuning().serves(endpoint, model))


def cancelling(ports: Ports, deployment: Deployment) -> Cancelling:
    """The service behind `attune cancel`."""
    from attune.services.cancel import Cancelling

    lease = timedelta(seconds=deployment.lease_seconds)
    return Cancelling(ports.documents(), ports.tuning, ports.clock, lease, ports.new_owner)


def retry(ports: Ports) -> AskingAgain:
    """The service behind `attune retry`."""
    from attune.services.retry import Asking as AskingAgain

    return AskingAgain(ports.documents())


def status(ports: Ports, deployment: Deployment) -> Status:
    """The service behind `attune status`."""
    from attune.services.status import Status

    pause = timedelta(seconds=deployment.sweep_seconds)
    return Status(ports.documents(), ports.clock, deployment.dataset_bucket, pause)


def lineage(ports: Ports) -> Lineage:
    """The service behind `attune lineage`."""
    from attune.services.lineage import Lineage

    return Lineage(ports.documents(), ports.objects())


def runs(ports: Ports) -> Runs:
    """The service behind `attune runs` and `attune run show`."""
    from attune.services.runs import Runs

    return Runs(ports.documents())


def _refresh(ports: Ports, lease: timedelta) -> Refresh:
    from attune.services.report.places import report_store
    from attune.services.report.publish import Publishing
    from attune.services.report.refresh import Refresh
    from attune.services.shards import Sharding

    documents, objects, clock = ports.documents(), ports.objects(), ports.clock
    sharding = Sharding(documents, objects, ports.checksum(), ports.each, report_store)
    publishing = Publishing(documents, objects, clock)
    return Refresh(documents, sharding, publishing, clock, min(_REPORT_LEASE, lease), ports.new_owner)


def _sharding(ports: Ports) -> Sharding:
    from attune.services.shards import Sharding

    return Sharding(ports.documents(), ports.objects(), ports.checksum(), ports.each)


@dataclass(frozen=True)
class Cloud:
    """The ports as this deployment has them: Google Cloud's services, or whatever its clients are pointed at."""

    deployment: Deployment

    @cached_property
    def documents(self) -> Documents:
        """Firestore."""
        from google.cloud import firestore

        from attune.adapters.firestore import FirestoreDocuments

        database = self.deployment.firestore_database
        return FirestoreDocuments(firestore.Client(project=self.deployment.project, database=database))

    @cached_property
    def intake(self) -> Intake:
        """The intake bucket."""
        from attune.adapters.storage import GcsIntake

        return GcsIntake(_storage(self.deployment.project), self.deployment.intake_bucket)

    @cached_property
    def objects(self) -> Objects:
        """The dataset bucket."""
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


@cache
def _storage(project: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the client has no types
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
