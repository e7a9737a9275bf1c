"""Promote: move the alias to a run that passed, by compare-and-set, with its history and its announcement."""

from __future__ import annotations

from dataclasses import dataclass

from attune.domain.alias import Alias, Served, first
from attune.domain.events import AliasPromoted, AliasRejected
from attune.domain.run import Promotion, Run, RunState
from attune.ports import Clock, Create, Documents, Post, Replace, Versioned, Write
from attune.services import manifests
from attune.services.ending import move


@dataclass(frozen=True, slots=True)
class Promoting:
    """The service, with its ports."""

    documents: Documents
    post: Post
    clock: Clock

    def __call__(self, read: Versioned[Run]) -> RunState:
        """Decides on a run whose endpoint answers: the alias moves to it, a person decides, or a newer run has it.

        Raises:
            ConflictError: the alias or the run moved at this moment; nothing was written.
        """
        served = _served(read.value)
        alias = self.documents.get(manifests.alias(_alias_name(read.value)))
        if alias is not None and not served.is_newer_than(alias.value.current):
            return self._reject(read, alias.value)
        if _waits_for_a_person(read.value):
            waiting = read.value.to(RunState.AWAITING_APPROVAL, self.clock(), "promotion is manual: a person decides")
            move(read, waiting, (), self.documents, self.post)
            return waiting.state
        return self._move(read, alias, served)

    def _reject(self, read: Versioned[Run], alias: Alias) -> RunState:
        reason = f"{alias.name} stands for {alias.current.run} of {alias.current.dataset} already, which is newer"
        rejected = read.value.to(RunState.REJECTED, self.clock(), reason)
        told = AliasRejected(rejected.dataset, rejected.id, alias.name, reason)
        move(read, rejected, (told,), self.documents, self.post)
        return rejected.state

    def _move(self, read: Versioned[Run], alias: Versioned[Alias] | None, served: Served) -> RunState:
        now = self.clock()
        name = _alias_name(read.value)
        after = alias.value.moved_to(served, now) if alias else first(name, served, now)
        write: Write = Replace(alias, after) if alias else Create(manifests.alias(name), after)
        history = Create(manifests.alias_history(name, after.serial), after)
        promoted = read.value.to(RunState.PROMOTED, now)
        move(read, promoted, (_promoted(after),), self.documents, self.post, write, history)
        return promoted.state


def _waits_for_a_person(run: Run) -> bool:
    return run.recipe is not None and run.recipe.promotion is Promotion.MANUAL and run.promotion_allowed is None


def _alias_name(run: Run) -> str:
    return run.recipe.alias if run.recipe else run.dataset


def _served(run: Run) -> Served:
    if run.endpoint is None or run.model is None:
        raise ValueError(f"run {run.id} of {run.dataset} has no endpoint to stand behind an alias")
    return Served(run.dataset, run.id, run.number, run.opened_at, run.endpoint, run.model)


def _promoted(alias: Alias) -> AliasPromoted:
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
    )
