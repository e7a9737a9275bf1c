"""Decide on a run whose model serves: measure it, let the gate judge it, and promote, reject or hold it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.verdict import Decision, Evaluation
from attune.domain.run import Run, RunState
from attune.errors import BusyError, PassingError
from attune.ports import Clock, Documents, Replace, Versioned
from attune.services.evaluate.evaluating import Evaluating, Unfinished
from attune.services.promote import Promoting

_MEASURED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Deciding:
    """The service, with its ports."""

    documents: Documents
    clock: Clock
    evaluating: Evaluating
    promoting: Promoting

    def __call__(self, read: Versioned[Run]) -> RunState:
        """Takes an evaluating run as far as it goes now, and returns the state it is in.

        What a newer run has made pointless is not measured. What cannot be measured within a day is left to a person.

        Raises:
            ConflictError: another watcher moved it at this moment.
            PassingError: a model did not answer; what was answered is kept, and the next tick goes on.
        """
        run = read.value
        if self.promoting.is_overtaken(run) or run.promotion_allowed is not None:
            return self.promoting(read)
        try:
            evaluation = self.evaluating(run)
        except BusyError:
            return run.state  # another watcher is at it
        except PassingError as trouble:
            if self.clock() - run.changed_at <= _MEASURED_WITHIN:
                raise
            return self.promoting.hold(read, f"it could not be measured within a day: {trouble}")
        if isinstance(evaluation, Unfinished):
            return self._note(read, evaluation)
        return self._act(read, evaluation)

    def _act(self, read: Versioned[Run], evaluation: Evaluation) -> RunState:
        verdict = evaluation.verdict
        if verdict is None:
            raise ValueError(f"the evaluation of run {read.value.id} of {read.value.dataset} has no verdict")
        if verdict.decision is Decision.REJECT:
            return self.promoting.reject(read, verdict.reason)
        if verdict.decision is Decision.HOLD:
            return self.promoting.hold(read, verdict.reason)
        champion = evaluation.contender(Role.CHAMPION)
        return self.promoting(read, over=champion)

    def _note(self, read: Versioned[Run], unfinished: Unfinished) -> RunState:
        """Keeps how far it has got on the run."""
        note = f"{unfinished.answered} of {unfinished.asked} answers are in"
        if read.value.note != note:
            self.documents.commit(Replace(read, replace(read.value, note=note)))
        return read.value.state
