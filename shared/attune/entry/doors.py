"""The functions' doors: an event in, a verdict in the log, an error out only where the event should come again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from logging import ERROR, INFO
from typing import TYPE_CHECKING

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from attune import bootstrap, world
from attune.domain.names import run_number
from attune.domain.parked import Parked, Task
from attune.entry.envelope import Event, read_deleted, read_finalized, read_launch_order, read_message, read_time
from attune.entry.serving import about_dataset, about_object, attend, served
from attune.errors import NotAnEventError
from attune.log import logger
from attune.tracing import Tracer, note
from attune.world import Cloud

if TYPE_CHECKING:  # each function imports the services that it has use for
    from attune.services.ingest import Taken
    from attune.services.watch import Tick

MOST_BYTES = 16 * 1024 * 1024
"""Of an event's body: Pub/Sub's 10 MB are about 14 MB in base64, and nothing larger is read."""
_CLOUD_EVENT = ("id", "source", "specversion", "type")


def guard(app: Flask) -> None:
    """Refuses what is no CloudEvent before functions-framework takes it for something else, and says so in the log."""
    attend(app)
    app.config["MAX_CONTENT_LENGTH"] = MOST_BYTES

    @app.before_request
    def admit() -> None:
        if request.method != "POST":
            return
        with _refusing_what_is_no_event():
            given = _given()
            if missing := [name for name in _CLOUD_EVENT if name not in given]:
                raise NotAnEventError(f"it is no CloudEvent: it has no {', '.join(missing)}")


def _given() -> set[str]:
    """Which of an event's attributes the request has: in its headers, or in its body where that is a whole event."""
    if request.mimetype.startswith("application/cloudevents"):
        body = request.get_json(force=True, silent=True)
        return set(body) if isinstance(body, dict) else set()
    return {name for name in _CLOUD_EVENT if f"ce-{name}" in request.headers}


def _tracer() -> Tracer:
    return world.cloud().tracer


@served("ingest", _tracer)
def ingest(event: Event) -> None:
    """An object was finalized in the intake bucket."""
    cloud = world.cloud()
    with _refusing_what_is_no_event():
        arrival = read_finalized(event, cloud.deployment.intake_bucket)
    about_object(arrival.name, arrival.generation)
    if _is_left_to_the_sweep(event, arrival.name, cloud):
        return
    facts = {"generation": arrival.generation, "size": arrival.size}
    taking_in = partial(bootstrap.ingest(cloud.ports()), arrival)
    taken = bootstrap.parking(cloud.ports())(Task.INGEST, arrival.name, facts, taking_in)
    if isinstance(taken, Parked):
        _tell_parked(taken)
    else:
        _tell(arrival.name, arrival.generation, taken)


@served("erase", _tracer)
def erase(event: Event) -> None:
    """An object was deleted from the intake bucket, or replaced there."""
    cloud = world.cloud()
    with _refusing_what_is_no_event():
        departure = read_deleted(event, cloud.deployment.intake_bucket)
    about_object(departure.name, departure.generation)
    if _is_left_to_the_sweep(event, departure.name, cloud):
        return
    facts = {"generation": departure.generation}
    erasing = partial(bootstrap.erase(cloud.ports()), departure)
    gone = bootstrap.parking(cloud.ports())(Task.ERASE, departure.name, facts, erasing)
    if isinstance(gone, Parked):
        _tell_parked(gone)
        return
    pair = gone.pair.id if gone.pair else None
    logger().info("gone", object=departure.name, generation=departure.generation, outcome=gone.outcome, pair=pair)


@served("order", _tracer)
def launch(event: Event) -> None:
    """A dataset's runs are to be launched."""
    cloud = world.cloud()
    with _refusing_what_is_no_event():
        order = read_launch_order(event)
    about_dataset(order.dataset)
    launching = partial(bootstrap.launch(cloud.ports(), cloud.deployment), order.dataset)
    facts = {"run": run_number(order.run) or 0}
    runs = bootstrap.parking(cloud.ports())(Task.LAUNCH, order.dataset, facts, launching)
    if isinstance(runs, Parked):
        _tell_parked(runs)
        return
    for run in runs:
        logger().info("run", dataset=run.dataset, run=run.id, state=run.state, reason=run.reason or run.note)


@served("tick", _tracer)
def watch(event: Event) -> None:
    """A tick."""
    cloud = world.cloud()
    with _refusing_what_is_no_event():
        read_message(event)
    _tell_tick(bootstrap.watch(cloud.ports(), cloud.deployment)())


def _tell_tick(tick: Tick) -> None:
    logger().info(
        "tick",
        sent=tick.sent,
        opened=tick.opened,
        sharded=tick.sharded,
        resumed=tick.resumed,
        followed=tick.followed,
    )
    for name, state in tick.followed.items():
        dataset, _, run = name.rpartition("/")
        logger().info("run", dataset=dataset, run=run, state=state)
    for census in tick.censuses:
        logger().info("census", **asdict(census))
    for report in tick.reports:
        logger().info("report", **asdict(report))
    for said in tick.guarded:
        logger().info("guard", said=said)
    _tell_of_the_intake(tick)
    for trouble in tick.put_off:
        logger().warning("put off to the next tick", trouble=trouble)
    for job in tick.orphans:
        logger().error("a tuning job of ours is on no run's record: cancel it if it still runs", job=job)


def _tell_of_the_intake(tick: Tick) -> None:
    for ledger in tick.swept.ledgers:
        logger().log(ERROR if ledger.gap else INFO, "ledger", **asdict(ledger) | {"at": ledger.at.isoformat()})
    if tick.swept.taken_in or tick.swept.vanished:
        logger().info("sweep", taken_in=tick.swept.taken_in, vanished=tick.swept.vanished)
    if tick.forgotten:
        logger().info("forgotten", **asdict(tick.forgotten))
    for retried in tick.retried:
        logger().info("tried again", **asdict(retried))


def _tell(name: str, generation: int, taken: Taken) -> None:
    from attune.services.ingest import Outcome  # noqa: PLC0415 - ingest has it already, and the others do without

    pair = taken.pair
    reasons = [reason.code for reason in pair.reasons] if pair and taken.outcome is Outcome.REJECTED else None
    note(outcome=taken.outcome, reasons=reasons)
    logger().info(
        "object",
        object=name,
        generation=generation,
        outcome=taken.outcome,
        dataset=pair.dataset if pair else None,
        pair=pair.id if pair else None,
        reasons=reasons,
        ignored=taken.ignored,
    )


def _is_left_to_the_sweep(event: Event, name: str, cloud: Cloud) -> bool:
    """Whether an event is so old that the next pass over the bucket looks at its object instead."""
    at, oldest = read_time(event), timedelta(seconds=cloud.deployment.oldest_event_seconds)
    if at is None or world.now() - at < oldest:
        return False
    logger().warning("an old event is left to the sweep", object=name, at=at.isoformat())
    return True


def _tell_parked(parked: Parked) -> None:
    logger().error(
        "parked: attune retry tries it again",
        task=parked.task,
        subject=parked.subject,
        reason=parked.reason,
        deliveries=parked.deliveries,
    )


@contextmanager
def _refusing_what_is_no_event() -> Iterator[None]:
    """400 for what is no event of ours: logged, and no state touched."""
    try:
        yield
    except NotAnEventError as refused:
        logger().error("not an event for this function", why=str(refused))
        raise BadRequest(str(refused)) from refused
