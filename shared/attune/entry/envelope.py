"""Unpack CloudEvents: an object that was finalized, or a message from a topic. Nothing else passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Protocol

import pybase64
from pydantic import BaseModel, Field, ValidationError

from attune.errors import NotAnEventError
from attune.services.ingest import Arrival

FINALIZED = "google.cloud.storage.object.v1.finalized"
PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


class Event(Protocol):
    """A CloudEvent as functions-framework hands it over."""

    data: object

    def get_attributes(self) -> Mapping[str, object]:
        """The event's `ce-` headers, without their prefix."""
        ...


class _Resource(BaseModel):
    """What is used of the object resource; its numbers travel as strings."""

    bucket: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    generation: Annotated[int, Field(gt=0)]
    size: Annotated[int, Field(ge=0)]


class _PubSubMessage(BaseModel):
    data: str = ""
    attributes: dict[str, str] = Field(default_factory=dict)


class _Published(BaseModel):
    message: _PubSubMessage


class LaunchOrder(BaseModel):
    """The order to launch a dataset's runs."""

    dataset: Annotated[str, Field(min_length=1)]
    run: str


def read_finalized(event: Event, bucket: str) -> Arrival:
    """The object that arrived in our intake bucket.

    Raises:
        NotAnEventError: it is no finalize event, or one of another bucket.
    """
    _expect(event, FINALIZED)
    try:
        found = _Resource.model_validate(event.data)
    except ValidationError as invalid:
        raise NotAnEventError(f"its body is no object resource: {_fields(invalid)}") from None
    if found.bucket != bucket:
        raise NotAnEventError(f"it is of the bucket {found.bucket!r}, and this function serves {bucket!r}")
    return Arrival(found.name, found.generation, found.size)


def read_launch_order(event: Event) -> LaunchOrder:
    """The dataset whose runs are to be launched.

    Raises:
        NotAnEventError: it is no Pub/Sub message, or its data is no order.
    """
    message = read_message(event)
    try:
        return LaunchOrder.model_validate_json(pybase64.b64decode(message.data, validate=True))
    except ValueError as invalid:
        fields = _fields(invalid) if isinstance(invalid, ValidationError) else "not base64"
        raise NotAnEventError(f"its data is no order to launch: {fields}") from None


def read_message(event: Event) -> _PubSubMessage:
    """A topic's message.

    Raises:
        NotAnEventError: it is none.
    """
    _expect(event, PUBLISHED)
    try:
        return _Published.model_validate(event.data).message
    except ValidationError as invalid:
        raise NotAnEventError(f"its body is no Pub/Sub message: {_fields(invalid)}") from None


def _expect(event: Event, kind: str) -> None:
    found = event.get_attributes().get("type")
    if found != kind:
        raise NotAnEventError(f"its type is {found!r}, and {kind!r} is taken here")


def _fields(invalid: ValidationError) -> str:
    """Which fields are wrong, never what is in them."""
    return ", ".join(sorted({".".join(map(str, error["loc"])) or "body" for error in invalid.errors()}))
