"""Cancel a run that somebody has no more use for: at once before its job, else together with the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from attune.domain.events.run import RunCancelled
from attune.domain.names import run_number
from attune.domain.run import Run, RunState
from attune.errors import BusyError, ConflictError, RefusedError
from attune.ports import Clock, Documents, Versioned
from attune.ports_tuning import Job, JobState, Tuning
from attune.services.approve import Answer
from attune.services.ending import record
from attune.services.lease import leased
from attune.services.manifests import of_runs
from attune.services.slots import freed_slot

_ATTEMPTS = 5  # lost races against ticks and launchers
_ENDED = (RunState.PROMOTED, RunState.ROLLED_BACK, RunState.REJECTED, RunState.FAILED)


@dataclass(frozen=True, slots=True)
class Cancelling:
    """The service, with its ports. `tuning` is made only for a run that may have a job.

    `lease` is how long the dataset is leased where a launcher could take a slot for the run at the same moment.
    """

    documents: Documents
    tuning: Callable[[], Tuning]
    clock: Clock
    lease: timedelta
    new_owner: Callable[[], str]

    def __call__(self, dataset: str, run: str, reason: str) -> Answer:
        """Cancels the run and its job, and gives its slot back; the next tick tells of it. Asking twice does nothing.

        The job is asked to stop first, and the run is marked after: whoever dies between leaves a run that the next
        tick finds cancelled. From then on it cannot be promoted, even if the job makes a model before it stops.

        Raises:
            UnavailableError: the documents or the tuning service did not answer.
        """
        number = run_number(run)
        for _ in range(_ATTEMPTS):
            read = self.documents.get(of_runs.run(dataset, number)) if number else None
            if read is None:
                return Answer(stands=False, said=f"{dataset} has no run {run}")
            try:
                return self._cancel(read, reason)
            except BusyError as busy:
                return Answer(stands=False, said=f"{_name(read.value)} cannot be cancelled at this moment: {busy}")
            except ConflictError:
                continue
        return Answer(stands=False, said=f"run {run} of {dataset} keeps being changed; ask again")

    def _cancel(self, read: Versioned[Run], reason: str) -> Answer:
        run = read.value
        if run.state is RunState.CANCELLED:
            return Answer(stands=True, said=f"{_name(run)} is cancelled already")
        if run.state in _ENDED:
            return Answer(stands=False, said=f"{_name(run)} has ended: it is {run.state}")
        if run.state in (RunState.LAUNCHING, RunState.RUNNING):
            return self._stop(read, reason)
        if run.state is RunState.ASSEMBLED:
            # Under the lease: a launcher that takes a slot for the run at this moment would leave it taken.
            with leased(run.dataset, self.new_owner(), self.lease, self.documents, self.clock):
                return self._end(read, run, reason, _what_stays(run))
        return self._end(read, run, reason, _what_stays(run))

    def _stop(self, read: Versioned[Run], reason: str) -> Answer:
        run = read.value
        job = self._job(run)
        if job is None and self._is_being_created(run):
            until = f"{run.intent_until:%H:%M:%S}"
            said = f"the job of {_name(run)} is being asked for at this moment, until {until} UTC at most; ask again"
            return Answer(stands=False, said=said)
        if job is None:
            return self._end(read, run, reason, "it has no tuning job")
        if job.state.is_final and job.state is not JobState.CANCELLED:
            return _too_late(run, job)
        try:
            stopping = self._asked_to_stop(job)
        except RefusedError as refused:
            return self._refused(run, job, refused)
        after = replace(run, job=job.name, job_state=stopping.value)
        return self._end(read, after, reason, f"its tuning job {job.name} is {stopping}")

    def _job(self, run: Run) -> Job | None:
        """The run's job; while it is being launched, one that carries its label."""
        if run.job:
            return self.tuning().job(run.job)
        return next((job for job in self.tuning().jobs() if job.label == run.label), None)

    def _is_being_created(self, run: Run) -> bool:
        """Whether a launcher may be at it still: it asks for the job only while its intent holds."""
        return run.job is None and run.intent_until is not None and self.clock() < run.intent_until

    def _asked_to_stop(self, job: Job) -> JobState:
        """The state that the job is in then. It is asked once."""
        if job.state in (JobState.CANCELLED, JobState.CANCELLING):
            return job.state
        self.tuning().cancel(job.name)
        return JobState.CANCELLING

    def _refused(self, run: Run, job: Job, refused: RefusedError) -> Answer:
        now = self.tuning().job(job.name)
        if now is not None and now.state.is_final:
            return _too_late(run, now)
        return Answer(stands=False, said=f"{_name(run)} goes on: {refused}")

    def _end(self, read: Versioned[Run], after: Run, reason: str, said: str) -> Answer:
        ended = after.to(RunState.CANCELLED, self.clock(), reason)
        told = RunCancelled(ended.dataset, ended.id, reason, ended.job)
        record(read, ended, (told,), self.documents, *freed_slot(ended, self.documents))
        return Answer(stands=True, said=f"{_name(ended)} is cancelled; {said}")


def _what_stays(run: Run) -> str:
    if run.job:
        return f"the model that its job made stays at {run.endpoint}"
    if run.state is RunState.OPENED:
        return "its pairs may open another at the next tick, unless the dataset is paused"
    return "its pairs stay in the dataset, for the next run"


def _too_late(run: Run, job: Job) -> Answer:
    said = f"the job of {_name(run)} has just ended: it is {job.state}, and the next tick goes on from there"
    return Answer(stands=False, said=said)


def _name(run: Run) -> str:
    return f"run {run.id} of {run.dataset}"
