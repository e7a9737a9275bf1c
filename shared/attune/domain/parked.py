"""Parked: an event that could not be worked on, kept with its reason until a person asks for another try."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Task(StrEnum):
    """What is to be done again: the function that was at it."""

    INGEST = "ingest"
    ERASE = "erase"
    LAUNCH = "launch"


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that could not be worked on. `subject` is its object, or its dataset; `facts` are what it told.

    `parked` once it was acknowledged; until then it was delivered so many times, and comes again by itself. `again`
    once a person asked for another try.
    """

    task: Task
    subject: str
    reason: str
    first_at: datetime
    last_at: datetime
    deliveries: int = 1
    parked: bool = False
    again: bool = False
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The document's id: the same for every delivery of the event."""
        return parked_id(self.task, self.subject, self.facts)


def parked_id(task: Task, subject: str, facts: Mapping[str, int]) -> str:
    """Names an event by what it asks for. A subject may be any text, which an id may not."""
    told = "\0".join((task, subject, *(f"{name}={value}" for name, value in sorted(facts.items()))))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
