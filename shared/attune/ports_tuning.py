"""What attune needs of whoever tunes models and asks them, in its own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # who tunes has no use for what those who ask speak of
    from attune.domain.evaluation.example import Answer, Example
    from attune.domain.evaluation.score import Mark


# --- tuning ----------------------------------------------------------------------------------------------------


class JobState(StrEnum):
    """The service's job states, and one for those it may invent."""

    QUEUED = "queued"
    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    EXPIRED = "expired"
    UPDATING = "updating"
    PARTIALLY_SUCCEEDED = "partially_succeeded"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Whether the job has ended. A state we do not know has not."""
        return self in _FINAL_STATES


_FINAL_STATES = frozenset(
    {
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.CANCELLED,
        JobState.EXPIRED,
        JobState.PARTIALLY_SUCCEEDED,
    }
)


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A tuning job to create. One of `base_model` and `pre_tuned_model`; `label` marks the run it belongs to."""

    label: str
    display_name: str
    base_model: str | None
    pre_tuned_model: str | None
    train_uri: str
    validation_uri: str | None
    epochs: int | None
    learning_rate_multiplier: float | None
    adapter_size: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """A tuning job as the service tells it. Dropped and truncated lines are 1-based, and only a sample of all."""

    name: str
    label: str | None
    state: JobState
    error: str | None = None
    model: str | None = None
    endpoint: str | None = None
    dropped: Mapping[int, str] = field(default_factory=dict)
    dropped_count: int = 0


class Tuning(Protocol):
    """The tuning service."""

    def jobs(self) -> Iterator[Job]:
        """All jobs of the project and region, newest first as far as the service orders them."""
        ...

    def job(self, name: str) -> Job | None:
        """One job; None where the service knows none."""
        ...

    def create(self, spec: JobSpec) -> Job:
        """Starts a job. Never repeated here: it bills, and the service has no idempotency key.

        Raises:
            RefusedError: the service will not take it.
            QuotaError: not now.
            UnansweredError: no answer; look before asking again.
        """
        ...

    def cancel(self, name: str) -> None:
        """Asks for a job to be cancelled.

        Raises:
            RefusedError: there is none, or it has ended.
        """
        ...

    def annotate(self, model: str, label: str, value: str | None) -> None:
        """Gives a model version the label and the version alias of that name, or takes both away.

        Raises:
            RefusedError: there is no such model, or it may not be marked.
            UnavailableError: no answer.
        """
        ...

    def serves(self, endpoint: str, model: str) -> bool:
        """Whether the model is deployed behind the endpoint."""
        ...


# --- asking models ---------------------------------------------------------------------------------------------


class Answering(Protocol):
    """Models that answer what rows ask."""

    def ask(self, target: str, row: bytes) -> Answer:
        """Puts the question of a row, all of it but the model's turn, to an endpoint or to a base model by its name.

        What the service will never answer is an answer with its `failure`.

        Raises:
            VanishedError: there is nobody at the target.
            QuotaError: not now: the target is asked too often.
            UnavailableError: no answer; asking again may help.
        """
        ...


class Scorer(Protocol):
    """Marks answers, after one stated normalisation of both texts."""

    @property
    def normalisation(self) -> str:
        """What is done to both texts before words are compared, in words, with the library that does it."""
        ...

    def mark(self, example: Example, answer: Answer) -> Mark:
        """What the answer is worth."""
        ...
