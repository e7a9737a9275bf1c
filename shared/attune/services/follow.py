"""Follow a run's job to its end: poll it, say what came of it, and hand a live endpoint on to be measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from attune.domain.events.run import RunSucceeded
from attune.domain.run import Run, RunState
from attune.log import about
from attune.ports import Clock, Documents, Objects, Post, Replace, Versioned
from attune.ports_tuning import Job, JobState, Tuning
from attune.services.decide import Deciding
from attune.services.ending import cancel, fail, move
from attune.services.quarantine import Traced, quarantine, trace
from attune.services.slots import freed_slot
from attune.tracing import note, span

_DEPLOYED_WITHIN = timedelta(hours=1)
_NOTES = {
    JobState.PAUSED: "the service has paused the job; see its page in the console",
    JobState.UNKNOWN: "the service tells a state that is not known here; it is not taken for an end",
}


@dataclass(frozen=True, slots=True)
class Following:
    """The service, with its ports. `unmeasured` writes the report of a run that comes to nothing."""

    documents: Documents
    objects: Objects
    tuning: Tuning
    post: Post
    clock: Clock
    deciding: Deciding
    unmeasured: Callable[[Run], None]

    def __call__(self, read: Versioned[Run]) -> RunState:
        """Takes a running or evaluating run as far as it goes now, and returns the state it is in.

        Raises:
            ConflictError: another watcher moved it at this moment.
        """
        run = read.value
        told = {"dataset": run.dataset, "run": run.id}
        with about(**told), span("follow", about=run.traceparent, **told):
            state = self._follow(read)
            note(state=state, job=run.job)
        return state

    def _follow(self, read: Versioned[Run]) -> RunState:
        if read.value.state is RunState.RUNNING:
            return self._poll(read)
        if read.value.state is RunState.EVALUATING:
            return self._evaluate(read)
        return read.value.state  # another watcher was quicker

    def _poll(self, read: Versioned[Run]) -> RunState:
        run = read.value
        job = self.tuning.job(run.job) if run.job else None
        if job is None:
            return self._fail(read, run, f"the service knows no job {run.job}")
        if not job.state.is_final:
            self._note(read, job)
            return run.state
        ended = replace(run, job_state=job.state.value, model=job.model, endpoint=job.endpoint)
        if job.state is JobState.CANCELLED:
            self.unmeasured(ended)
            cancel(read, ended, "the tuning job was cancelled", self.documents, self.post, self.clock)
            return RunState.CANCELLED
        if job.state in (JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED) and job.model and job.endpoint:
            return self._succeed(read, ended, job)
        return self._fail(read, ended, _why(job))

    def _note(self, read: Versioned[Run], job: Job) -> None:
        """Keeps the job's state on the run, when it has changed."""
        if read.value.job_state != job.state.value:
            now = replace(read.value, job_state=job.state.value, note=_NOTES.get(job.state))
            self.documents.commit(Replace(read, now))

    def _succeed(self, read: Versioned[Run], ended: Run, job: Job) -> RunState:
        traced = self._trace(ended, job)
        quarantine(ended.dataset, ended.id, traced, self.documents, self.clock)
        evaluating = replace(
            ended.to(RunState.EVALUATING, self.clock()),
            dropped=tuple(row.dropped for row in traced),
            dropped_count=job.dropped_count,
        )
        told = RunSucceeded(
            ended.dataset, ended.id, job.name, str(job.model), str(job.endpoint), dropped_rows=job.dropped_count
        )
        move(read, evaluating, (told,), self.documents, self.post, *freed_slot(ended, self.documents))
        return evaluating.state

    def _trace(self, run: Run, job: Job) -> list[Traced]:
        if not job.dropped or run.manifest is None:
            return []
        return list(trace(job.dropped, self.objects.read(run.manifest.part.name).splitlines()))

    def _evaluate(self, read: Versioned[Run]) -> RunState:
        run = read.value
        if run.endpoint and run.model and self.tuning.serves(run.endpoint, run.model):
            return self.deciding(read)
        if self.clock() - run.changed_at > _DEPLOYED_WITHIN:
            return self._fail(
                read, run, f"the model is not deployed behind {run.endpoint}, an hour after its job ended"
            )
        return run.state

    def _fail(self, read: Versioned[Run], run: Run, reason: str) -> RunState:
        self.unmeasured(replace(run, reason=reason))
        fail(read, run, reason, self.documents, self.post, self.clock)
        return RunState.FAILED


def _why(job: Job) -> str:
    said = f": {job.error}" if job.error else ""
    if job.model and not job.endpoint:
        return (
            f"the job ended {job.state} with a model and no endpoint{said}. Deploy {job.model} by hand, or tune again"
        )
    return f"the job ended {job.state}{said}"
