"""What a request is told of: its lines carry its trace and its execution, and its span goes on from its sender's."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps

from flask import Flask, request

from attune import log
from attune.adapters.libraries import listen_to_libraries
from attune.domain.names import Candidate, classify, pair_id
from attune.entry.envelope import Event
from attune.tracing import Tracer, note, sender, span, traced_by

Door = Callable[[Event], None]


def attend(app: Flask) -> None:
    """Tells of each request until Flask itself has logged what came of it, and listens to the libraries."""
    listen_to_libraries()

    @app.before_request
    def begin() -> None:
        log.begin(request.headers, os.environ.get("ATTUNE_PROJECT"))

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        log.end()


def served(name: str, tracer: Callable[[], Tracer]) -> Callable[[Door], Door]:
    """Puts a span around a door.

    It goes on from where the event was written, where that carries a traceparent, and is linked to the request; else it
    goes on from where the request was sent.
    """

    def around(door: Door) -> Door:
        @wraps(door)
        def within(event: Event) -> None:
            written, sent = _written(event), sender(request.headers)
            sent_from = sent.traceparent if sent else None
            with traced_by(tracer()), span(name, of=written or sent_from, about=sent_from if written else None):
                door(event)

        return within

    return around


def about_object(name: str, generation: int) -> None:
    """Says which object, and which pair, the rest of the request is about."""
    found = classify(name)
    if isinstance(found, Candidate):
        about_dataset(found.dataset)
        pair = pair_id(found.dataset, found.path)
        log.bind(pair=pair)
        note(pair=pair)
    note(object=name, generation=generation)


def about_dataset(name: str) -> None:
    """Says which dataset the rest of the request is about."""
    log.bind(dataset=name)
    note(dataset=name)


def _written(event: Event) -> str | None:
    """The event's own traceparent, or that of the message in it: CloudEvents' extension for distributed tracing."""
    own = event.get_attributes().get("traceparent")
    message = event.data.get("message") if isinstance(event.data, Mapping) else None
    attributes = message.get("attributes") if isinstance(message, Mapping) else None
    inner = attributes.get("ce-traceparent") if isinstance(attributes, Mapping) else None
    return next((found for found in (inner, own) if isinstance(found, str)), None)
