"""What is announced and ordered, as it waits in the outbox."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol


class Channel(StrEnum):
    """Which topic a message goes to."""

    EVENTS = "events"
    LAUNCH = "launch"


@dataclass(frozen=True, slots=True)
class Message:
    """A message in the outbox. Its `id` is made from what it says, so that a duplicate carries the same one.

    `traceparent` is where in a trace it was written.
    """

    id: str
    channel: Channel
    type: str
    dataset: str
    subject: str
    at: datetime
    data: Mapping[str, object]
    traceparent: str | None = None


class Fact(Protocol):
    """Something that happened, or is to happen, once."""

    TYPE: ClassVar[str]
    CHANNEL: ClassVar[Channel]

    @property
    def dataset(self) -> str:
        """The dataset it belongs to."""
        ...

    @property
    def subject(self) -> str:
        """What it happened to."""
        ...

    @property
    def once(self) -> str:
        """What tells it from the next of its type on the same subject."""
        ...


class OfARun:
    """A fact about a run, which happens to it once unless it says otherwise."""

    CHANNEL: ClassVar[Channel] = Channel.EVENTS
    dataset: str
    run: str
    __slots__ = ()

    @property
    def subject(self) -> str:
        """The run."""
        return f"datasets/{self.dataset}/runs/{self.run}"

    @property
    def once(self) -> str:
        """Nothing tells it from the next, as there is none."""
        return ""


def message(fact: Fact, at: datetime, traceparent: str | None = None) -> Message:
    """The fact as a message."""
    key = f"{fact.TYPE}\n{fact.dataset}\n{fact.subject}\n{fact.once}"
    body: dict[str, object] = asdict(fact)  # type: ignore[call-overload]  # every fact is a dataclass
    return Message(
        id=hashlib.sha256(key.encode()).hexdigest()[:32],
        channel=fact.CHANNEL,
        type=fact.TYPE,
        dataset=fact.dataset,
        subject=fact.subject,
        at=at,
        data=body,
        traceparent=traceparent,
    )
