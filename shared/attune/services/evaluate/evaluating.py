"""Evaluate a run's model beside the champion and the base, as far as one call goes, and write the verdict down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from attune.domain.base_models import Models
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Answered, Example
from attune.domain.evaluation.judging import judge
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.recipe import Recipe
from attune.domain.run import Run
from attune.domain.task import Kind
from attune.errors import VanishedError
from attune.ports import Clock, Create, Documents, Objects, Replace, Versioned, Write
from attune.ports_tuning import Scorer
from attune.services.evaluate.asking import Asking, Question, Round
from attune.services.evaluate.hold_out import HoldOut, hold_out
from attune.services.evaluate.measure import measure
from attune.services.evaluate.silence import silence
from attune.services.lease import Hold, leased
from attune.services.manifests import of_aliases, of_evaluations, of_leases
from attune.tracing import Fact, note, span

Scorers = Callable[[str], Scorer]
"""A scorer for a language."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An evaluation that goes on with the next tick: so many of so many answers are kept."""

    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a finished evaluation was made of, for the report."""

    examples: tuple[Example, ...]
    answers: Mapping[Role, Mapping[str, Answer]]


Finished = Callable[[Run, Evaluation, Heard], None]
"""Is told of each finished evaluation before it is written down: it may write the run's report."""


@dataclass(frozen=True, slots=True)
class Evaluating:
    """The service, with its ports. It holds a lease of the dataset while it asks, for `budget` at most."""

    documents: Documents
    objects: Objects
    asking: Asking
    scorers: Scorers
    finished: Finished
    models: Models
    clock: Clock
    lease: timedelta
    budget: timedelta
    new_owner: Callable[[], str]

    def __call__(self, run: Run) -> Evaluation | Unfinished:
        """The evaluation against the champion of this moment, with its verdict; or how far it has got.

        Raises:
            BusyError: another instance evaluates in this dataset.
            VanishedError: the run's own endpoint is not there.
            QuotaError: no more questions are taken now; the next call goes on.
            UnavailableError: no answer; likewise.
        """
        with span("evaluate", about=run.traceparent, dataset=run.dataset, run=run.id):
            came = self._evaluate(run)
            note(**_told(came))
        return came

    def _evaluate(self, run: Run) -> Evaluation | Unfinished:
        recipe = run.recipe
        if recipe is None:
            raise ValueError(f"run {run.id} of {run.dataset} is evaluated before its cut")
        contenders = (*self._rivals(run, recipe), _base(recipe))
        stands = self.documents.get(of_evaluations.evaluation(run.dataset, run.number))
        if stands is not None and stands.value.contender(Role.CHAMPION) == _of(contenders, Role.CHAMPION):
            return stands.value
        until = self.clock() + self.budget
        key = of_leases.evaluation_lease(run.dataset)
        with leased(run.dataset, self.new_owner(), self.lease, self.documents, self.clock, key) as hold:
            held = self._hold_out(run, recipe)
            asked = self.asking(run.dataset, held.questions, contenders, hold, until)
            if Role.CHALLENGER in asked.absent:
                raise VanishedError(asked.absent[Role.CHALLENGER])
            if not asked.complete:
                return Unfinished(len(asked.known), len(held.questions) * len(contenders))
            return self._conclude(run, recipe, held.without(asked.withdrawn), contenders, asked, hold, stands)

    def retell(self, run: Run) -> None:
        """Writes the report of a measured run anew, of the answers that are still kept. What was decided stands."""
        stands = self.documents.get(of_evaluations.evaluation(run.dataset, run.number))
        if stands is None or run.recipe is None:
            return
        present = [each for each in stands.value.contenders if each.role not in stands.value.absent]
        held = hold_out(run, self.objects)
        known = self.asking.known(
            run.dataset, [Question(example, each) for each in present for example in held.examples]
        )
        gone = {
            example.pair
            for example in held.examples
            if any(Question(example, each).key not in known for each in present)
        }
        self.finished(run, stands.value, _heard(held.without(gone).examples, present, known))

    def _rivals(self, run: Run, recipe: Recipe) -> Sequence[Contender]:
        """The challenger, and the champion where there is one."""
        challenger = Contender(Role.CHALLENGER, str(run.endpoint), str(run.model), run.id, run.dataset)
        alias = self.documents.get(of_aliases.alias(recipe.alias))
        if alias is None:
            return (challenger,)
        now = alias.value.current
        return (challenger, Contender(Role.CHAMPION, now.endpoint, now.model, now.run, now.dataset))

    def _hold_out(self, run: Run, recipe: Recipe) -> HoldOut:
        """What is asked; beside transcriptions, silence, too."""
        held = hold_out(run, self.objects)
        if not any(example.kind is Kind.TRANSCRIPTION for example in held.examples):
            return held
        return replace(held, probes=(silence(run, recipe, self.objects),))

    def _conclude(
        self,
        run: Run,
        recipe: Recipe,
        held: HoldOut,
        contenders: Sequence[Contender],
        asked: Round,
        hold: Hold,
        stands: Versioned[Evaluation] | None,
    ) -> Evaluation:
        scorer = self.scorers(recipe.trial.language)
        present = tuple(contender for contender in contenders if contender.role not in asked.absent)
        heard = _heard(held.examples, present, asked.known)
        measured = measure(
            heard.examples,
            held.held_out,
            present,
            heard.answers,
            scorer,
            recipe.trial.gate,
            lambda _, heard, said: self.models(recipe.base_model).answers_usd(heard, said),
            self.clock(),
        )
        made_up = _heard(held.probes, present, asked.known).answers
        scores = {
            role: replace(score, silence_words=_words(held.probes, made_up[role], scorer))
            for role, score in measured.scores.items()
        }
        measured = replace(measured, contenders=tuple(contenders), absent=asked.absent, scores=scores)
        rows = run.train.rows if run.train else 0
        judged = replace(measured, verdict=judge(measured, recipe.trial.gate, rows, run.dropped_count))
        self.finished(run, judged, heard)
        key = of_evaluations.evaluation(run.dataset, run.number)
        write: Write = Replace(stands, judged) if stands else Create(key, judged)
        hold.commit(write)
        return judged


def _told(came: Evaluation | Unfinished) -> dict[str, Fact]:
    if isinstance(came, Unfinished):
        return {"answered": came.answered, "asked": came.asked}
    return {"decision": came.verdict.decision if came.verdict else None}


def _heard(examples: Sequence[Example], contenders: Sequence[Contender], known: Mapping[str, Answered]) -> Heard:
    kept = {
        contender.role: {example.pair: known[Question(example, contender).key] for example in examples}
        for contender in contenders
    }
    references = {pair: answered.reference for by_pair in kept.values() for pair, answered in by_pair.items()}
    return Heard(
        tuple(replace(example, reference=references[example.pair]) for example in examples),
        {role: {pair: answered.answer for pair, answered in by_pair.items()} for role, by_pair in kept.items()},
    )


def _words(probes: Sequence[Example], answers: Mapping[str, Answer], scorer: Scorer) -> int | None:
    if not probes:
        return None
    return sum(scorer.mark(probe, answers[probe.pair]).words.insertions for probe in probes)


def _base(recipe: Recipe) -> Contender:
    return Contender(Role.BASE, recipe.base_model, recipe.base_model)


def _of(contenders: Sequence[Contender], role: Role) -> Contender | None:
    return next((contender for contender in contenders if contender.role is role), None)
