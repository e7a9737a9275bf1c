"""What can be set: the deployment's environment, and the settings people write into Firestore."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from attune.domain.row import RowFormat
from attune.domain.run import Promotion, Recipe, Scope

PUBLISHED_AUDIO_BYTES = 100_000_000  # Google's tuning page: at most 100 MB an audio file
PUBLISHED_AUDIO_SECONDS = 3600.0  # and at most 60 minutes
_ALIAS = re.compile(r"[^/]{1,200}")


class Settings(BaseModel):
    """The settings of a dataset: `settings/defaults`, overlaid by `datasets/{dataset}`, overlaid on these defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: Annotated[int, Field(ge=1, le=300_000)] = 100
    max_wait_hours: Annotated[float, Field(gt=0)] | None = None
    min_pairs: Annotated[int, Field(ge=1)] = 10
    cooldown_hours: Annotated[float, Field(ge=0)] = 0.0
    paused: bool = False

    prompt: Annotated[str, Field(min_length=1, max_length=20_000)] = "Transcribe this audio verbatim."
    system_instruction: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    row_format: RowFormat = RowFormat.FILE_URI
    validation_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    group_by: str | None = None

    base_model: Annotated[str, Field(min_length=1, max_length=200)] = "gemini-2.5-flash"
    epochs: Annotated[int, Field(ge=1, le=100)] | None = None
    learning_rate_multiplier: Annotated[float, Field(gt=0, le=100)] | None = None
    adapter_size: Annotated[int, Field(ge=1, le=16)] | None = None
    scope: Scope = Scope.ALL
    alias: str | None = None
    promotion: Promotion = Promotion.AUTO

    max_audio_bytes: Annotated[int, Field(ge=1, le=PUBLISHED_AUDIO_BYTES)] = PUBLISHED_AUDIO_BYTES
    max_audio_seconds: Annotated[float, Field(gt=0, le=PUBLISHED_AUDIO_SECONDS)] = PUBLISHED_AUDIO_SECONDS

    @field_validator("adapter_size")
    @classmethod
    def _known_adapter_size(cls, value: int | None) -> int | None:
        if value is not None and value not in (1, 2, 4, 8, 16):
            raise ValueError("must be 1, 2, 4, 8 or 16")
        return value

    @field_validator("alias")
    @classmethod
    def _usable_alias(cls, value: str | None) -> str | None:
        if value is not None and (not _ALIAS.fullmatch(value) or value in {".", ".."} or value.startswith("__")):
            raise ValueError("must be 1 to 200 characters without a slash, and not one of Firestore's reserved names")
        return value

    @field_validator("group_by")
    @classmethod
    def _usable_pattern(cls, value: str | None) -> str | None:
        try:
            groups = re.compile(value).groups if value is not None else 0
        except re.error as error:
            raise ValueError(f"is no regular expression: {error}") from error
        if groups > 1:
            raise ValueError("must have at most one group: what it finds names the speaker")
        return value

    def recipe(self, dataset: str) -> Recipe:
        """What a run cut now is to do."""
        return Recipe(
            base_model=self.base_model,
            row_format=self.row_format,
            prompt=self.prompt,
            system_instruction=self.system_instruction,
            epochs=self.epochs,
            learning_rate_multiplier=self.learning_rate_multiplier,
            adapter_size=self.adapter_size,
            scope=self.scope,
            alias=self.alias or dataset,
            promotion=self.promotion,
        )


def read_settings(defaults: Mapping[str, object], own: Mapping[str, object]) -> Settings | tuple[str, ...]:
    """The settings that the two documents make together, or every error in them: the field, and what is wrong."""
    try:
        return Settings.model_validate({**defaults, **own})
    except ValidationError as invalid:
        return tuple(_sentence(dict(error)) for error in invalid.errors(include_url=False, include_context=False))


def written_digest(defaults: Mapping[str, object], own: Mapping[str, object]) -> str:
    """Names what stands in the two documents, so that the same edit is recorded and announced once."""
    text = json.dumps([defaults, own], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "settings"
    return f"{place}: {error['msg']}"


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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads the variables; an empty one counts as not set."""
        names = {f"ATTUNE_{name.upper()}": name for name in cls.model_fields}
        return cls.model_validate({names[key]: value for key, value in environment.items() if key in names and value})
