"""A run: from the threshold to the alias, one step at a time, each a state that can be resumed from any crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from attune.domain.names import dataset_key, label_key, run_id
from attune.domain.part import Part
from attune.domain.recipe import Recipe


class RunState(StrEnum):
    """Where a run stands."""

    OPENED = "opened"
    CUT = "cut"
    ASSEMBLED = "assembled"
    LAUNCHING = "launching"
    RUNNING = "running"
    EVALUATING = "evaluating"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    REJECTED = "rejected"
    AWAITING_APPROVAL = "awaiting_approval"
    FAILED = "failed"
    CANCELLED = "cancelled"


_ENDS = (RunState.FAILED, RunState.CANCELLED)
_STEPS: dict[RunState, tuple[RunState, ...]] = {
    RunState.OPENED: (RunState.CUT, *_ENDS),
    RunState.CUT: (RunState.ASSEMBLED, *_ENDS),
    RunState.ASSEMBLED: (RunState.LAUNCHING, RunState.AWAITING_APPROVAL, *_ENDS),
    RunState.LAUNCHING: (RunState.RUNNING, RunState.ASSEMBLED, *_ENDS),
    RunState.RUNNING: (RunState.EVALUATING, *_ENDS),
    RunState.EVALUATING: (RunState.PROMOTED, RunState.REJECTED, RunState.AWAITING_APPROVAL, *_ENDS),
    RunState.AWAITING_APPROVAL: (RunState.EVALUATING, RunState.REJECTED, *_ENDS),
}
_BY_A_ROLL_BACK: dict[RunState, tuple[RunState, ...]] = {
    RunState.PROMOTED: (RunState.ROLLED_BACK,),
    RunState.ROLLED_BACK: (RunState.PROMOTED,),
}
_AFTER_A_COST_HOLD = (RunState.ASSEMBLED, *_ENDS)
_BEFORE_THE_JOB = (RunState.OPENED, RunState.CUT, RunState.ASSEMBLED, RunState.LAUNCHING)
_UNASSEMBLED = (RunState.OPENED, RunState.CUT)


class NoSuchStepError(ValueError):
    """A run was asked to go where its state does not lead."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One of a run's files: its URI, rows, size in bytes, CRC32C, generation; seconds of audio and tokens in it."""

    uri: str
    rows: int
    part: Part
    generation: int
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Binding:
    """The limit of which a run uses the largest share: `used` of the `most` that is taken."""

    limit: str
    used: float
    most: float

    @property
    def share(self) -> float:
        """How much of it is used: of 1, and more than 1 where it is broken."""
        return self.used / self.most


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run's files weigh against the base model's limits.

    `rows`, `hours`, `tokens` and `tasks` (rows each) are the training's. `cost_usd` is None where it is not known, and
    `cost_note` says why. `over` are the sentences that refuse the run, `notes` what else is to be said. `left_out` are
    the training rows that a sample leaves out (or would, where the run is refused), `validation_left_out` those of the
    hold-out. Not `exact`: texts are to be written in another manner.
    """

    rows: int
    hours: float
    tokens: int
    epochs: int | None
    cost_usd: float | None
    cost_note: str | None = None
    tasks: Mapping[str, int] = field(default_factory=dict)
    train_bytes: int = 0
    validation_rows: int = 0
    validation_bytes: int = 0
    binding: Binding | None = None
    over: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: int = 0
    validation_left_out: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row the service left out or cut short: its line in train.jsonl (1-based), and what it said of it."""

    line: int
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """A state a run has been in, and since when."""

    state: RunState
    at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A run's document. Every change is a compare-and-set on it.

    `hold_out` are the manifest's lines of the validation rows alone. `cost_allowed` and `promotion_allowed` say why it
    goes on (or went on) from where it waited for approval. `traceparent` is where it was opened, in the event's trace.
    """

    dataset: str
    number: int
    state: RunState
    opened_at: datetime
    changed_at: datetime
    threshold: int
    active: bool = True
    recipe: Recipe | None = None
    pairs_taken: int = 0
    train: DataFile | None = None
    validation: DataFile | None = None
    manifest: DataFile | None = None
    hold_out: Part | None = None
    plan: Plan | None = None
    cost_allowed: str | None = None
    promotion_allowed: str | None = None
    started_from: str | None = None
    intent_by: str | None = None
    intent_until: datetime | None = None
    note: str | None = None
    job: str | None = None
    job_state: str | None = None
    model: str | None = None
    endpoint: str | None = None
    dropped: tuple[Dropped, ...] = ()
    dropped_count: int = 0
    reason: str | None = None
    history: tuple[Step, ...] = ()
    traceparent: str | None = None

    @property
    def id(self) -> str:
        """The run's name within its dataset: its documents, its folder and its events carry it."""
        return run_id(self.number)

    @property
    def label(self) -> str:
        """What marks this run's job at the service: lower case, at most 63 characters, unique in the project."""
        return f"{label_key(self.dataset)}-{self.id}"

    @property
    def folder(self) -> str:
        """Where its files lie in the dataset bucket, under a name that a URI can carry."""
        return f"runs/{dataset_key(self.dataset)}/{self.id}"

    @property
    def before_its_job(self) -> bool:
        """Whether the launcher has still something to do for it."""
        return self.state in _BEFORE_THE_JOB

    @property
    def held_for_its_cost(self) -> bool:
        """Whether it waits for somebody to allow what it costs. A run with a job waits for its promotion."""
        return self.state is RunState.AWAITING_APPROVAL and self.job is None

    @property
    def was_assembled(self) -> bool:
        """Whether its cut is in the shards, whatever became of the run since."""
        return any(step.state is RunState.ASSEMBLED for step in self.history)

    @property
    def unassembled(self) -> bool:
        """Whether its cut may still change the shards: the next run's cut waits for it."""
        return self.state in _UNASSEMBLED

    def to(self, state: RunState, now: datetime, reason: str | None = None) -> Run:
        """The run one step on.

        Raises:
            NoSuchStepError: the state does not lead there.
        """
        if state not in self._next_states():
            raise NoSuchStepError(f"run {self.id} of {self.dataset} is {self.state} and cannot become {state}")
        waits_for_its_promotion = state is RunState.AWAITING_APPROVAL and self.job is not None
        return replace(
            self,
            state=state,
            active=state in _STEPS and not waits_for_its_promotion,
            changed_at=now,
            reason=reason,
            note=None,
            history=(*self.history, Step(state, now)),
        )

    def _next_states(self) -> tuple[RunState, ...]:
        if self.held_for_its_cost:
            return _AFTER_A_COST_HOLD
        return _STEPS.get(self.state) or _BY_A_ROLL_BACK.get(self.state, ())


def opened(dataset: str, number: int, threshold: int, now: datetime, traceparent: str | None = None) -> Run:
    """A new run."""
    history = (Step(RunState.OPENED, now),)
    return Run(dataset, number, RunState.OPENED, now, now, threshold, history=history, traceparent=traceparent)
