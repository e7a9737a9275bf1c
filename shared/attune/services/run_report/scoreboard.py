"""Scoreboard: every figure of every contender, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.score import Edits, Flaw
from attune.domain.evaluation.scores import Measure, Score
from attune.domain.evaluation.verdict import Evaluation
from attune.services.run_report.facts import ROLES, interval_of
from attune.services.run_report.wording import NONE, count, rate, seconds, spread, usd

FLAWS = {
    Flaw.FAILED: "failed",
    Flaw.EMPTY: "empty",
    Flaw.INSERTED: "words on a short clip that nobody said",
    Flaw.RUNAWAY: "runaway repetition",
    Flaw.OVERLONG: "far too long",
    Flaw.INVALID: "not valid",
}
MEASURES = {Measure.WER: "Word error rate", Measure.MISMATCH: "Not answered exactly"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure, and what stands below it in small letters."""

    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the scoreboard: its label and a cell for every role that was measured."""

    label: str
    cells: tuple[Cell, ...]


_Told = Callable[[Score], Cell]


def roles(evaluation: Evaluation) -> tuple[Role, ...]:
    """Those who were measured, in their order."""
    return tuple(role for role in ROLES if role in evaluation.scores)


def rows(evaluation: Evaluation) -> list[Row]:
    """The scoreboard; a line that would say nothing of anybody is left out."""
    scores = [evaluation.scores[role] for role in roles(evaluation)]
    return [Row(label, tuple(told(score) for score in scores)) for label, told in _lines(scores)]


def _lines(scores: Sequence[Score]) -> Iterator[tuple[str, _Told]]:
    if any(score.words.length for score in scores):
        yield from _of_transcriptions()
    if any(score.targets for score in scores):
        yield MEASURES[Measure.MISMATCH], _mismatch
    for flaw, label in FLAWS.items():
        if any(score.flaws.get(flaw) for score in scores):
            yield f"Answers: {label}", _flaw(flaw)
    if any(score.silence_words is not None for score in scores):
        yield (
            "Words answered to silence",
            lambda score: Cell(NONE if score.silence_words is None else count(score.silence_words)),
        )
    yield "Latency", lambda score: Cell(seconds(score.median_seconds), f"{seconds(score.slow_seconds)} at the 95th")
    yield "Tokens", lambda score: Cell(f"{count(score.input_tokens)} in", f"{count(score.output_tokens)} out")
    yield "Cost of the answers", lambda score: Cell(usd(score.cost_usd))


def _of_transcriptions() -> Iterator[tuple[str, _Told]]:
    yield MEASURES[Measure.WER], lambda score: Cell(rate(score.words.rate), spread(interval_of(score, Measure.WER)))
    yield "Words", lambda score: Cell(*_edits(score.words))
    yield "Character error rate", lambda score: Cell(rate(score.characters.rate), _edits(score.characters)[1])
    yield "Casing errors", lambda score: Cell(count(score.casing))
    yield "Punctuation errors", lambda score: Cell(count(score.punctuation))


def _edits(edits: Edits) -> tuple[str, str]:
    kinds = (("sub", edits.substitutions), ("ins", edits.insertions), ("del", edits.deletions))
    return f"{count(edits.errors)} of {count(edits.length)}", ", ".join(f"{count(many)} {kind}" for kind, many in kinds)


def _mismatch(score: Score) -> Cell:
    if not score.targets:
        return Cell(NONE)
    exact = f"{count(score.exact)} of {count(score.targets)} exact"
    return Cell(rate(score.rate(Measure.MISMATCH)), f"{exact}, {spread(interval_of(score, Measure.MISMATCH))}")


def _flaw(flaw: Flaw) -> _Told:
    return lambda score: Cell(count(score.flaws.get(flaw, 0)))
