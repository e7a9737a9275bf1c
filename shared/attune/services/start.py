"""Start a run's one tuning job: intent first, look before create, record after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from attune.domain.events.run import RunStarted
from attune.domain.recipe import Scope
from attune.domain.run import Run, RunState
from attune.errors import BusyError, QuotaError, RefusedError
from attune.ports import Clock, Documents, Post, Replace, Versioned
from attune.ports_tuning import Job, JobSpec, Tuning
from attune.services.ending import fail, move
from attune.services.hold import hold, why_held
from attune.services.manifests import of_aliases
from attune.services.slots import claim_slot, freed_slot
from attune.tracing import span

_DISPLAY_NAME = 128  # characters the service takes


@dataclass(frozen=True, slots=True)
class Starting:
    """The service, with its ports.

    The API has no idempotency key. So one caller writes its intent, which holds until `intent` after; only he asks for
    the job while it holds, and whoever comes later looks for a job with the run's label first. `answer` is how long the
    create call may take: it is sent only while the intent outlasts it.
    """

    documents: Documents
    tuning: Tuning
    post: Post
    clock: Clock
    most_jobs: int
    intent: timedelta
    answer: timedelta

    def queue(self, run: Versioned[Run], owner: str) -> bool:
        """Takes an assembled run to launching if a slot is free, or to where it waits for its cost to be allowed.

        One that an older version assembled has no plan: whether it is too much, the service will say.

        Returns:
            Whether it has moved on; False leaves it in the queue.

        Raises:
            RefusedError: the service would not take it.
        """
        plan = run.value.plan
        if plan is not None and plan.over:
            raise RefusedError("; ".join(plan.over))
        if plan is not None and (reason := why_held(run.value)):
            hold(run, plan, reason, self.documents, self.post, self.clock)
            return True
        now = self.clock()
        if not claim_slot(run.value, self.most_jobs, self.documents, now):
            return False
        champion = self._champion(run.value)
        launching = replace(run.value.to(RunState.LAUNCHING, now), started_from=champion)
        self.documents.commit(Replace(run, replace(launching, intent_by=owner, intent_until=now + self.intent)))
        return True

    def start(self, run: Versioned[Run], owner: str) -> bool:
        """Takes a launching run to running: finds its job, or creates it when the intent is this caller's.

        Returns:
            Whether the run can go on; False puts it back in the queue, because the service takes no more jobs for now.

        Raises:
            BusyError: another caller's intent still holds.
            UnansweredError: the create call got no answer; the next caller looks.
        """
        if job := self._find(run.value):
            self._record(run, job)
            return True
        if run.value.intent_by != owner:
            self._take_over(run, owner)
            return True
        until = run.value.intent_until
        if until is None or self.clock() + self.answer > until:
            raise BusyError(f"run {run.value.id} of {run.value.dataset}: too little is left of the intent to launch")
        try:
            with span("create job"):
                job = self.tuning.create(self._spec(run.value))
        except QuotaError as full:
            self._requeue(run, str(full))
            return False
        except RefusedError as refused:
            fail(run, run.value, str(refused), self.documents, self.post, self.clock)
            return True
        self._record(run, job)
        return True

    def _champion(self, run: Run) -> str | None:
        """The model that scope `new` goes on from."""
        if run.recipe is None or run.recipe.scope is not Scope.NEW:
            return None
        alias = self.documents.get(of_aliases.alias(run.recipe.alias))
        return alias.value.current.model if alias else None

    def _take_over(self, run: Versioned[Run], owner: str) -> None:
        """Makes the intent this caller's, who then looks once more before he creates."""
        now = self.clock()
        if run.value.intent_until is not None and now < run.value.intent_until:
            raise BusyError(f"run {run.value.id} of {run.value.dataset} is being launched by another instance")
        self.documents.commit(Replace(run, replace(run.value, intent_by=owner, intent_until=now + self.intent)))

    def _find(self, run: Run) -> Job | None:
        return next((job for job in self.tuning.jobs() if job.label == run.label), None)

    def _record(self, read: Versioned[Run], job: Job) -> None:
        run = read.value
        after = replace(run.to(RunState.RUNNING, self.clock()), job=job.name, job_state=job.state.value)
        move(read, after, (_started(after, job),), self.documents, self.post)

    def _requeue(self, run: Versioned[Run], why: str) -> None:
        queued = replace(run.value.to(RunState.ASSEMBLED, self.clock()), intent_by=None, intent_until=None, note=why)
        move(run, queued, (), self.documents, self.post, *freed_slot(queued, self.documents))

    def _spec(self, run: Run) -> JobSpec:
        recipe, train = run.recipe, run.train
        if recipe is None or train is None:
            raise ValueError(f"run {run.id} of {run.dataset} is launched without its files")
        return JobSpec(
            label=run.label,
            display_name=f"attune {run.dataset} {run.id}"[:_DISPLAY_NAME],
            base_model=None if run.started_from else recipe.base_model,
            pre_tuned_model=run.started_from,
            train_uri=train.uri,
            validation_uri=run.validation.uri if run.validation else None,
            epochs=recipe.epochs,
            learning_rate_multiplier=recipe.learning_rate_multiplier,
            adapter_size=recipe.adapter_size,
        )


def _started(run: Run, job: Job) -> RunStarted:
    if run.recipe is None or run.train is None or run.manifest is None:
        raise ValueError(f"run {run.id} of {run.dataset} runs without its files")
    return RunStarted(
        dataset=run.dataset,
        run=run.id,
        job=job.name,
        base_model=run.started_from or run.recipe.base_model,
        train_uri=run.train.uri,
        train_rows=run.train.rows,
        validation_rows=run.validation.rows if run.validation else 0,
        manifest_uri=run.manifest.uri,
    )
