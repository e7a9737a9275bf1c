"""Approve or reject a run that waits for a person. Only documents are written: the next tick goes on from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from attune.domain.events.alias import AliasRejected
from attune.domain.events.approval import Measured
from attune.domain.events.run import RunCancelled
from attune.domain.names import run_number
from attune.domain.run import Run, RunState
from attune.errors import ConflictError
from attune.ports import Clock, Documents, Replace, Versioned
from attune.services.ending import record
from attune.services.evaluate.summary import summary
from attune.services.manifests import of_evaluations, of_runs

_A_PERSON = "a person approved it"
_ATTEMPTS = 5  # lost races against ticks


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of what a person asked for, in a sentence. It `stands` when the run is as it was asked to be."""

    stands: bool
    said: str


@dataclass(frozen=True, slots=True)
class Approving:
    """The service, with its ports."""

    documents: Documents
    clock: Clock

    def approve(self, dataset: str, run: str) -> Answer:
        """Lets the run go on: to its job, whatever it costs, or to the alias, unless a newer run has that by then.

        Approving twice does nothing.
        """
        return self._decide(dataset, run, self._approve)

    def reject(self, dataset: str, run: str, reason: str) -> Answer:
        """Ends the run: cancelled where no job was asked for yet, rejected where its model was to be promoted."""
        return self._decide(dataset, run, lambda read: self._reject(read, reason))

    def _decide(self, dataset: str, run: str, decide: Callable[[Versioned[Run]], Answer]) -> Answer:
        number = run_number(run)
        for _ in range(_ATTEMPTS):
            read = self.documents.get(of_runs.run(dataset, number)) if number else None
            if read is None:
                return Answer(stands=False, said=f"{dataset} has no run {run}")
            try:
                return decide(read)
            except ConflictError:
                continue
        return Answer(stands=False, said=f"run {run} of {dataset} keeps being changed; ask again")

    def _approve(self, read: Versioned[Run]) -> Answer:
        run = read.value
        if run.held_for_its_cost:
            self._write(read, replace(run.to(RunState.ASSEMBLED, self.clock()), cost_allowed=_A_PERSON))
            return Answer(stands=True, said=f"{_name(run)} may cost what it costs: the next tick orders its launch")
        if run.state is RunState.AWAITING_APPROVAL:
            self._write(read, replace(run.to(RunState.EVALUATING, self.clock()), promotion_allowed=_A_PERSON))
            said = f"{_name(run)} is to be promoted: the next tick moves its alias, unless a newer run has it by then"
            return Answer(stands=True, said=said)
        if _A_PERSON in (run.cost_allowed, run.promotion_allowed):
            return Answer(stands=True, said=f"{_name(run)} was approved before; it is {run.state} by now")
        return _nothing_waits(run)

    def _reject(self, read: Versioned[Run], reason: str) -> Answer:
        run = read.value
        if run.held_for_its_cost:
            ended = run.to(RunState.CANCELLED, self.clock(), reason)
            record(read, ended, (RunCancelled(run.dataset, run.id, reason, run.job),), self.documents)
            return Answer(stands=True, said=f"{_name(run)} is cancelled; its pairs stay in the dataset")
        if run.state is RunState.AWAITING_APPROVAL:
            ended = run.to(RunState.REJECTED, self.clock(), reason)
            alias = run.recipe.alias if run.recipe else run.dataset
            told = AliasRejected(run.dataset, run.id, alias, reason, self._measured(run))
            record(read, ended, (told,), self.documents)
            return Answer(stands=True, said=f"{_name(run)} is rejected; the alias {alias} stays where it is")
        if run.state in (RunState.CANCELLED, RunState.REJECTED):
            return Answer(stands=True, said=f"{_name(run)} is {run.state} already")
        return _nothing_waits(run)

    def _measured(self, run: Run) -> Measured | None:
        found = self.documents.get(of_evaluations.evaluation(run.dataset, run.number))
        return summary(found.value) if found else None

    def _write(self, read: Versioned[Run], after: Run) -> None:
        self.documents.commit(Replace(read, after))


def _name(run: Run) -> str:
    return f"run {run.id} of {run.dataset}"


def _nothing_waits(run: Run) -> Answer:
    return Answer(stands=False, said=f"{_name(run)} is {run.state} and does not wait for approval")
