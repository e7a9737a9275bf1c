"""Guard: after a promotion, measure the model again for a while, and roll the alias back when it has got worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from attune.domain.alias import Alias
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answered, Example
from attune.domain.evaluation.guard import Check
from attune.domain.evaluation.scores import Measure, Score
from attune.domain.evaluation.tally import score
from attune.domain.evaluation.trial import Guard
from attune.domain.recipe import Recipe
from attune.domain.run import Run
from attune.errors import BusyError
from attune.ports import Clock, Create, Documents, Objects, Replace, Versioned
from attune.services.evaluate.asking import Asking, Question
from attune.services.evaluate.evaluating import Scorers
from attune.services.evaluate.hold_out import hold_out
from attune.services.lease import leased
from attune.services.manifests import of_evaluations, of_leases, of_runs
from attune.services.rollback import RollingBack


@dataclass(frozen=True, slots=True)
class Guarding:
    """The service, with its ports."""

    documents: Documents
    objects: Objects
    asking: Asking
    scorers: Scorers
    rolling_back: RollingBack
    clock: Clock
    lease: timedelta
    budget: timedelta
    new_owner: Callable[[], str]

    def __call__(self, read: Versioned[Alias]) -> str | None:
        """Makes the check that is due, as far as one call goes; what it did, in a sentence, if anything.

        Raises:
            ConflictError: the alias moved at this moment.
            PassingError: the model did not answer; what was answered is kept, and the next tick goes on.
        """
        found = self.documents.get(of_runs.run(read.value.current.dataset, read.value.current.number))
        if found is None or found.value.recipe is None:
            return self._rest(read)
        guard = found.value.recipe.trial.guard
        if not guard.hours or read.value.checks >= guard.checks:
            return self._rest(read)
        if self.clock() < _due(read.value, guard):
            return None
        check = self._check(read.value, found.value, found.value.recipe)
        return self._act(read, check) if check else None

    def _rest(self, read: Versioned[Alias]) -> str | None:
        self.documents.commit(Replace(read, read.value.tended(guarded=False)))
        return None

    def _check(self, alias: Alias, run: Run, recipe: Recipe) -> Check | None:
        """The check; None while answers are missing, or another instance makes it."""
        until = self.clock() + self.budget
        examples: Sequence[Example] = hold_out(run, self.objects).examples[: recipe.trial.guard.examples]
        now, then = _contenders(alias)
        key = of_leases.evaluation_lease(run.dataset)
        try:
            with leased(run.dataset, self.new_owner(), self.lease, self.documents, self.clock, key) as hold:
                asked = self.asking(run.dataset, examples, [now], hold, until)
        except BusyError:
            return None
        if asked.absent:
            return _missing(self.clock(), run, asked.absent[now.role])
        if not asked.complete:
            return None
        examples = [example for example in examples if example.pair not in asked.withdrawn]
        known = self.asking.known(run.dataset, [Question(example, then) for example in examples])
        return self._compared(run, recipe, examples, asked.known, known)

    def _compared(
        self,
        run: Run,
        recipe: Recipe,
        examples: Sequence[Example],
        now: Mapping[str, Answered],
        then: Mapping[str, Answered],
    ) -> Check:
        scorer = self.scorers(recipe.trial.language)

        def scored(kept: Mapping[str, Answered]) -> Score:
            answered = {answer.pair: answer for answer in kept.values()}
            heard = [
                replace(each, reference=answered[each.pair].reference) for each in examples if each.pair in answered
            ]
            answers = [answered[each.pair].answer for each in heard]
            marks = [scorer.mark(each, answer) for each, answer in zip(heard, answers, strict=True)]
            return score(marks, answers, None)

        return _judged(self.clock(), run, recipe.trial.guard, scored(now), scored(then))

    def _act(self, read: Versioned[Alias], check: Check) -> str:
        alias = read.value
        key = of_evaluations.guard_check(alias.current.dataset, alias.current.number, alias.checks + 1)
        if not check.passed:
            answer = self.rolling_back(
                alias.name, check.sentence, expected=f"{alias.current.dataset}/{alias.current.run}"
            )
            if answer.stands:
                self.documents.commit(Create(key, check))
                return f"{check.sentence} {answer.said}"
            check = replace(check, sentence=f"{check.sentence} It was not rolled back: {answer.said}")
        self.documents.commit(Replace(read, alias.tended(checks=alias.checks + 1)), Create(key, check))
        return check.sentence


def _due(alias: Alias, guard: Guard) -> datetime:
    hours = guard.hours or 0.0
    return alias.moved_at + timedelta(hours=hours * (alias.checks + 1) / guard.checks)


def _contenders(alias: Alias) -> tuple[Contender, Contender]:
    """The model as it is asked now, whose answers are kept apart from those of before, and as it answered then."""
    current = alias.current
    then = Contender(Role.CHALLENGER, current.endpoint, current.model, current.run, current.dataset)
    return replace(then, model=f"{current.model} move {alias.serial} check {alias.checks + 1}"), then


def _missing(at: datetime, run: Run, why: str) -> Check:
    return Check(
        at, run.id, Measure.WER, 0, None, None, f"Run {run.id} of {run.dataset} no longer answers: {why}.", passed=False
    )


def _judged(at: datetime, run: Run, guard: Guard, now: Score, then: Score) -> Check:
    measure = Measure.WER if now.words.length else Measure.MISMATCH
    before, after = then.rate(measure), now.rate(measure)
    name = f"{measure.upper() if measure is Measure.WER else measure} of run {run.id} of {run.dataset}"
    if before is None or after is None:
        return Check(
            at, run.id, measure, now.examples, before, after, f"The {name} has nothing to compare.", passed=True
        )
    passed = after - before <= guard.max_regression
    sentence = (
        f"The {name} is {after:.1%} on {now.examples} utterances, and was {before:.1%} when it was promoted; "
        f"it may rise by {guard.max_regression:.1%}."
    )
    return Check(at, run.id, measure, now.examples, before, after, sentence, passed=passed)
