"""Answers become an evaluation, whatever order the examples come in."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from attune.adapters.scoring import LibraryScorer
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.gate import Limits
from attune.domain.evaluation.scores import Cut, Measure
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.task import Kind
from attune.services.evaluate.measure import measure

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENTENCES = ("the cat sat on the mat", "please call back tomorrow", "nothing is wrong", "it rains in the north")
CONTENDERS = tuple(Contender(role, f"endpoints/{role}", f"models/{role}") for role in Role)
Given = dict[Role, Mapping[str, Answer]]


def examples(size: int) -> list[Example]:
    return [
        Example(f"p{at:03}", f"calls/{at % 2}/{at}", "rows/r", 3.0, SENTENCES[at % len(SENTENCES)])
        for at in range(size)
    ]


def answers(asked: list[Example], wrong: Mapping[Role, int]) -> Given:
    """Each role misses the first word of every so many-th example."""
    return {
        role: {
            each.pair: Answer(each.reference if at % every else each.reference.partition(" ")[2], 0.5, 100, 10)
            for at, each in enumerate(asked)
        }
        for role, every in wrong.items()
    }


def usd(role: Role, asked: int, answered: int) -> float | None:
    return None if role is Role.BASE else (asked + 4 * answered) / 1e6


def measured(asked: list[Example], given: Given, limits: Limits | None = None) -> Evaluation:
    return measure(asked, 99, CONTENDERS, given, LibraryScorer("en"), limits or Limits(), usd, NOW)


def test_every_contender_is_scored_and_the_challenger_is_compared_with_both_others() -> None:
    asked = examples(24)
    found = measured(asked, answers(asked, {Role.CHALLENGER: 12, Role.CHAMPION: 4, Role.BASE: 2}))
    assert (found.at, found.examples, found.held_out, found.contenders) == (NOW, 24, 99, CONTENDERS)
    assert {role: score.words.deletions for role, score in found.scores.items()} == {
        Role.CHALLENGER: 2,
        Role.CHAMPION: 6,
        Role.BASE: 12,
    }
    assert [(each.against, each.measure) for each in found.comparisons] == [
        (Role.CHAMPION, Measure.WER),
        (Role.BASE, Measure.WER),
    ]
    assert all(each.improvement > 0 for each in found.comparisons)
    assert {part.cut for part in found.slices} == {Cut.FOLDER}
    assert "jiwer" in found.normalisation
    assert found.verdict is None


def test_what_it_cost_is_reckoned_for_each_and_none_where_the_price_is_not_known() -> None:
    asked = examples(5)
    found = measured(asked, answers(asked, {Role.CHALLENGER: 2, Role.BASE: 2}))
    assert found.scores[Role.CHALLENGER].cost_usd == pytest.approx(5 * 140 / 1e6)
    assert found.scores[Role.BASE].cost_usd is None


def test_the_order_of_the_examples_changes_nothing() -> None:
    asked = examples(30)
    given = answers(asked, {Role.CHALLENGER: 7, Role.CHAMPION: 3})
    assert measured([*asked[::2], *reversed(asked[1::2])], given) == measured(asked, given)


def test_a_contender_that_was_not_measured_is_left_out() -> None:
    asked = examples(6)
    found = measured(asked, answers(asked, {Role.CHALLENGER: 3, Role.BASE: 2}))
    assert set(found.scores) == {Role.CHALLENGER, Role.BASE}
    assert {each.against for each in found.comparisons} == {Role.BASE}
    assert all(set(part.rates) == {Role.CHALLENGER, Role.BASE} for part in found.slices)


def test_without_the_challenger_nobody_is_compared() -> None:
    asked = examples(6)
    assert measured(asked, answers(asked, {Role.CHAMPION: 3, Role.BASE: 2})).comparisons == ()


def test_an_empty_hold_out_has_no_scores() -> None:
    found = measured([], {Role.CHALLENGER: {}, Role.BASE: {}})
    assert (found.examples, found.scores, found.comparisons, found.slices) == (0, {}, (), ())


def test_the_margin_of_a_comparison_is_the_gates() -> None:
    asked = examples(12)
    given = answers(asked, {Role.CHALLENGER: 12, Role.CHAMPION: 1})
    (found,) = measured(asked, given, Limits(min_improvement=0.9)).comparisons
    assert (found.margin, found.probability) == (0.9, 0.0)


def test_transcriptions_and_targets_are_measured_side_by_side() -> None:
    spoken = examples(2)
    label = Example("q", "intent/q", "rows/q", 3.0, "billing", Kind.CLASSIFICATION, "intent")
    given: Given = {
        Role.CHALLENGER: {**{each.pair: Answer(each.reference, 0.5) for each in spoken}, "q": Answer("billing", 0.5)},
        Role.BASE: {**{each.pair: Answer("", 0.5) for each in spoken}, "q": Answer("It is billing.", 0.5)},
    }
    found = measured([label, *spoken], given)
    assert {each.measure: each.improvement for each in found.comparisons} == {Measure.WER: 1.0, Measure.MISMATCH: 1.0}
    assert (found.scores[Role.BASE].targets, found.scores[Role.BASE].exact) == (1, 0)


def test_an_answer_that_was_never_given_is_an_error_and_not_a_guess() -> None:
    asked = examples(3)
    given = answers(asked[:2], {Role.CHALLENGER: 2})
    with pytest.raises(KeyError):
        measured(asked, given)
