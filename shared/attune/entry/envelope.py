"""Unpack CloudEvents: an object that was finalized, or a message from a topic. Nothing else passes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Protocol

import pybase64
from pydantic import BaseModel, Field, ValidationError

from attune.domain.arrival import Arrival, Departure
from attune.errors import NotAnEventError

DELETED = "google.cloud.storage.object.v1.deleted"
ARCHIVED = "google.cloud.storage.object.v1.archived"  # what a bucket with versions tells instead
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
    found = _read_resource(event, bucket, FINALIZED)
    return Arrival(found.name, found.generation, found.size)


def read_deleted(event: Event, bucket: str) -> Departure:
    """The object that is gone from our intake bucket.

    Raises:
        NotAnEventError: it tells of no deletion, or of one in another bucket.
    """
    found = _read_resource(event, bucket, DELETED, ARCHIVED)
    return Departure(found.name, found.generation)


def read_time(event: Event) -> datetime | None:
    """When it happened, where the event tells."""
    told = event.get_attributes().get("time")
    try:
        at = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read_resource(event: Event, bucket: str, *kinds: str) -> _Resource:
    _expect(event, *kinds)
    try:
        found = _Resource.model_validate(event.data)
    except ValidationError as invalid:
        raise NotAnEventError(f"its body is no object resource: {_fields(invalid)}") from None
    if found.bucket != bucket:
        raise NotAnEventError(f"it is of the bucket {found.bucket!r}, and this function serves {bucket!r}")
    return found


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


def _expect(event: Event, *kinds: str) -> None:
    found = event.get_attributes().get("type")
    if found not in kinds:
        raise NotAnEventError(f"its type is {found!r}, and {' or '.join(map(repr, kinds))} is taken here")


def _fields(invalid: ValidationError) -> str:
    """Which fields are wrong, never what is in them."""
    return ", ".join(sorted({".".join(map(str, error["loc"])) or "body" for error in invalid.errors()}))
