"""The gate decides as its limits say, and says why with its figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.gate import Limits, Unmeasured, faults
from attune.domain.evaluation.judging import judge
from attune.domain.evaluation.score import Edits, Flaw
from attune.domain.evaluation.scores import Comparison, Cut, Interval, Measure, Score, Slice
from attune.domain.evaluation.verdict import Decision, Evaluation

CHALLENGER, CHAMPION, BASE = Role.CHALLENGER, Role.CHAMPION, Role.BASE
PASS, REJECT, HOLD = Decision.PASS, Decision.REJECT, Decision.HOLD
FORTY = 40


def spoken(wrong: int, flaws: Mapping[Flaw, int] | None = None) -> Score:
    """Forty transcriptions of ten words, with so many errors, and half as many characters of 2,000."""
    return Score(FORTY, Edits(wrong, length=400), Edits(wrong // 2, length=2_000), flaws=flaws or {})


def targets(missed: int, flaws: Mapping[Flaw, int] | None = None) -> Score:
    return Score(FORTY, targets=FORTY, exact=FORTY - missed, flaws=flaws or {})


def both(wrong: int, missed: int) -> Score:
    """Thirty transcriptions beside ten targets."""
    return Score(FORTY, Edits(wrong, length=400), targets=10, exact=10 - missed)


def over(
    against: Role, improvement: float, probability: float, measure: Measure = Measure.WER, margin: float = 0.0
) -> Comparison:
    """The interval reaches five points to either side."""
    around = Interval(improvement - 0.05, improvement + 0.05)
    return Comparison(against, measure, improvement, around, margin, probability)


def a_slice(name: str, examples: int, mine: float, its: float | None, against: Role = CHAMPION) -> Slice:
    rates = {CHALLENGER: mine} if its is None else {CHALLENGER: mine, against: its}
    return Slice(Cut.FOLDER, name, examples, Measure.WER, rates)


def an_evaluation(
    scores: Mapping[Role, Score],
    *comparisons: Comparison,
    slices: tuple[Slice, ...] = (),
    absent: Mapping[Role, str] | None = None,
    examples: int = FORTY,
) -> Evaluation:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Evaluation(at, examples, 60, "as written", (), absent or {}, scores, comparisons, slices)


@dataclass(frozen=True)
class Case:
    name: str
    evaluation: Evaluation
    decision: Decision
    reason: str
    limits: Limits = field(default_factory=Limits)
    dropped: int = 0


GOOD = an_evaluation(
    {CHALLENGER: spoken(124), CHAMPION: spoken(180), BASE: spoken(200)},
    over(CHAMPION, 0.14, 0.998),
    over(BASE, 0.19, 1.0),
)
IMPROVED = (
    "WER 31.0% against the champion's 45.0% on 40 utterances: 14.0 points better, [+9.0, +19.0] points; "
    "the probability of any improvement is 0.998, and at least 0.9 is asked for"
)
FIRST = an_evaluation({CHALLENGER: spoken(100), BASE: spoken(200)}, over(BASE, 0.25, 1.0))
FIRST_IMPROVED = (
    "WER 25.0% against the base's 50.0% on 40 utterances: 25.0 points better, [+20.0, +30.0] points; "
    "the probability of any improvement is 1.000, and at least 0.9 is asked for"
)
WORSE = an_evaluation({CHALLENGER: spoken(240), CHAMPION: spoken(100)}, over(CHAMPION, -0.35, 0.0))
WORSENED = (
    "WER 60.0% against the champion's 25.0% on 40 utterances: 35.0 points worse, [-40.0, -30.0] points; "
    "the probability of any improvement is 0.000, and at least 0.9 is asked for"
)
MIXED = {CHALLENGER: both(40, 1), CHAMPION: both(80, 3)}
NO_HOLD_OUT = an_evaluation({}, examples=0)
ALONE = an_evaluation({CHALLENGER: spoken(100)})
SILENT = an_evaluation({CHALLENGER: Score(FORTY), CHAMPION: Score(FORTY)})
SLICED = replace(GOOD, slices=(a_slice("calls", 20, 0.4, 0.3), a_slice("notes", 20, 0.2, 0.6)))

CASES = [
    Case("better than the champion", GOOD, PASS, IMPROVED),
    Case("worse than the champion", WORSE, REJECT, WORSENED),
    Case("better than the base, on a first run", FIRST, PASS, FIRST_IMPROVED),
    Case(
        "worse than the base, on a first run",
        an_evaluation({CHALLENGER: spoken(200), BASE: spoken(100)}, over(BASE, -0.25, 0.0)),
        REJECT,
        "WER 50.0% against the base's 25.0% on 40 utterances: 25.0 points worse, [-30.0, -20.0] points; "
        "the probability of any improvement is 0.000, and at least 0.9 is asked for",
    ),
    Case(
        "better than the base, but not than the champion, which is the bar",
        an_evaluation(
            {CHALLENGER: spoken(120), CHAMPION: spoken(100), BASE: spoken(200)},
            over(CHAMPION, -0.05, 0.02),
            over(BASE, 0.2, 1.0),
        ),
        REJECT,
        "WER 30.0% against the champion's 25.0% on 40 utterances: 5.0 points worse, [-10.0, +0.0] points; "
        "the probability of any improvement is 0.020, and at least 0.9 is asked for",
    ),
    Case(
        "better than the champion, but not than the base, which is not the bar",
        an_evaluation(
            {CHALLENGER: spoken(100), CHAMPION: spoken(200), BASE: spoken(40)},
            over(CHAMPION, 0.25, 1.0),
            over(BASE, -0.15, 0.0),
        ),
        PASS,
        "WER 25.0% against the champion's 50.0% on 40 utterances: 25.0 points better, [+20.0, +30.0] points; "
        "the probability of any improvement is 1.000, and at least 0.9 is asked for",
    ),
    Case(
        "both perfect",
        an_evaluation({CHALLENGER: spoken(0), CHAMPION: spoken(0)}, over(CHAMPION, 0.0, 0.0)),
        REJECT,
        "WER 0.0% against the champion's 0.0% on 40 utterances: no better, [-5.0, +5.0] points; "
        "the probability of any improvement is 0.000, and at least 0.9 is asked for",
    ),
    Case("just as probable as is asked", GOOD, PASS, IMPROVED.replace("0.9 is", "0.998 is"), Limits(confidence=0.998)),
    Case(
        "better, but not probably enough",
        GOOD,
        REJECT,
        IMPROVED.replace("0.9 is", "0.999 is"),
        Limits(confidence=0.999),
    ),
    Case(
        "by less than the margin",
        an_evaluation({CHALLENGER: spoken(96), CHAMPION: spoken(100)}, over(CHAMPION, 0.01, 0.3, margin=0.02)),
        REJECT,
        "WER 24.0% against the champion's 25.0% on 40 utterances: 1.0 points better, [-4.0, +6.0] points; "
        "the probability of an improvement of more than 2 points is 0.300, and at least 0.9 is asked for",
        Limits(min_improvement=0.02),
    ),
    Case(
        "a little worse, where that is let in",
        an_evaluation({CHALLENGER: spoken(104), CHAMPION: spoken(100)}, over(CHAMPION, -0.01, 0.95, margin=-0.05)),
        PASS,
        "WER 26.0% against the champion's 25.0% on 40 utterances: 1.0 points worse, [-6.0, +4.0] points; "
        "the probability of being less than 5 points worse is 0.950, and at least 0.9 is asked for",
        Limits(min_improvement=-0.05),
    ),
    Case("an absolute WER that is reached", GOOD, PASS, IMPROVED, Limits(max_wer=0.31)),
    Case("an absolute WER that is missed", GOOD, REJECT, "WER 31.0%; at most 30.0% is let in", Limits(max_wer=0.3)),
    Case("an absolute CER that is missed", GOOD, REJECT, "CER 3.1%; at most 2.0% is let in", Limits(max_cer=0.02)),
    Case(
        "better targets",
        an_evaluation(
            {CHALLENGER: targets(4), CHAMPION: targets(10)}, over(CHAMPION, 0.15, 0.99, measure=Measure.MISMATCH)
        ),
        PASS,
        "share of targets missed 10.0% against the champion's 25.0% on 40 utterances: 15.0 points better, "
        "[+10.0, +20.0] points; the probability of any improvement is 0.990, and at least 0.9 is asked for",
        Limits(max_wer=0.0),  # which is not measured here
    ),
    Case(
        "an absolute share of targets that is missed",
        an_evaluation({CHALLENGER: targets(4), BASE: targets(10)}, over(BASE, 0.15, 0.99, measure=Measure.MISMATCH)),
        REJECT,
        "share of targets missed 10.0%; at most 5.0% is let in",
        Limits(max_mismatch=0.05),
    ),
    Case(
        "better words and better targets",
        an_evaluation(MIXED, over(CHAMPION, 0.1, 0.99), over(CHAMPION, 0.2, 0.95, measure=Measure.MISMATCH)),
        PASS,
        "WER 10.0% against the champion's 20.0% on 30 utterances: 10.0 points better, [+5.0, +15.0] points; "
        "the probability of any improvement is 0.990, and at least 0.9 is asked for",
    ),
    Case(
        "better words, but no better targets",
        an_evaluation(MIXED, over(CHAMPION, 0.1, 0.99), over(CHAMPION, 0.2, 0.8, measure=Measure.MISMATCH)),
        REJECT,
        "share of targets missed 10.0% against the champion's 30.0% on 10 utterances: 20.0 points better, "
        "[+15.0, +25.0] points; the probability of any improvement is 0.800, and at least 0.9 is asked for",
    ),
    Case("a tenth dropped", GOOD, PASS, IMPROVED, dropped=10),
    Case(
        "more than a tenth dropped",
        GOOD,
        REJECT,
        "11 of 100 training rows were dropped by the tuning service (11.0%); at most 10.0% may",
        dropped=11,
    ),
    Case("any number dropped, without that limit", GOOD, PASS, IMPROVED, Limits(max_dropped_share=None), dropped=100),
    Case(
        "too many answers with flaws, of different kinds",
        replace(
            GOOD,
            scores={
                **GOOD.scores,
                CHALLENGER: spoken(124, {Flaw.FAILED: 2, Flaw.EMPTY: 1, Flaw.RUNAWAY: 1, Flaw.OVERLONG: 1}),
            },
        ),
        REJECT,
        "5 of 40 answers failed, are empty, run away or are too long (12.5%); at most 10.0% may",
    ),
    Case(
        "words inserted, which is in the WER already",
        replace(GOOD, scores={**GOOD.scores, CHALLENGER: spoken(124, {Flaw.INSERTED: 30})}),
        PASS,
        IMPROVED,
    ),
    Case(
        "the champion's flaws are its own",
        replace(GOOD, scores={**GOOD.scores, CHAMPION: spoken(180, {Flaw.FAILED: 40})}),
        PASS,
        IMPROVED,
    ),
    Case(
        "too many targets that are not valid",
        an_evaluation(
            {CHALLENGER: targets(4, {Flaw.INVALID: 3}), BASE: targets(10)},
            over(BASE, 0.15, 0.99, measure=Measure.MISMATCH),
        ),
        REJECT,
        "3 of 40 targets are not valid (7.5%); at most 5.0% may",
        Limits(max_invalid_share=0.05),
    ),
    Case(
        "a slice that is worse by more than it may",
        SLICED,
        REJECT,
        "WER 40.0% in folder calls (20 utterances), where the champion has 30.0%; it may be worse by 5.0%",
        Limits(max_slice_regression=0.05),
    ),
    Case(
        "a slice that is just large enough to count",
        SLICED,
        REJECT,
        "WER 40.0% in folder calls (20 utterances), where the champion has 30.0%; it may be worse by 5.0%",
        Limits(max_slice_regression=0.05, min_slice_examples=20),
    ),
    Case("a slice that is worse, without that limit", SLICED, PASS, IMPROVED),
    Case(
        "a slice that is too small to count",
        SLICED,
        PASS,
        IMPROVED,
        Limits(max_slice_regression=0.05, min_slice_examples=21),
    ),
    Case(
        "a slice where the bar was not measured",
        replace(GOOD, slices=(a_slice("calls", 20, 0.9, None), a_slice("calls", 20, 0.9, 0.1, BASE))),
        PASS,
        IMPROVED,
        Limits(max_slice_regression=0.05),
    ),
    Case(
        "two checks failed",
        WORSE,
        REJECT,
        f"{WORSENED} (and 1 more check failed)",
        Limits(max_wer=0.3),
    ),
    Case(
        "four checks failed",
        WORSE,
        REJECT,
        f"{WORSENED} (and 3 more checks failed)",
        Limits(max_wer=0.3, max_cer=0.01),
        dropped=50,
    ),
    Case(
        "the champion vanished, and the base is the bar",
        replace(FIRST, absent={CHAMPION: "its endpoint is gone"}),
        PASS,
        f"{FIRST_IMPROVED}; the champion could not be measured (its endpoint is gone)",
    ),
    Case(
        "nobody to compare with",
        ALONE,
        HOLD,
        "there is nobody to compare it with; a person decides",
    ),
    Case(
        "nobody to compare with, whatever is said of runs without a hold-out",
        replace(ALONE, absent={CHAMPION: "its endpoint is gone", BASE: "not served"}),
        HOLD,
        "there is nobody to compare it with: the champion could not be measured (its endpoint is gone); "
        "the base could not be measured (not served); a person decides",
        Limits(unmeasured=Unmeasured.PROMOTE),
    ),
    Case(
        "nobody to compare with, and an absolute limit missed",
        ALONE,
        REJECT,
        "WER 25.0%; at most 20.0% is let in",
        Limits(max_wer=0.2),
    ),
    Case(
        "the challenger itself was not measured",
        an_evaluation({BASE: spoken(100)}, absent={CHALLENGER: "no answer"}),
        HOLD,
        "it was not measured: the challenger could not be measured (no answer); a person decides",
        Limits(unmeasured=Unmeasured.PROMOTE),
    ),
    Case(
        "no hold-out",
        NO_HOLD_OUT,
        HOLD,
        "it was not measured: there is no hold-out to measure it on; a person decides",
    ),
    Case(
        "no hold-out, and let in",
        NO_HOLD_OUT,
        PASS,
        "it was not measured: there is no hold-out to measure it on; the settings promote it all the same",
        Limits(unmeasured=Unmeasured.PROMOTE),
    ),
    Case(
        "no hold-out, and let in, but rows were dropped",
        NO_HOLD_OUT,
        REJECT,
        "40 of 100 training rows were dropped by the tuning service (40.0%); at most 10.0% may",
        Limits(unmeasured=Unmeasured.PROMOTE),
        dropped=40,
    ),
    Case(
        "a hold-out in which nothing is said",
        SILENT,
        HOLD,
        "it was not measured: nothing is said in the hold-out that a rate could be made of; a person decides",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_gate_decides_and_says_why(case: Case) -> None:
    verdict = judge(case.evaluation, case.limits, 100, case.dropped)
    assert (verdict.decision, verdict.reason) == (case.decision, case.reason)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_rejects_just_what_failed_a_check(case: Case) -> None:
    verdict = judge(case.evaluation, case.limits, 100, case.dropped)
    assert (verdict.decision is REJECT) is any(not check.passed for check in verdict.checks)


def test_every_check_is_made_in_a_fixed_order_even_after_one_failed() -> None:
    limits = Limits(max_wer=0.1, max_cer=0.9, max_slice_regression=0.0, max_invalid_share=0.1)
    slices = (a_slice("calls", 20, 0.4, 0.3), a_slice("notes", 20, 0.2, 0.6))
    verdict = judge(replace(WORSE, slices=slices), limits, 100, 90)
    assert [(check.name, check.passed) for check in verdict.checks] == [
        ("improvement_wer", False),
        ("max_wer", False),
        ("max_cer", True),
        ("max_flawed_share", True),
        ("max_dropped_share", False),
        ("slice_folder_wer", False),
        ("slice_folder_wer", True),
    ]
    assert all(check.sentence for check in verdict.checks)


def test_no_share_is_made_of_no_training_rows() -> None:
    assert [check.name for check in judge(GOOD, Limits(), 0, 0).checks] == ["improvement_wer", "max_flawed_share"]


def test_the_default_limits_have_no_fault() -> None:
    assert list(faults(Limits())) == []


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (Limits(confidence=1.1), "confidence must be 0 to 1"),
        (Limits(confidence=-0.1), "confidence must be 0 to 1"),
        (Limits(max_slice_regression=2), "max_slice_regression must be 0 to 1"),
        (Limits(max_dropped_share=-0.1), "max_dropped_share must be 0 to 1"),
        (Limits(max_flawed_share=10), "max_flawed_share must be 0 to 1"),
        (Limits(max_invalid_share=1.01), "max_invalid_share must be 0 to 1"),
        (Limits(max_wer=-0.1), "max_wer must be 0 or more"),
        (Limits(max_cer=-1), "max_cer must be 0 or more"),
        (Limits(max_mismatch=-1), "max_mismatch must be 0 or more"),
        (Limits(min_slice_examples=-1), "min_slice_examples must be 0 or more"),
        (Limits(min_improvement=float("nan")), "min_improvement must be a number"),
        (Limits(max_wer=float("inf")), "max_wer must be a number"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_told(limits: Limits, sentence: str) -> None:
    assert list(faults(limits)) == [sentence]


def test_every_fault_is_told() -> None:
    assert len(list(faults(Limits(confidence=2, max_wer=-1, max_dropped_share=3)))) == 3


@pytest.mark.parametrize(
    "limits",
    [Limits(max_wer=1.5), Limits(min_improvement=-0.2), Limits(confidence=0), Limits(confidence=1, max_cer=0)],
)
def test_odd_limits_that_can_be_meant_are_taken(limits: Limits) -> None:
    assert list(faults(limits)) == []
