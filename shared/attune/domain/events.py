"""What attune announces (facts, past tense) and what it orders of itself (imperative), as they wait in the outbox."""

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


class _OfARun:
    CHANNEL: ClassVar[Channel] = Channel.EVENTS
    dataset: str
    run: str
    __slots__ = ()

    @property
    def subject(self) -> str:
        return f"datasets/{self.dataset}/runs/{self.run}"

    @property
    def once(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class ThresholdReached(_OfARun):
    """Enough new pairs are in: a run was opened. `waited` is true when max_wait_hours opened it, not the threshold."""

    TYPE: ClassVar[str] = "dev.attune.dataset.v1.thresholdReached"
    dataset: str
    run: str
    pairs: int
    threshold: int
    waited: bool


@dataclass(frozen=True, slots=True)
class LaunchTuning(_OfARun):
    """The order to cut, assemble and launch."""

    TYPE: ClassVar[str] = "dev.attune.order.v1.launchTuning"
    CHANNEL: ClassVar[Channel] = Channel.LAUNCH
    dataset: str
    run: str


@dataclass(frozen=True, slots=True)
class RunStarted(_OfARun):
    """A tuning job runs."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.started"
    dataset: str
    run: str
    job: str
    base_model: str
    train_uri: str
    train_rows: int
    validation_rows: int
    manifest_uri: str


class Awaited(StrEnum):
    """What a person is to allow."""

    COST = "cost"
    PROMOTION = "promotion"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a run's model: error rates over so many held-out utterances, None where nothing was.

    `measure` is the rate's name: wer, or mismatch where there are no transcriptions. `probability` is that of the
    improvement that was asked for over the champion, or over the base where there is none.
    """

    measure: str
    examples: int
    challenger: float | None
    champion: float | None
    base: float | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class AwaitingApproval(_OfARun):
    """A person is to allow what the run costs, before its job is asked for; or its promotion, when it was tuned.

    `cost_usd` is None where it is not known; `rows` and `hours` are those it trains on. `measured` and `report_uri` are
    there when its model was measured.
    """

    TYPE: ClassVar[str] = "dev.attune.run.v1.awaitingApproval"
    dataset: str
    run: str
    reason: str
    cost_usd: float | None
    max_run_cost_usd: float | None
    rows: int
    hours: float
    awaits: Awaited = Awaited.COST
    alias: str | None = None
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def once(self) -> str:
        """A run may wait once for each."""
        return "" if self.awaits is Awaited.COST else self.awaits.value


@dataclass(frozen=True, slots=True)
class RunSucceeded(_OfARun):
    """The job made a model."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.succeeded"
    dataset: str
    run: str
    job: str
    model: str
    endpoint: str
    dropped_rows: int


@dataclass(frozen=True, slots=True)
class RunFailed(_OfARun):
    """The run came to nothing. `model` is there when the job failed after uploading one."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.failed"
    dataset: str
    run: str
    reason: str
    job: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class RunCancelled(_OfARun):
    """The run was given up."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.cancelled"
    dataset: str
    run: str
    reason: str
    job: str | None


@dataclass(frozen=True, slots=True)
class AliasPromoted(_OfARun):
    """The alias stands for the run's model now."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.promoted"
    dataset: str
    run: str
    alias: str
    serial: int
    endpoint: str
    model: str
    previous_endpoint: str | None
    previous_run: str | None
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """Each move has its serial."""
        return str(self.serial)


@dataclass(frozen=True, slots=True)
class AliasRejected(_OfARun):
    """The run's model was not put behind the alias."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.rejected"
    dataset: str
    run: str
    alias: str
    reason: str
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """A run is rejected once."""
        return f"{self.dataset}/{self.run}"


@dataclass(frozen=True, slots=True)
class AliasRolledBack(_OfARun):
    """The alias stands again for a run that it stood for before. `previous_run` is the one that had it until now."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.rolledBack"
    dataset: str
    run: str
    alias: str
    serial: int
    endpoint: str
    model: str
    previous_endpoint: str
    previous_run: str
    reason: str

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """Each move has its serial."""
        return str(self.serial)


@dataclass(frozen=True, slots=True)
class SettingsInvalid:
    """The settings somebody wrote cannot be used; the last good ones stay in force."""

    TYPE: ClassVar[str] = "dev.attune.settings.v1.invalid"
    CHANNEL: ClassVar[Channel] = Channel.EVENTS
    dataset: str
    errors: tuple[str, ...]
    written: str
    since: str

    @property
    def subject(self) -> str:
        """The settings' document."""
        return f"datasets/{self.dataset}"

    @property
    def once(self) -> str:
        """Each edit is told once, and the same one again when it was mended between."""
        return f"{self.written} {self.since}"


def message(fact: Fact, at: datetime, traceparent: str | None = None) -> Message:
    """The fact as a message."""
    key = f"{fact.TYPE}\n{fact.dataset}\n{fact.subject}\n{fact.once}"
    body: dict[str, object] = asdict(fact)  # type: ignore[call-overload]  # every fact above is a dataclass
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
