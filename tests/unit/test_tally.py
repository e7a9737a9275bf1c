"""Marks become scores, comparisons and slices."""

from collections.abc import Sequence

import pytest

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.evaluation.scores import Cut, Measure, Slice
from attune.domain.evaluation.tally import compare, score, slices

RIGHT, WRONG = Mark(exact=True), Mark(exact=False, flaws=(Flaw.INVALID,))


def said(errors: int, length: int = 10) -> Mark:
    return Mark(words=Edits(substitutions=errors, length=length), characters=Edits(errors, 0, 0, 5 * length))


def an_example(path: str, seconds: float = 3.0, group: str | None = None, task: str = "transcription") -> Example:
    return Example(path, path, "rows/r", seconds, group=group, task=task)


def cut(found: Sequence[Slice], by: Cut) -> dict[str, tuple[int, float]]:
    return {part.name: (part.examples, part.rates[Role.CHALLENGER]) for part in found if part.cut is by}


def test_a_score_is_the_sum_of_its_marks() -> None:
    marks = [
        Mark(Edits(1, 2, 3, 10), Edits(4, 5, 6, 50), casing=1, punctuation=2, flaws=(Flaw.RUNAWAY,)),
        Mark(Edits(0, 1, 0, 5), Edits(1, 0, 0, 20), casing=1, flaws=(Flaw.RUNAWAY, Flaw.INSERTED)),
        RIGHT,
        WRONG,
    ]
    answers = [Answer("a", float(seconds), 100, 7) for seconds in (4, 1, 3, 2)]
    found = score(marks, answers, 0.25)
    assert (found.examples, found.targets, found.exact) == (4, 2, 1)
    assert found.words == Edits(1, 3, 3, 15)
    assert found.characters == Edits(5, 5, 6, 70)
    assert (found.casing, found.punctuation) == (2, 2)
    assert found.flaws == {Flaw.RUNAWAY: 2, Flaw.INSERTED: 1, Flaw.INVALID: 1}
    assert found.rate(Measure.WER) == pytest.approx(7 / 15)
    assert found.rate(Measure.MISMATCH) == 0.5
    assert (found.median_seconds, found.slow_seconds) == (2.5, 4.0)
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (400, 28, 0.25)


def test_an_interval_holds_the_rate_and_is_there_only_for_what_was_measured() -> None:
    found = score([said(errors) for errors in (0, 1, 2, 3, 0, 1)], [Answer("a", 1.0)] * 6, None)
    assert found.wer is not None
    assert found.wer.low < 7 / 60 < found.wer.high
    assert found.mismatch is None
    only_targets = score([RIGHT, WRONG, RIGHT], [Answer("a", 1.0)] * 3, None)
    assert only_targets.wer is None
    assert only_targets.mismatch is not None


def test_empty_references_add_their_insertions_to_the_rate_and_no_words() -> None:
    found = score([said(0), Mark(words=Edits(insertions=2))], [Answer("a", 1.0)] * 2, None)
    assert found.rate(Measure.WER) == 0.2


def test_empty_references_alone_have_no_rate() -> None:
    marks = [Mark(words=Edits(insertions=2))] * 3
    found = score(marks, [Answer("a", 1.0)] * 3, None)
    assert (found.rate(Measure.WER), found.wer, found.words.errors) == (None, None, 6)
    assert list(compare(marks, marks, Role.BASE, 0.0)) == []


def test_a_score_of_nothing_is_all_zeros() -> None:
    found = score([], [], None)
    assert (found.examples, found.wer, found.mismatch, found.median_seconds, found.slow_seconds) == (
        0,
        None,
        None,
        0,
        0,
    )


def test_the_95th_percentile_is_the_one_that_19_of_20_do_not_pass() -> None:
    answers = [Answer("a", float(seconds)) for seconds in range(1, 101)]
    assert score([said(0)] * 100, answers, None).slow_seconds == 96.0


def test_a_better_challenger_improves_and_a_worse_one_does_not() -> None:
    good, bad = [said(errors) for errors in (0, 1, 0, 1, 0)], [said(errors) for errors in (2, 3, 2, 4, 2)]
    (better,) = compare(good, bad, Role.CHAMPION, 0.0)
    (worse,) = compare(bad, good, Role.CHAMPION, 0.0)
    assert (better.against, better.measure, better.margin) == (Role.CHAMPION, Measure.WER, 0.0)
    assert better.improvement == pytest.approx(0.22)
    assert better.probability == 1.0
    assert worse.improvement == pytest.approx(-0.22)
    assert worse.probability == 0.0
    assert (worse.interval.low, worse.interval.high) == pytest.approx((-better.interval.high, -better.interval.low))


def test_a_margin_asks_for_more() -> None:
    good, bad = [said(1)] * 6, [said(2)] * 6
    assert next(compare(good, bad, Role.BASE, 0.09)).probability == 1.0
    assert next(compare(good, bad, Role.BASE, 0.1)).probability == 0.0
    assert next(compare(bad, good, Role.BASE, -0.2)).probability == 1.0


def test_transcriptions_and_targets_are_compared_apart() -> None:
    found = list(compare([said(0), RIGHT, RIGHT], [said(1), RIGHT, WRONG], Role.CHAMPION, 0.0))
    assert [each.measure for each in found] == [Measure.WER, Measure.MISMATCH]
    assert [each.improvement for each in found] == pytest.approx([0.1, 0.5])


def test_slices_are_cut_by_folder_length_speaker_and_task() -> None:
    examples = [
        an_example("calls/monday/a", 1.0, "ann", "transcription"),
        an_example("calls/monday/b", 40.0, "bob", "transcription"),
        an_example("calls/tuesday/c", 2.0, "ann", "transcription"),
        an_example("intent/d", 2.0, None, "intent"),
    ]
    found = list(slices(examples, {Role.CHALLENGER: [said(1), said(2), said(3), WRONG]}))
    assert cut(found, Cut.FOLDER) == {"calls/monday": (2, 0.15), "calls/tuesday": (1, 0.3), "intent": (1, 1.0)}
    assert {name: figures for name, figures in cut(found, Cut.SECONDS).items() if name != "2 to 5 s"} == {
        "over 30 s": (1, 0.2),
        "under 2 s": (1, 0.1),
    }
    assert cut(found, Cut.GROUP) == {"ann": (2, 0.2), "bob": (1, 0.2)}
    assert cut(found, Cut.TASK) == {"intent": (1, 1.0), "transcription": (3, 0.2)}


def test_a_slice_of_both_kinds_has_a_rate_for_each() -> None:
    examples = [an_example("x/a"), an_example("x/b", task="intent"), an_example("y/c")]
    found = list(slices(examples, {Role.CHALLENGER: [said(1), RIGHT, said(0)], Role.BASE: [said(4), WRONG, said(0)]}))
    of_x = [(part.measure, part.examples, dict(part.rates)) for part in found if part.name == "x"]
    assert of_x == [
        (Measure.WER, 1, {Role.CHALLENGER: 0.1, Role.BASE: 0.4}),
        (Measure.MISMATCH, 1, {Role.CHALLENGER: 0.0, Role.BASE: 1.0}),
    ]


@pytest.mark.parametrize(
    ("seconds", "band"),
    [
        (0.1, "under 2 s"),
        (1.999, "under 2 s"),
        (2.0, "2 to 5 s"),
        (5.0, "5 to 15 s"),
        (15.0, "15 to 30 s"),
        (29.9, "15 to 30 s"),
        (30.0, "over 30 s"),
        (3_600.0, "over 30 s"),
    ],
)
def test_lengths_are_told_in_bands(seconds: float, band: str) -> None:
    other = 1.0 if band != "under 2 s" else 60.0
    found = list(slices([an_example("a", seconds), an_example("b", other)], {Role.CHALLENGER: [said(7), said(0)]}))
    assert cut(found, Cut.SECONDS)[band] == (1, 0.7)


def test_what_has_one_part_only_is_not_cut() -> None:
    examples = [an_example("calls/a"), an_example("calls/b")]
    assert list(slices(examples, {Role.CHALLENGER: [said(0), said(0)]})) == []


def test_only_the_largest_50_parts_of_a_cut_are_kept_largest_first() -> None:
    examples = [an_example(f"f{folder:02}/{place}") for folder in range(60) for place in range(1 + folder // 20)]
    found = list(slices(examples, {Role.CHALLENGER: [said(0)] * len(examples)}))
    assert len(found) == 50
    assert [part.examples for part in found] == [3] * 20 + [2] * 20 + [1] * 10
    assert [part.name for part in found][:2] == ["f40", "f41"]


def test_a_part_where_nothing_was_said_has_no_rate() -> None:
    examples = [an_example("x/a"), an_example("y/b"), an_example("z/c")]
    found = list(slices(examples, {Role.CHALLENGER: [said(1), Mark(words=Edits(insertions=3)), said(0)]}))
    assert set(cut(found, Cut.FOLDER)) == {"x", "z"}


def test_nobody_measured_has_no_slices() -> None:
    assert list(slices([an_example("x/a"), an_example("y/b")], {})) == []
