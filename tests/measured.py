"""A run with its evaluation, made up: for tests of its report, which looks at nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from attune.config import Settings
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.evaluation.scores import Comparison, Cut, Interval, Measure, Score, Slice
from attune.domain.evaluation.verdict import Check, Decision, Evaluation, Verdict
from attune.domain.part import Part
from attune.domain.run import Binding, DataFile, Dropped, Plan, Run, RunState, opened
from attune.services.run_report.facts import Point, RunReport, Utterance

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
PLACE = "projects/attune-example/locations/us-central1"
REASON = "It makes 3.1 points fewer word errors than the champion, with a probability of 97.4 %."
REFERENCES = (
    "The patient was given fifteen milligrams of metoprolol before the second reading.",
    "Please move the Thursday appointment to half past four.",
    "Her blood pressure was one hundred and thirty over eighty.",
)
ANSWERS = (
    "the patient was given fifty milligrams of metal for all before second reading",
    "Please move the thursday appointment to half past four",
    "Her blood pressure was one hundred thirty over eighty eighty eighty.",
)
FATES = (RunState.CUT, RunState.ASSEMBLED, RunState.LAUNCHING, RunState.RUNNING, RunState.EVALUATING)


def a_run(dataset: str = "interviews", upto: RunState = RunState.EVALUATING) -> Run:
    """A run that got so far, ten minutes a step."""
    run = opened(dataset, 7, 100, NOW - timedelta(hours=1))
    for at, state in enumerate(FATES[: FATES.index(upto) + 1]):
        run = run.to(state, NOW - timedelta(minutes=50 - 10 * at))
    return replace(
        run,
        recipe=Settings().recipe(dataset),
        pairs_taken=1_204,
        plan=Plan(
            rows=1_100,
            hours=3.5,
            tokens=404_000,
            epochs=3,
            cost_usd=6.06,
            train_bytes=700_000,
            validation_rows=104,
            validation_bytes=66_000,
            binding=Binding("training examples", 1_100, 100_000),
            notes=("Rows are a manifest's order.",),
        ),
        train=DataFile("gs://b/train.jsonl", 1_100, Part("train.jsonl", 700_123, 1), 5, 12_600.0, 404_000),
        validation=DataFile("gs://b/validation.jsonl", 104, Part("validation.jsonl", 66_001, 1), 5, 1_200.0, 40_000),
        job=f"{PLACE}/tuningJobs/7421988154903724032",
        job_state="succeeded",
        model=f"{PLACE}/models/5316448837911871488@1",
        endpoint=f"{PLACE}/endpoints/1190274605118767104",
        dropped=(Dropped(17, "calls/monday/0017", "The example has no text."),),
        dropped_count=3,
    )


def a_score(wrong: int, low: float, high: float, **others: object) -> Score:
    """A score with so many word errors in 1,000 words."""
    score = Score(
        104,
        words=Edits(wrong // 2, wrong // 4, wrong - wrong // 2 - wrong // 4, 1_000),
        characters=Edits(wrong, wrong, wrong, 5_300),
        wer=Interval(low, high),
        casing=wrong // 9,
        punctuation=wrong // 5,
        flaws={Flaw.RUNAWAY: wrong // 60},
        median_seconds=0.81,
        slow_seconds=2.4,
        input_tokens=44_000,
        output_tokens=1_900,
        cost_usd=0.0312,
    )
    return replace(score, **others)  # type: ignore[arg-type]  # the test names the fields


def an_evaluation(decision: Decision = Decision.PASS) -> Evaluation:
    """Three contenders, of which the challenger is best, and what the gate says of it."""
    rates = {Role.CHALLENGER: 0.09, Role.CHAMPION: 0.12, Role.BASE: 0.24}
    worse = {Role.CHALLENGER: 0.19, Role.CHAMPION: 0.12, Role.BASE: 0.31}
    return Evaluation(
        NOW - timedelta(minutes=2),
        examples=104,
        held_out=104,
        normalisation="whisper-normalizer's English normaliser (0.1.15): lower case, no punctuation.",
        contenders=(
            Contender(Role.CHALLENGER, f"{PLACE}/endpoints/1190274605118767104", f"{PLACE}/models/5@1", "r000007"),
            Contender(Role.CHAMPION, f"{PLACE}/endpoints/2", f"{PLACE}/models/4@1", "r000006", "interviews"),
            Contender(Role.BASE, "gemini-2.5-flash", "gemini-2.5-flash"),
        ),
        scores={
            Role.CHALLENGER: a_score(91, 0.074, 0.109),
            Role.CHAMPION: a_score(122, 0.101, 0.144),
            Role.BASE: a_score(241, 0.21, 0.27, cost_usd=None),
        },
        comparisons=(
            Comparison(Role.CHAMPION, Measure.WER, 0.031, Interval(0.002, 0.058), 0.0, 0.974),
            Comparison(Role.BASE, Measure.WER, 0.15, Interval(0.11, 0.19), 0.01, 1.0),
        ),
        slices=(
            Slice(Cut.FOLDER, "calls/monday", 60, Measure.WER, rates),
            Slice(Cut.FOLDER, "calls/tuesday", 44, Measure.WER, worse),
            Slice(Cut.SECONDS, "under 5 s", 70, Measure.WER, rates),
            Slice(Cut.SECONDS, "5 to 15 s", 34, Measure.WER, {Role.CHALLENGER: 0.08}),
        ),
        verdict=Verdict(
            decision,
            REASON,
            (
                Check("min_improvement", passed=True, sentence="It is better by more than 0 points: 97.4 % of 90.0 %."),
                Check("max_slice_regression", passed=False, sentence="calls/tuesday is 7.0 points worse, of 5.0."),
            ),
        ),
    )


def an_utterance(at: int, reference: str, said: Mapping[Role, str], words: Mapping[Role, Edits]) -> Utterance:
    """A transcription with its answers and their marks."""
    return Utterance(
        Example(f"p{at}", f"calls/monday/{at:04}", "rows/r", 3.4, reference, task="transcription"),
        {role: Answer(text, 0.7, 400, 20, "STOP") for role, text in said.items()},
        {role: Mark(words[role], casing=1) for role in said},
    )


def utterances() -> tuple[Utterance, ...]:
    """Three, of which the first is worst."""
    return tuple(
        an_utterance(
            at,
            reference,
            {Role.CHALLENGER: answer, Role.CHAMPION: answer.upper(), Role.BASE: ""},
            {
                Role.CHALLENGER: Edits(errors, 0, 0, 12),
                Role.CHAMPION: Edits(errors + 1, 0, 0, 12),
                Role.BASE: Edits(0, 0, 12, 12),
            },
        )
        for at, (reference, answer, errors) in enumerate(zip(REFERENCES, ANSWERS, (6, 1, 3), strict=True))
    )


def earlier() -> tuple[Point, ...]:
    """Three runs before."""
    return (
        Point("r000002", 96, a_score(212, 0.18, 0.25), Decision.PASS),
        Point("r000004", 240, a_score(260, 0.22, 0.31), Decision.REJECT),
        Point("r000006", 520, a_score(122, 0.101, 0.144), Decision.PASS),
    )


def a_report(**others: object) -> RunReport:
    """All of it."""
    report = RunReport(a_run(), NOW, an_evaluation(), utterances(), earlier())
    return replace(report, **others)  # type: ignore[arg-type]  # the test names the fields
