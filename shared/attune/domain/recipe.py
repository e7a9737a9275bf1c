"""A recipe: what a run is told to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from attune.domain.evaluation.trial import Trial
from attune.domain.manner import Manner
from attune.domain.phrasing import Phrasing
from attune.domain.row import RowFormat
from attune.domain.task import Task


class Scope(StrEnum):
    """What a run trains on: all pairs so far, from the base model; or only its own, on top of the current model."""

    ALL = "all"
    NEW = "new"


class Promotion(StrEnum):
    """Who moves the alias once a run has passed: attune, or a person."""

    AUTO = "auto"
    MANUAL = "manual"


class OverLimit(StrEnum):
    """What becomes of a run that is more than the service takes: refused, or cut down to a sample, always the same."""

    REFUSE = "refuse"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run was told to do, frozen at its cut: an edit made later belongs to the next run."""

    base_model: str
    row_format: RowFormat
    prompt: str
    system_instruction: str | None
    epochs: int | None
    learning_rate_multiplier: float | None
    adapter_size: int | None
    scope: Scope
    alias: str
    promotion: Promotion
    manner: Manner = field(default_factory=Manner)
    tasks: tuple[Task, ...] = ()
    over_limit: OverLimit = OverLimit.REFUSE
    max_cost_usd: float | None = None
    trial: Trial = field(default_factory=Trial)

    @property
    def phrasing(self) -> Phrasing:
        """How the run's rows are put."""
        return Phrasing(self.row_format, self.prompt, self.system_instruction, self.manner, self.tasks)
