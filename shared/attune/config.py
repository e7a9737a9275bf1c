"""What can be set of a dataset: the settings people write into Firestore."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from attune.domain.evaluation.gate import Limits as GateLimits
from attune.domain.evaluation.gate import faults as gate_faults
from attune.domain.evaluation.trial import Guard, Trial
from attune.domain.evaluation.trial import faults as guard_faults
from attune.domain.manner import Manner
from attune.domain.phrasing import Phrasing
from attune.domain.quality.limits import PUBLISHED_AUDIO_BYTES, PUBLISHED_AUDIO_SECONDS, Limits
from attune.domain.quality.rules import severity_fault
from attune.domain.recipe import OverLimit, Promotion, Recipe, Scope
from attune.domain.row import RowFormat
from attune.domain.task import Kind, Task
from attune.schema import labels_fault, schema_fault

_ALIAS = re.compile(r"[^/]{1,200}")
_FOLDER = re.compile(r"[^/]{1,200}")
_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"  # BCP 47, as far as it is looked at
_CEILINGS = {"max_audio_bytes": PUBLISHED_AUDIO_BYTES, "max_audio_seconds": PUBLISHED_AUDIO_SECONDS}
_SIGNED = {"silence_dbfs", "advised_lowest_level", "advised_highest_level", "advised_snr_db"}
_SHARES = {"max_silent_share", "advised_silent_share", "advised_clipped_share", "advised_dc_offset"}
_MAPS = ("quality", "transcripts", "tasks", "gate", "guard")  # a dataset's own are laid over the defaults'


class TaskSettings(BaseModel):
    """A task of a dataset, under the name of its folder: what its texts are, and the prompt of its rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Kind.TRANSCRIPTION
    prompt: Annotated[str, Field(min_length=1, max_length=20_000)]
    labels: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=1_000)], ...], Field(max_length=1_000)] = ()
    json_schema: Mapping[str, object] | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.labels and self.kind is not Kind.CLASSIFICATION:
            raise ValueError(f"labels are for kind classification, not {self.kind}")
        if self.json_schema is not None and self.kind is not Kind.JSON:
            raise ValueError(f"a json_schema is for kind json, not {self.kind}")
        if fault := labels_fault(self.labels) or schema_fault(self.json_schema or {}):
            raise ValueError(fault)
        return self

    def task(self, name: str) -> Task:
        """The task."""
        return Task(name, self.kind, self.prompt, self.labels, self.json_schema)


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
    transcripts: Manner = Manner()
    tasks: dict[str, TaskSettings] = Field(default_factory=dict)
    validation_fraction: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    group_by: Annotated[str, Field(max_length=200)] | None = None
    quality: Limits = Limits()

    base_model: Annotated[str, Field(min_length=1, max_length=200)] = "gemini-2.5-flash"
    epochs: Annotated[int, Field(ge=1, le=100)] | None = None
    learning_rate_multiplier: Annotated[float, Field(gt=0, le=100)] | None = None
    adapter_size: Annotated[int, Field(ge=1, le=16)] | None = None
    scope: Scope = Scope.ALL
    alias: str | None = None
    promotion: Promotion = Promotion.AUTO

    eval_examples: Annotated[int, Field(ge=0, le=5_000)] = 200
    language: Annotated[str, Field(pattern=_LANGUAGE)] = "en"
    gate: GateLimits = GateLimits()
    guard: Guard = Guard()

    over_limit: OverLimit = OverLimit.REFUSE
    max_run_cost_usd: Annotated[float, Field(ge=0)] | None = None

    @field_validator("quality")
    @classmethod
    def _usable_limits(cls, value: Limits) -> Limits:
        faults = [*_limit_faults(value), *_severity_faults(value)]
        if faults:
            raise ValueError("; ".join(faults))
        return value

    @field_validator("gate")
    @classmethod
    def _usable_gate(cls, value: GateLimits) -> GateLimits:
        if found := "; ".join(gate_faults(value)):
            raise ValueError(found)
        return value

    @field_validator("guard")
    @classmethod
    def _usable_guard(cls, value: Guard) -> Guard:
        if found := "; ".join(guard_faults(value)):
            raise ValueError(found)
        return value

    @field_validator("tasks")
    @classmethod
    def _usable_folders(cls, value: dict[str, TaskSettings]) -> dict[str, TaskSettings]:
        if bad := [name for name in value if not _FOLDER.fullmatch(name)]:
            raise ValueError(f"{', '.join(map(repr, bad))}: a task's name is that of a folder, 1 to 200 characters")
        return value

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

    @cached_property
    def phrasing(self) -> Phrasing:
        """How the rows of the dataset are put."""
        tasks = tuple(task.task(name) for name, task in sorted(self.tasks.items()))
        return Phrasing(self.row_format, self.prompt, self.system_instruction, self.transcripts, tasks)

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
            manner=self.transcripts,
            tasks=self.phrasing.tasks,
            over_limit=self.over_limit,
            max_cost_usd=self.max_run_cost_usd,
            trial=Trial(self.eval_examples, self.language, self.group_by, self.gate, self.guard),
        )


def read_settings(defaults: Mapping[str, object], own: Mapping[str, object]) -> Settings | tuple[str, ...]:
    """The settings that the two documents make together, or every error in them: the field, and what is wrong."""
    try:
        return Settings.model_validate(laid_over(defaults, own))
    except ValidationError as invalid:
        return tuple(_sentence(dict(error)) for error in invalid.errors(include_url=False, include_context=False))


def laid_over(defaults: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """A dataset's own fields over the defaults': field by field, and within the fields that are maps, too."""
    laid = {**defaults, **own}
    for name in _MAPS:
        below, above = defaults.get(name), own.get(name)
        if isinstance(below, Mapping) and isinstance(above, Mapping):
            laid[name] = {**below, **above}
    return laid


def _limit_faults(limits: Limits) -> Iterator[str]:
    for field in fields(limits):
        value = getattr(limits, field.name)
        if isinstance(value, Mapping):
            continue
        if not math.isfinite(value) or (value < 0 and field.name not in _SIGNED):
            yield f"{field.name} must be a number, 0 or more"
        if field.name in _CEILINGS and not 0 < value <= _CEILINGS[field.name]:
            yield f"{field.name} must be more than 0 and at most {_CEILINGS[field.name]:,.0f}, which the service takes"
        if field.name in _SHARES and value > 1:
            yield f"{field.name} is a share, at most 1"


def _severity_faults(limits: Limits) -> Iterator[str]:
    return (fault for code, severity in limits.severities.items() if (fault := severity_fault(code, severity)))


def written_digest(defaults: Mapping[str, object], own: Mapping[str, object]) -> str:
    """Names what stands in the two documents, so that the same edit is recorded and announced once."""
    text = json.dumps([defaults, own], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _sentence(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "settings"
    return f"{place}: {error['msg']}"
