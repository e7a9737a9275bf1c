"""Put services and adapters together. Each is imported where it is built: no function pays for what it does not use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from attune.deployment import Deployment
from attune.ports import Checksum, Clock, Documents, Each, Ear, Intake, Objects, Post

if TYPE_CHECKING:
    from attune.config import Settings
    from attune.domain.arrival import Arrival, Departure
    from attune.domain.base_models import BaseModel, Models
    from attune.domain.run import Run
    from attune.ports import Versioned
    from attune.ports_tuning import Answering, Scorer, Tuning
    from attune.services.ahead import ShardAhead
    from attune.services.annotate import Annotating
    from attune.services.approve import Approving
    from attune.services.assemble import Assembly
    from attune.services.cancel import Cancelling
    from attune.services.decide import Deciding
    from attune.services.erase import Departed, Erasing
    from attune.services.evaluate.asking import Asking
    from attune.services.evaluate.evaluating import Evaluating
    from attune.services.follow import Following
    from attune.services.forecast import Forecast
    from attune.services.forget import Forgetting
    from attune.services.guard import Guarding
    from attune.services.ingest import Ingest, Taken
    from attune.services.launch import Launch
    from attune.services.lineage import Lineage
    from attune.services.park import Parking
    from attune.services.report.publish import Publishing
    from attune.services.report.refresh import Refresh
    from attune.services.retry import Asking as AskingAgain
    from attune.services.retry import Retrying
    from attune.services.rollback import RollingBack
    from attune.services.run_report.publish import Reporting
    from attune.services.runs import Runs
    from attune.services.shards import Sharding
    from attune.services.start import Starting
    from attune.services.status import Status
    from attune.services.sweep.sweeping import Sweeping
    from attune.services.watch import Watch

P = ParamSpec("P")
R = TypeVar("R")
_AHEAD = timedelta(seconds=60)  # a tick shards ahead no longer than this: the next one comes in a minute
_REPORTING = timedelta(seconds=60)  # and refreshes reports no longer than this
# A deployment that asks for shorter leases has them everywhere: who dies with one keeps the others waiting no longer.
_REPORT_LEASE = timedelta(seconds=120)  # no two writes of a refresh are further apart
_EVALUATING = timedelta(seconds=60)  # nor asks models longer than this
_EVALUATION_LEASE = timedelta(minutes=5)  # no two batches of answers are further apart
_SWEEPING = timedelta(seconds=60)  # nor sweeps longer than this
_SWEEP_LEASE = timedelta(minutes=10)  # no two pages of a sweep are further apart
_ANSWER = timedelta(seconds=60)  # the create call's deadline, in adapters.vertex


def _base_model(name: str) -> BaseModel:
    from attune.domain.base_models import base_model

    return base_model(name)


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
    models: Models = _base_model


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
    """The service behind the launch function. An order of a run that waits for its slot assembles nothing."""
    from attune.services.cut import Cutting
    from attune.services.launch import Launch

    documents, post, clock = ports.documents(), ports.post(), ports.clock
    return Launch(
        documents=documents,
        post=post,
        clock=clock,
        cutting=Cutting(documents, clock),
        assembly=_when_called(lambda: _assembly(ports)),
        starting=lambda: _starting(ports, deployment),
        lease=timedelta(seconds=deployment.lease_seconds),
        budget=timedelta(seconds=deployment.budget_seconds),
        new_owner=ports.new_owner,
    )


def _assembly(ports: Ports) -> Assembly:
    from attune.services.assemble import Assembly

    return Assembly(ports.documents(), ports.objects(), _sharding(ports), ports.each, ports.clock, ports.models)


def _starting(ports: Ports, deployment: Deployment) -> Starting:
    from attune.services.start import Starting

    intent = timedelta(seconds=deployment.intent_seconds)
    return Starting(
        ports.documents(),
        ports.tuning(),
        ports.post(),
        ports.clock,
        deployment.max_concurrent_jobs,
        intent,
        min(_ANSWER, intent / 2),
    )


def watch(ports: Ports, deployment: Deployment) -> Watch:
    """The service behind the watch function. What a tick finds no work for is neither built nor imported."""
    from attune.services.watch import Watch

    documents, post, clock, tuning = ports.documents(), ports.post(), ports.clock, ports.tuning()
    lease = timedelta(seconds=deployment.lease_seconds)
    return Watch(
        documents=documents,
        post=post,
        clock=clock,
        tuning=tuning,
        following=_when_called(lambda: _following(ports, deployment)),
        letting_go=_when_called(lambda: _letting_go(ports)),
        annotating=_when_called(lambda: _annotating(ports)),
        guarding=_when_called(lambda: _guarding(ports, deployment)),
        sharding_ahead=_when_called(lambda: _sharding_ahead(ports, lease)),
        retrying=_when_called(lambda: _retrying(ports)),
        forgetting=_when_called(lambda: _forgetting(ports, deployment)),
        sweeping=_when_called(lambda: sweeping(ports, deployment)),
        refresh=_when_called(lambda: _refresh(ports, lease)),
        stalled=timedelta(seconds=deployment.stalled_seconds),
        reporting_for=_REPORTING,
        pause=timedelta(seconds=deployment.sweep_seconds),
    )


def _when_called(build: Callable[[], Callable[P, R]]) -> Callable[P, R]:
    """What is built when there is work for it."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return build()(*args, **kwargs)

    return call


def _ingesting(ports: Ports) -> Callable[[Arrival], Taken]:
    return _when_called(lambda: ingest(ports))


def _erasing(ports: Ports) -> Callable[[Departure], Departed]:
    return _when_called(lambda: erase(ports))


def _retrying(ports: Ports) -> Retrying:
    from attune.services.retry import Retrying

    return Retrying(ports.post(), ports.clock, parking(ports), _ingesting(ports), _erasing(ports))


def _forgetting(ports: Ports, deployment: Deployment) -> Forgetting:
    from attune.services.forget import Forgetting

    return Forgetting(
        ports.documents(),
        ports.objects(),
        _sharding(ports),
        ports.each,
        _when_called(lambda: ingest(ports).hand_on),
        _when_called(lambda: _evaluating(ports, deployment).retell),
        ports.clock,
        timedelta(seconds=deployment.lease_seconds),
        ports.new_owner,
    )


def _following(ports: Ports, deployment: Deployment) -> Following:
    from attune.services.follow import Following

    return Following(
        ports.documents(),
        ports.objects(),
        ports.tuning(),
        ports.post(),
        ports.clock,
        _deciding(ports, _evaluating(ports, deployment)),
        _reporting(ports).unmeasured,
    )


def _letting_go(ports: Ports) -> Callable[[Versioned[Run], Settings], bool]:
    from attune.services.hold import let_go

    return partial(let_go, documents=ports.documents(), clock=ports.clock)


def _annotating(ports: Ports) -> Annotating:
    from attune.services.annotate import Annotating

    return Annotating(ports.documents(), ports.tuning())


def _guarding(ports: Ports, deployment: Deployment) -> Guarding:
    from attune.services.guard import Guarding

    return Guarding(
        ports.documents(),
        ports.objects(),
        _asking(ports, deployment),
        ports.scorer,
        rolling_back(ports),
        ports.clock,
        min(_EVALUATION_LEASE, timedelta(seconds=deployment.lease_seconds)),
        _EVALUATING,
        ports.new_owner,
    )


def _sharding_ahead(ports: Ports, lease: timedelta) -> ShardAhead:
    from attune.services.ahead import ShardAhead

    return ShardAhead(ports.documents(), _sharding(ports), ports.clock, lease, _AHEAD, ports.new_owner)


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
        looking=Looking(documents, _ingesting(ports), parking(ports), ports.each),
        missing=Missing(documents, intake, _erasing(ports), ports.each),
        clock=ports.clock,
        lease=min(_SWEEP_LEASE, timedelta(seconds=deployment.lease_seconds)),
        budget=_SWEEPING,
        pause=timedelta(seconds=deployment.sweep_seconds),
        new_owner=ports.new_owner,
    )


def _evaluating(ports: Ports, deployment: Deployment) -> Evaluating:
    from attune.services.evaluate.evaluating import Evaluating

    return Evaluating(
        documents=ports.documents(),
        objects=ports.objects(),
        asking=_asking(ports, deployment),
        scorers=ports.scorer,
        finished=_reporting(ports),
        models=ports.models,
        clock=ports.clock,
        lease=min(_EVALUATION_LEASE, timedelta(seconds=deployment.lease_seconds)),
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
    from attune.services.report.refresh import Refresh
    from attune.services.shards import Sharding

    documents, objects, clock = ports.documents(), ports.objects(), ports.clock
    sharding = Sharding(documents, objects, ports.checksum(), ports.each, report_store)
    lease = min(_REPORT_LEASE, lease)
    return Refresh(documents, sharding, lambda: _publishing(ports), clock, lease, ports.new_owner)


def _publishing(ports: Ports) -> Publishing:
    from attune.services.report.publish import Publishing

    return Publishing(ports.documents(), ports.objects(), ports.clock)


def _sharding(ports: Ports) -> Sharding:
    from attune.services.shards import Sharding

    return Sharding(ports.documents(), ports.objects(), ports.checksum(), ports.each)
