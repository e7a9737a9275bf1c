"""What befalls a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attune.domain.events.message import OfARun


@dataclass(frozen=True, slots=True)
class RunStarted(OfARun):
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


@dataclass(frozen=True, slots=True)
class RunSucceeded(OfARun):
    """The job made a model."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.succeeded"
    dataset: str
    run: str
    job: str
    model: str
    endpoint: str
    dropped_rows: int


@dataclass(frozen=True, slots=True)
class RunFailed(OfARun):
    """The run came to nothing. `model` is there when the job failed after uploading one."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.failed"
    dataset: str
    run: str
    reason: str
    job: str | None
    model: str | None


@dataclass(frozen=True, slots=True)
class RunCancelled(OfARun):
    """The run was given up."""

    TYPE: ClassVar[str] = "dev.attune.run.v1.cancelled"
    dataset: str
    run: str
    reason: str
    job: str | None
