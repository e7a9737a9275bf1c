"""The functions' doors: an event in, a verdict in the log, an error out only where the event should come again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from attune import bootstrap
from attune.entry.envelope import Event, read_finalized, read_launch_order, read_message
from attune.errors import NotAnEventError
from attune.log import logger
from attune.services.ingest import Outcome, Taken

_CLOUD_EVENT = ("id", "source", "specversion", "type")


def guard(app: Flask) -> None:
    """Refuses what is no CloudEvent before functions-framework takes it for something else, and says so in the log."""

    @app.before_request
    def admit() -> None:
        with _refusing_what_is_no_event():
            missing = [name for name in _CLOUD_EVENT if name not in _given()]
            if request.method == "POST" and missing:
                raise NotAnEventError(f"it is no CloudEvent: it has no {', '.join(missing)}")


def _given() -> set[str]:
    """The attributes that the request carries: in its headers, or in its body where that is a whole event."""
    if request.mimetype.startswith("application/cloudevents"):
        body = request.get_json(force=True, silent=True)
        return set(body) if isinstance(body, dict) else set()
    return {name.lower().removeprefix("ce-") for name, _ in request.headers if name.lower().startswith("ce-")}


def ingest(event: Event) -> None:
    """An object was finalized in the intake bucket."""
    cloud = bootstrap.cloud()
    with _refusing_what_is_no_event():
        arrival = read_finalized(event, cloud.deployment.intake_bucket)
    taken = bootstrap.ingest(cloud.ports())(arrival)
    _tell(arrival.name, arrival.generation, taken)


def launch(event: Event) -> None:
    """A dataset's runs are to be launched."""
    cloud = bootstrap.cloud()
    with _refusing_what_is_no_event():
        order = read_launch_order(event)
    for run in bootstrap.launch(cloud.ports(), cloud.deployment)(order.dataset):
        logger().info("run", dataset=run.dataset, run=run.id, state=run.state, reason=run.reason or run.note)


def watch(event: Event) -> None:
    """A tick."""
    cloud = bootstrap.cloud()
    with _refusing_what_is_no_event():
        read_message(event)
    tick = bootstrap.watch(cloud.ports(), cloud.deployment)()
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
    for said in tick.guarded:
        logger().info("guard", said=said)
    for report in tick.reports:
        logger().info("report", **asdict(report))
    for trouble in tick.put_off:
        logger().warning("put off to the next tick", trouble=trouble)
    for job in tick.orphans:
        logger().error("a tuning job of ours is on no run's record: cancel it if it still runs", job=job)


def _tell(name: str, generation: int, taken: Taken) -> None:
    pair = taken.pair
    logger().info(
        "object",
        object=name,
        generation=generation,
        outcome=taken.outcome,
        dataset=pair.dataset if pair else None,
        pair=pair.id if pair else None,
        reasons=[reason.code for reason in pair.reasons] if pair and taken.outcome is Outcome.REJECTED else None,
        ignored=taken.ignored,
    )


@contextmanager
def _refusing_what_is_no_event() -> Iterator[None]:
    """400 for what is no event of ours: logged, and no state touched."""
    try:
        yield
    except NotAnEventError as refused:
        logger().error("not an event for this function", why=str(refused))
        raise BadRequest(str(refused)) from refused
