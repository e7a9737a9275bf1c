"""Measure: mark every answer, and make scores, comparisons and slices of the marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.gate import Limits
from attune.domain.evaluation.score import Mark
from attune.domain.evaluation.scores import Comparison
from attune.domain.evaluation.tally import compare, score, slices
from attune.domain.evaluation.verdict import Evaluation
from attune.ports_tuning import Scorer

Usd = Callable[[Role, int, int], float | None]
"""What a contender's input and output tokens cost; None where it is not known."""


def measure(
    examples: Sequence[Example],
    held_out: int,
    contenders: Sequence[Contender],
    answers: Mapping[Role, Mapping[str, Answer]],
    scorer: Scorer,
    limits: Limits,
    usd: Usd,
    at: datetime,
) -> Evaluation:
    """The evaluation, without a verdict. `answers` are by contender and pair; the order of the examples is nothing."""
    ordered = sorted(examples, key=lambda example: example.pair)
    marks = {role: [scorer.mark(each, by_pair[each.pair]) for each in ordered] for role, by_pair in answers.items()}
    given = {role: [by_pair[each.pair] for each in ordered] for role, by_pair in answers.items()}
    return Evaluation(
        at=at,
        examples=len(ordered),
        held_out=held_out,
        normalisation=scorer.normalisation,
        contenders=tuple(contenders),
        scores={role: score(marks[role], given[role], _cost(role, given[role], usd)) for role in marks}
        if ordered
        else {},
        comparisons=tuple(_comparisons(marks, limits.min_improvement)) if ordered else (),
        slices=tuple(slices(ordered, marks)),
    )


def _comparisons(marks: Mapping[Role, Sequence[Mark]], margin: float) -> Iterator[Comparison]:
    for role in (Role.CHAMPION, Role.BASE):
        if role in marks and Role.CHALLENGER in marks:
            yield from compare(marks[Role.CHALLENGER], marks[role], role, margin)


def _cost(role: Role, answers: Sequence[Answer], usd: Usd) -> float | None:
    return usd(role, sum(each.input_tokens for each in answers), sum(each.output_tokens for each in answers))
