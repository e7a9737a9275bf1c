"""Summary: what a subscriber is told of an evaluation."""

from __future__ import annotations

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.scores import Measure
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.events.approval import Measured


def summary(evaluation: Evaluation) -> Measured | None:
    """None where there was nothing to measure on."""
    challenger = evaluation.scores.get(Role.CHALLENGER)
    if challenger is None:
        return None
    measure = Measure.WER if challenger.words.length else Measure.MISMATCH
    rates = {role: score.rate(measure) for role, score in evaluation.scores.items()}
    bar = Role.CHAMPION if Role.CHAMPION in rates else Role.BASE
    over = (each.probability for each in evaluation.comparisons if (each.against, each.measure) == (bar, measure))
    return Measured(
        measure.value,
        evaluation.examples,
        rates.get(Role.CHALLENGER),
        rates.get(Role.CHAMPION),
        rates.get(Role.BASE),
        next(over, None),
    )
