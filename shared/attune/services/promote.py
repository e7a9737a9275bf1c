"""Promote: move the alias to a run that passed, by compare-and-set, with its history and its announcement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attune.domain.alias import Alias, Served, first
from attune.domain.evaluation.contender import Contender
from attune.domain.events.alias import AliasPromoted, AliasRejected
from attune.domain.events.approval import Awaited, AwaitingApproval, Measured
from attune.domain.events.message import Fact
from attune.domain.recipe import Promotion
from attune.domain.run import Run, RunState
from attune.errors import ConflictError
from attune.ports import Clock, Create, Documents, Post, Replace, Versioned, Write
from attune.services.ending import move
from attune.services.evaluate.summary import summary
from attune.services.manifests import of_aliases, of_evaluations
from attune.tracing import note, span

Smoke = Callable[[Run], str | None]
"""The last call before the swap: what is wrong with the run's endpoint, None when it answers. Raises PassingError."""
ReportOf = Callable[[Run], str]
"""The address of a run's report."""


@dataclass(frozen=True, slots=True)
class Promoting:
    """The service, with its ports."""

    documents: Documents
    post: Post
    clock: Clock
    smoke: Smoke
    report_of: ReportOf

    def __call__(self, read: Versioned[Run], over: Contender | None = None) -> RunState:
        """Decides on a run whose endpoint answers: the alias moves to it, a person decides, or a newer run has it.

        `over` is the champion that it was measured against; a run that a person allowed needs none.

        Raises:
            ConflictError: the alias or the run moved at this moment, or the alias since the run was measured; nothing
                was written.
        """
        run = read.value
        told = {"dataset": run.dataset, "run": run.id, "alias": _alias_name(run)}
        with span("promote", of=run.traceparent, **told):
            state = self._decide(read, over)
            note(state=state)
        return state

    def _decide(self, read: Versioned[Run], over: Contender | None) -> RunState:
        served = _served(read.value)
        alias = self._alias(read.value)
        if alias is not None and not alias.value.lets_in(served):
            return self.reject(read, _why_not(alias.value))
        if _waits_for_a_person(read.value):
            return self.hold(read, "promotion is manual: a person decides")
        if read.value.promotion_allowed is None and not _is(alias.value.current if alias else None, over):
            raise ConflictError(f"the alias {_alias_name(read.value)} moved since run {read.value.id} was measured")
        if trouble := self.smoke(read.value):
            return self.reject(read, f"its endpoint did not answer the last call before the swap: {trouble}")
        return self._move(read, alias, served)

    def is_overtaken(self, run: Run) -> bool:
        """Whether a newer run has, or had, the alias."""
        alias = self._alias(run)
        return alias is not None and not alias.value.lets_in(_served(run))

    def reject(self, read: Versioned[Run], reason: str) -> RunState:
        """Ends the run: the alias stays where it is."""
        rejected = read.value.to(RunState.REJECTED, self.clock(), reason)
        told = AliasRejected(rejected.dataset, rejected.id, _alias_name(rejected), reason, *self._measured(rejected))
        move(read, rejected, (told,), self.documents, self.post)
        return rejected.state

    def hold(self, read: Versioned[Run], reason: str) -> RunState:
        """Leaves the run to a person, and says so."""
        waiting = read.value.to(RunState.AWAITING_APPROVAL, self.clock(), reason)
        move(read, waiting, (_awaiting(waiting, reason, *self._measured(waiting)),), self.documents, self.post)
        return waiting.state

    def _move(self, read: Versioned[Run], alias: Versioned[Alias] | None, served: Served) -> RunState:
        now = self.clock()
        name = _alias_name(read.value)
        after = alias.value.moved_to(served, now) if alias else first(name, served, now)
        if read.value.recipe is not None and read.value.recipe.trial.guard.hours:
            after = after.tended(guarded=True)
        write: Write = Replace(alias, after) if alias else Create(of_aliases.alias(name), after)
        history = Create(of_aliases.alias_history(name, after.serial), after)
        promoted = read.value.to(RunState.PROMOTED, now)
        told = _promoted(after, *self._measured(promoted))
        move(read, promoted, (told,), self.documents, self.post, write, history)
        return promoted.state

    def _alias(self, run: Run) -> Versioned[Alias] | None:
        return self.documents.get(of_aliases.alias(_alias_name(run)))

    def _measured(self, run: Run) -> tuple[Measured | None, str | None]:
        """What was measured of it, and where its report is, if anything was."""
        found = self.documents.get(of_evaluations.evaluation(run.dataset, run.number))
        return (summary(found.value), self.report_of(run)) if found else (None, None)


def _is(current: Served | None, contender: Contender | None) -> bool:
    if current is None or contender is None:
        return current is None and contender is None
    return (current.endpoint, current.model, current.run) == (contender.target, contender.model, contender.run)


def _why_not(alias: Alias) -> str:
    newest = alias.newest or alias.current
    if (newest.dataset, newest.run) == (alias.current.dataset, alias.current.run):
        return f"{alias.name} stands for {newest.run} of {newest.dataset} already, which is newer"
    return (
        f"{alias.name} was rolled back from {newest.run} of {newest.dataset}, which is newer: only a later run moves it"
    )


def _waits_for_a_person(run: Run) -> bool:
    return run.recipe is not None and run.recipe.promotion is Promotion.MANUAL and run.promotion_allowed is None


def _alias_name(run: Run) -> str:
    return run.recipe.alias if run.recipe else run.dataset


def _served(run: Run) -> Served:
    if run.endpoint is None or run.model is None:
        raise ValueError(f"run {run.id} of {run.dataset} has no endpoint to stand behind an alias")
    return Served(run.dataset, run.id, run.number, run.opened_at, run.endpoint, run.model)


def _awaiting(run: Run, reason: str, measured: Measured | None, report: str | None) -> Fact:
    plan = run.plan
    return AwaitingApproval(
        dataset=run.dataset,
        run=run.id,
        reason=reason,
        cost_usd=plan.cost_usd if plan else None,
        max_run_cost_usd=run.recipe.max_cost_usd if run.recipe else None,
        rows=plan.rows if plan else 0,
        hours=plan.hours if plan else 0.0,
        awaits=Awaited.PROMOTION,
        alias=_alias_name(run),
        measured=measured,
        report_uri=report,
    )


def _promoted(alias: Alias, measured: Measured | None, report: str | None) -> Fact:
    current, previous = alias.current, alias.previous
    return AliasPromoted(
        dataset=current.dataset,
        run=current.run,
        alias=alias.name,
        serial=alias.serial,
        endpoint=current.endpoint,
        model=current.model,
        previous_endpoint=previous.endpoint if previous else None,
        previous_run=previous.run if previous else None,
        measured=measured,
        report_uri=report,
    )
