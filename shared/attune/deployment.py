"""What can be set of a deployment: its environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field


class Deployment(BaseModel):
    """Where this deployment's things are, from the environment variables `ATTUNE_…`."""

    model_config = ConfigDict(frozen=True)

    project: str
    region: str
    intake_bucket: str
    dataset_bucket: str
    events_topic: str = "attune-events"
    launch_topic: str = "attune-launch"
    firestore_database: str = "(default)"
    max_concurrent_jobs: Annotated[int, Field(ge=1, le=100)] = 1
    vertex_endpoint: str | None = None
    tuning_service_account: str | None = None
    kms_key: str | None = None
    lease_seconds: Annotated[int, Field(ge=10)] = 600
    intent_seconds: Annotated[int, Field(ge=5)] = 180
    stalled_seconds: Annotated[int, Field(ge=1)] = 120
    budget_seconds: Annotated[int, Field(ge=5)] = 420
    questions_a_tick: Annotated[int, Field(ge=1, le=10_000)] = 120
    traces: Annotated[str, Field(pattern=r"^(otlp|console|file:.+)$")] | None = None
    sweep_seconds: Annotated[int, Field(ge=1)] = 86_400
    oldest_event_seconds: Annotated[int, Field(ge=60)] = 43_200

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads the variables; an empty one counts as not set."""
        names = {f"ATTUNE_{name.upper()}": name for name in cls.model_fields}
        return cls.model_validate({names[key]: value for key, value in environment.items() if key in names and value})
