"""What the service keeps and shows: tuning jobs, models, endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Generic, TypeVar

Item = TypeVar("Item")


class JobState(IntEnum):
    """google.cloud.aiplatform.v1.JobState, with its numbers."""

    JOB_STATE_UNSPECIFIED = 0
    JOB_STATE_QUEUED = 1
    JOB_STATE_PENDING = 2
    JOB_STATE_RUNNING = 3
    JOB_STATE_SUCCEEDED = 4
    JOB_STATE_FAILED = 5
    JOB_STATE_CANCELLING = 6
    JOB_STATE_CANCELLED = 7
    JOB_STATE_PAUSED = 8
    JOB_STATE_EXPIRED = 9
    JOB_STATE_UPDATING = 10
    JOB_STATE_PARTIALLY_SUCCEEDED = 11


FINAL_STATES = frozenset(
    {
        JobState.JOB_STATE_SUCCEEDED,
        JobState.JOB_STATE_FAILED,
        JobState.JOB_STATE_CANCELLED,
        JobState.JOB_STATE_EXPIRED,
        JobState.JOB_STATE_PARTIALLY_SUCCEEDED,
    },
)


@dataclass(frozen=True, slots=True)
class TuningRequest:
    """What a caller asks for. Exactly one of `base_model` and `pre_tuned_model` is given; 0 and "" mean unset."""

    training_uri: str
    base_model: str = ""
    pre_tuned_model: str = ""
    pre_tuned_checkpoint: str = ""
    validation_uri: str = ""
    epochs: int = 0
    learning_rate_multiplier: float = 0.0
    adapter_size: int = 0
    """The size itself (1, 2, 4, 8, 16, 32), not its number in the API's enum."""
    last_checkpoint_only: bool = False
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    encryption_key: str = ""
    service_account: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A google.rpc.Status."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint and the endpoint it is deployed on."""

    checkpoint_id: str
    epoch: int
    step: int
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class TunedModel:
    """What a job made. `model` ends in `@VERSION`; an endpoint that could not be made is empty."""

    model: str
    endpoint: str = ""
    checkpoints: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a number is spread over the rows of a dataset."""

    total: int
    least: float
    most: float
    mean: float
    median: float
    p5: float
    p95: float


@dataclass(frozen=True, slots=True)
class DataStats:
    """SupervisedTuningDataStats. Indices are 1-based and, like the reasons with them, a sample of the dropped rows."""

    examples: int
    characters: int
    billable_tokens: int
    steps: int
    input_tokens: Distribution
    output_tokens: Distribution
    messages: Distribution
    dropped: int
    dropped_indices: tuple[int, ...]
    dropped_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TuningJob:
    """A job as a caller sees it at one moment. `state` is a JobState, or a number that no one knows."""

    name: str
    request: TuningRequest
    base_model: str
    """Also given for a job that goes on from a tuned model."""
    state: int
    create_time: datetime
    update_time: datetime
    start_time: datetime | None = None
    end_time: datetime | None = None
    error: Status | None = None
    tuned_model: TunedModel | None = None
    stats: DataStats | None = None

    @property
    def is_final(self) -> bool:
        """Whether it will never change again."""
        return self.state in FINAL_STATES


@dataclass(frozen=True, slots=True)
class Model:
    """One version of a model. `name` is without the version."""

    name: str
    version_id: str
    version_aliases: tuple[str, ...]
    display_name: str
    description: str
    labels: Mapping[str, str]
    base_model: str
    create_time: datetime
    """Of the model, that is of its first version."""
    version_create_time: datetime
    update_time: datetime
    checkpoints: tuple[Checkpoint, ...] = ()

    @property
    def versioned_name(self) -> str:
        """`projects/…/models/ID@VERSION`."""
        return f"{self.name}@{self.version_id}"


@dataclass(frozen=True, slots=True)
class ModelChanges:
    """What to change of a model version; None leaves it."""

    labels: Mapping[str, str] | None = None
    display_name: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """A model on an endpoint. `model` is without the version."""

    id: str
    model: str
    model_version_id: str
    display_name: str
    create_time: datetime
    checkpoint_id: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A shared public endpoint."""

    name: str
    display_name: str
    labels: Mapping[str, str]
    create_time: datetime
    update_time: datetime
    deployed_models: tuple[DeployedModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some of a list, newest first. An empty token says that it was the last."""

    items: tuple[Item, ...]
    next_token: str = ""
