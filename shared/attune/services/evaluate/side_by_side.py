"""Side by side: any number of models on the same utterances, the first against each of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.gate import Limits
from attune.domain.evaluation.scores import Comparison, Cut, Measure, Score
from attune.domain.evaluation.verdict import Evaluation
from attune.ports_tuning import Scorer
from attune.services.evaluate.interview import Answers
from attune.services.evaluate.measure import measure

Prices = Callable[[str, int, int], float | None]
"""What so many tokens asked and answered cost at a target, in USD; None where that is not known."""
SliceKey = tuple[Cut, str, Measure]
Cast = tuple[Contender, ...]
"""The challenger and, where there is one, whom it is measured against."""
_ROLES = (Role.CHALLENGER, Role.CHAMPION)


@dataclass(frozen=True, slots=True)
class Against:
    """The challenger against the contender at a target."""

    target: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Part:
    """A slice: how many examples it has, and each target's rate in it."""

    cut: Cut
    name: str
    measure: Measure
    examples: int
    rates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SideBySide:
    """What was measured; everything is by target, that of the challenger first.

    `better` says whether the challenger is better than each other with the confidence that was asked for; None where
    there is no other, or nothing that could be compared.
    """

    normalisation: str
    scores: Mapping[str, Score]
    against: tuple[Against, ...]
    parts: tuple[Part, ...]
    better: bool | None


@dataclass(frozen=True, slots=True)
class Bench:
    """What models are measured with."""

    scorer: Scorer
    limits: Limits
    prices: Prices
    at: datetime

    def measure(
        self, examples: Sequence[Example], pairs: int, contenders: Sequence[Contender], answers: Answers
    ) -> SideBySide:
        """Measures the first of the contenders against each other one, of a folder with so many pairs."""
        challenger, *others = contenders
        rounds: list[Cast] = [(challenger, other) for other in others] or [(challenger,)]
        measured = [self._measure(examples, pairs, each, answers) for each in rounds]
        against = tuple(_against(measured, others))
        return SideBySide(
            measured[0].normalisation,
            {each.target: _score(measured, each, rounds) for each in contenders},
            against,
            _parts(measured, rounds),
            _better(against, others, self.limits.confidence),
        )

    def _measure(
        self, examples: Sequence[Example], pairs: int, contenders: Sequence[Contender], answers: Answers
    ) -> Evaluation:
        """A round of one or two: the roles are the challenger's and the champion's, whoever they are."""
        cast = tuple(replace(each, role=role) for each, role in zip(contenders, _ROLES, strict=False))
        targets = {each.role: each.target for each in cast}
        heard: dict[Role, Mapping[str, Answer]] = {each.role: answers[each.target] for each in cast}

        def price(role: Role, asked: int, answered: int) -> float | None:
            return self.prices(targets[role], asked, answered)

        return measure(examples, pairs, cast, heard, self.scorer, self.limits, price, self.at)


def _against(measured: Sequence[Evaluation], others: Sequence[Contender]) -> list[Against]:
    return [
        Against(other.target, comparison)
        for evaluation, other in zip(measured, others, strict=False)
        for comparison in evaluation.comparisons
    ]


def _score(measured: Sequence[Evaluation], contender: Contender, rounds: Sequence[Cast]) -> Score:
    for evaluation, cast in zip(measured, rounds, strict=True):
        if contender in cast:
            return evaluation.scores[_ROLES[cast.index(contender)]]
    raise ValueError(f"{contender.target} was not measured")


def _parts(measured: Sequence[Evaluation], rounds: Sequence[Cast]) -> tuple[Part, ...]:
    """The slices of all rounds, whose cuts are the same, joined."""
    joined: dict[SliceKey, Part] = {}
    for evaluation, cast in zip(measured, rounds, strict=True):
        targets = {role: each.target for role, each in zip(_ROLES, cast, strict=False)}
        for cut in evaluation.slices:
            rates = {targets[role]: rate for role, rate in cut.rates.items()}
            part = Part(cut.cut, cut.name, cut.measure, cut.examples, rates)
            key = (cut.cut, cut.name, cut.measure)
            joined[key] = replace(part, rates={**joined[key].rates, **rates}) if key in joined else part
    return tuple(joined.values())


def _better(against: Sequence[Against], others: Sequence[Contender], confidence: float) -> bool | None:
    if not others or {each.target for each in against} != {other.target for other in others}:
        return None
    return all(each.comparison.probability >= confidence for each in against)
