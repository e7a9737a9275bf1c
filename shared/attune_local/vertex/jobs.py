"""Tuning jobs and their walk from PENDING to a final state. Its caller holds the lock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from attune_local.vertex.answers import Learnt, Memory
from attune_local.vertex.errors import Code, ServiceError, not_found
from attune_local.vertex.judge import Judgement
from attune_local.vertex.limits import EPOCHS_WHEN_UNSET
from attune_local.vertex.listing import labelled, page, state_name
from attune_local.vertex.mischief import Kind, Mischief, without_rows
from attune_local.vertex.names import Place, canonical, place_of
from attune_local.vertex.registry import ModelDraft, Registry
from attune_local.vertex.resources import (
    Checkpoint,
    JobState,
    Model,
    Page,
    Status,
    TuningJob,
    TuningRequest,
)
from attune_local.vertex.stats import data_stats, steps_per_epoch


@dataclass(frozen=True, slots=True)
class Timing:
    """How long each part of a job's walk takes."""

    queue: timedelta = timedelta(seconds=1)
    run: timedelta = timedelta(seconds=3)
    cancel: timedelta = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Opening:
    """A job to be made, once everything that is refused at once was checked."""

    place: Place
    request: TuningRequest
    base_model: str
    parent: Model | None
    """The version to go on from, or None for the base model itself."""
    mischief: Mapping[Kind, Mischief]


@dataclass(slots=True)
class Work:
    """A job with what only the service knows of it."""

    job: TuningJob
    opening: Opening
    start_at: datetime
    finish_at: datetime
    held: bool
    cancelled_at: datetime | None = None
    judging: bool = False
    judgement: Judgement | None = None

    @property
    def mischief(self) -> Mapping[Kind, Mischief]:
        """What it is to suffer."""
        return self.opening.mischief

    @property
    def running_state(self) -> int:
        """What is shown while it runs."""
        unknown = self.mischief.get(Kind.UNKNOWN_STATE)
        return unknown.state if unknown else JobState.JOB_STATE_RUNNING

    @property
    def epochs(self) -> int:
        """Passes over the rows."""
        return self.job.request.epochs or EPOCHS_WHEN_UNSET

    @property
    def waits_for_judge(self) -> bool:
        """Whether its dataset is to be read now."""
        goes_on = self.cancelled_at is None and not self.job.is_final
        return goes_on and self.job.start_time is not None and self.judgement is None and not self.judging

    def show(self, state: int, at: datetime) -> None:
        """Moves to a state that is not final."""
        self.job = replace(self.job, state=state, update_time=at)

    def end(self, state: JobState, at: datetime, error: Status | None = None) -> None:
        """Moves to a final state."""
        self.job = replace(self.job, state=state, update_time=at, end_time=at, error=error)


class JobBook:
    """All jobs, in the order they were made."""

    def __init__(self, timing: Timing, registry: Registry, new_id: Callable[[], int], dropped_sample: int) -> None:
        self._timing = timing
        self._registry = registry
        self._new_id = new_id
        self._dropped_sample = dropped_sample
        self._works: dict[str, Work] = {}

    def open(self, opening: Opening, now: datetime) -> TuningJob:
        """Makes a job, PENDING."""
        job = TuningJob(
            name=opening.place.child("tuningJobs", self._new_id()),
            request=opening.request,
            base_model=opening.base_model,
            state=JobState.JOB_STATE_PENDING,
            create_time=now,
            update_time=now,
        )
        start_at = now + self._timing.queue
        held = Kind.HOLD in opening.mischief or Kind.PAUSE in opening.mischief
        self._works[job.name] = Work(job, opening, start_at, start_at + self._timing.run, held)
        return job

    def work(self, name: str) -> Work:
        """A job by its name."""
        work = self._works.get(canonical(name))
        if work is None:
            raise not_found("TuningJob", name)
        return work

    def all(self) -> tuple[Work, ...]:
        """Every job, oldest first."""
        return tuple(self._works.values())

    def page(self, parent: str, filter_: str, size: int, token: str) -> Page[TuningJob]:
        """The jobs of a place, newest first."""
        place = place_of(parent)
        here = [work.job for work in reversed(self._works.values()) if place_of(work.job.name) == place]
        return page(here, _job_fields, filter_, size, token)

    def active(self, project: str) -> int:
        """Jobs of the project, in any region, that are not final."""
        return sum(
            place_of(work.job.name).project == project and not work.job.is_final for work in self._works.values()
        )

    def cancel(self, name: str, now: datetime) -> None:
        """Starts cancelling; asking again while it goes on changes nothing.

        What the service answers for a job that is final is not published; here it is a failed precondition.
        """
        work = self.work(name)
        if work.job.is_final:
            raise ServiceError(Code.FAILED_PRECONDITION, f"The TuningJob {work.job.name} is in a final state.")
        if work.cancelled_at is None:
            work.cancelled_at = now
            work.show(JobState.JOB_STATE_CANCELLING, now)

    def release(self, name: str, now: datetime) -> None:
        """Lets a job go on that was held or paused."""
        work = self.work(name)
        if work.held and not work.job.is_final:
            work.held = False
            work.finish_at = max(work.finish_at, now)
            if work.job.state == JobState.JOB_STATE_PAUSED:
                work.show(work.running_state, now)

    def advance(self, now: datetime) -> None:
        """Takes every job as far as the clock allows without reading a dataset."""
        for work in self._works.values():
            if not work.job.is_final:
                self._advance(work, now)

    def next_to_judge(self) -> Work | None:
        """A running job whose dataset no one has read or is reading; the caller reads it, then says `judged`."""
        work = next((work for work in self._works.values() if work.waits_for_judge), None)
        if work is not None:
            work.judging = True
        return work

    def judged(self, work: Work, outcome: Judgement | Status) -> None:
        """Records what came of reading the dataset: rows to train on, or why the job fails."""
        if work.cancelled_at is not None:
            return
        if isinstance(outcome, Status):
            work.end(JobState.JOB_STATE_FAILED, work.start_at, outcome)
            return
        drops = work.mischief.get(Kind.DROP_ROWS)
        work.judgement = without_rows(outcome, drops) if drops else outcome
        if Kind.PAUSE in work.mischief and work.held:
            work.show(JobState.JOB_STATE_PAUSED, work.start_at)

    def _advance(self, work: Work, now: datetime) -> None:
        if work.cancelled_at is not None:
            cancelled = work.cancelled_at + self._timing.cancel
            if now >= cancelled:
                work.end(JobState.JOB_STATE_CANCELLED, cancelled, _CANCELLED)
        elif work.job.start_time is None and now >= work.start_at:
            work.job = replace(work.job, start_time=work.start_at)
            work.show(work.running_state, work.start_at)
        elif work.judgement and not work.held and now >= work.finish_at:
            self._finish(work, work.judgement)

    def _finish(self, work: Work, judgement: Judgement) -> None:
        failure = work.mischief.get(Kind.FAIL)
        if failure:
            status = Status(failure.code, failure.message or "Internal error occurred.")
            work.end(JobState.JOB_STATE_FAILED, work.finish_at, status)
        elif Kind.EXPIRE in work.mischief:
            work.end(JobState.JOB_STATE_EXPIRED, work.finish_at)
        else:
            self._complete(work, judgement)

    def _complete(self, work: Work, judgement: Judgement) -> None:
        served = Kind.NO_ENDPOINT not in work.mischief
        tuned = self._registry.publish(_draft(work, judgement), work.finish_at, with_endpoint=served)
        stats = data_stats(judgement, work.epochs, self._dropped_sample)
        work.job = replace(work.job, tuned_model=tuned, stats=stats)
        if not served:
            work.end(JobState.JOB_STATE_FAILED, work.finish_at, _NO_ENDPOINT)
        elif Kind.PARTLY in work.mischief:
            work.end(JobState.JOB_STATE_PARTIALLY_SUCCEEDED, work.finish_at)
        else:
            work.end(JobState.JOB_STATE_SUCCEEDED, work.finish_at)


_CANCELLED = Status(Code.CANCELLED.number, "The tuning job was cancelled.")
_NO_ENDPOINT = Status(
    Code.INTERNAL.number,
    "Failed to create endpoint. Tuned model is uploaded, and can be deployed to an endpoint.",
)


def _draft(work: Work, judgement: Judgement) -> ModelDraft:
    request, parent = work.job.request, work.opening.parent
    return ModelDraft(
        place=work.opening.place,
        display_name=request.display_name,
        description=request.description,
        labels=request.labels,
        base_model=work.job.base_model,
        parent=parent,
        checkpoints=() if request.last_checkpoint_only else _checkpoints(work.epochs, judgement),
        memory=_memory(judgement),
    )


def _checkpoints(epochs: int, judgement: Judgement) -> tuple[Checkpoint, ...]:
    """One for each epoch. TunedModel.checkpoints is filled only for jobs that keep intermediate ones."""
    steps = steps_per_epoch(judgement)
    return tuple(Checkpoint(str(epoch), epoch, epoch * steps) for epoch in range(1, epochs + 1))


def _memory(judgement: Judgement) -> Memory:
    return tuple(Learnt(row.recording.digest, row.recording.seconds, row.transcript) for row in judgement.kept)


def _job_fields(job: TuningJob) -> Mapping[str, str]:
    own = {"name": job.name, "state": state_name(job.state), "tuned_model_display_name": job.request.display_name}
    return own | labelled(job.request.labels)
