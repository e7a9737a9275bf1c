"""What `attune doctor` needs of the world: a look at a project as it is, and at the settings that people wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from attune.errors import AttuneError


class UnseenError(AttuneError):
    """Something could not be looked at: permission denied, an API off, no answer. `todo` says what helps."""

    def __init__(self, said: str, todo: str) -> None:
        super().__init__(said)
        self.todo = todo


class Kind(StrEnum):
    """The kinds of thing that rights are granted on."""

    PROJECT = "project"
    BUCKET = "bucket"
    TOPIC = "topic"
    SUBSCRIPTION = "subscription"
    ACCOUNT = "service account"
    REPOSITORY = "repository"
    SERVICE = "Cloud Run service"


@dataclass(frozen=True, slots=True)
class Place:
    """Something that rights are granted on, by its own name: a bucket's, a topic's id, an account's address."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for a member (`serviceAccount:…`); with a condition, only where the expression holds."""

    role: str
    member: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A project's number, and the day it was made."""

    number: str
    made: date


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket; its location in lower case, `key` the customer's own where it has one.

    What is deleted in it can be had back for `kept_seconds`; with `versions` it is not deleted, but archived.
    """

    location: str
    uniform_access: bool
    public_access_prevented: bool
    versions: bool
    kept_seconds: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What a bucket tells a topic, by its full name: events in its own words (OBJECT_FINALIZE); none, and it tells all.

    With a prefix it is silent about objects whose names begin otherwise.
    """

    topic: str
    events: frozenset[str]
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """A Firestore database."""

    native: bool
    location: str
    recoverable: bool
    protected: bool
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index over fields, of one collection or of all of that name.

    Beside each field stands its direction, ASCENDING or DESCENDING; CONTAINS for what is in a list; OTHER for the rest.
    """

    collection: str
    fields: tuple[tuple[str, str], ...]
    group: bool = False
    ready: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Indexes:
    """A database's indexes: those over several fields, and by field (collection, name) those stated for it.

    A field of which nothing is stated has Firestore's own: one ascending and one descending, within a collection.
    """

    composite: tuple[Index, ...]
    fields: Mapping[tuple[str, str], tuple[Index, ...]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription, its topics by their ids; a topic that was deleted is `_deleted-topic_`."""

    topic: str
    dead_letters: str | None
    expires: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A function; `state` and `trouble` in the service's words, accounts by their addresses, the topic by its id.

    `event` is the type of what sets it off. Events of a bucket come over `carrier`, a topic that Eventarc made, by its
    full name; None for a function that a topic of ours sets off, or where it is not told.
    """

    name: str
    state: str
    trouble: str
    account: str
    trigger_account: str
    trigger_region: str
    retried: bool
    bucket: str | None
    topic: str | None
    event: str
    carrier: str | None
    environment: Mapping[str, str]


class Project(Protocol):
    """A project, read only. Each call raises UnseenError where it cannot look."""

    def identity(self) -> Identity:
        """Its number, and the day it was made."""
        ...

    def enabled_apis(self) -> Collection[str]:
        """The APIs that are on."""
        ...

    def own_permissions(self, wanted: Collection[str]) -> Collection[str]:
        """Which of these the one who asks has on the project."""
        ...

    def accounts(self) -> Collection[str]:
        """The addresses of its service accounts."""
        ...

    def role(self, name: str) -> Collection[str] | None:
        """The permissions in a role of the project's own; None where there is none."""
        ...

    def grants(self, place: Place) -> Collection[Grant] | None:
        """What is granted on the very thing, not above it; None where there is no such thing."""
        ...

    def bucket(self, name: str) -> Bucket | None:
        """A bucket."""
        ...

    def notifications(self, bucket: str) -> Collection[Notification] | None:
        """What a bucket tells topics; None where there is no such bucket."""
        ...

    def topics(self) -> Collection[str]:
        """The topics' ids."""
        ...

    def subscription(self, name: str) -> Subscription | None:
        """A subscription."""
        ...

    def database(self) -> Database | None:
        """The deployment's database."""
        ...

    def indexes(self) -> Indexes:
        """The deployment's database's indexes."""
        ...

    def functions(self) -> Collection[Function]:
        """The region's functions."""
        ...

    def tuning_quota(self) -> int | None:
        """How many tuning jobs may run at once; None where the service publishes none for the project."""
        ...


class Written(Protocol):
    """The settings that people wrote. Each call raises UnseenError where it cannot look."""

    def defaults(self) -> Mapping[str, object] | None:
        """`settings/defaults`; None where it is not there."""
        ...

    def datasets(self) -> Mapping[str, Mapping[str, object]]:
        """Every `datasets/{dataset}`, by the dataset."""
        ...
