"""Facts: what a run's report is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Mark
from attune.domain.evaluation.scores import Measure, Score
from attune.domain.evaluation.verdict import Decision, Evaluation
from attune.domain.run import Run

ROLES = (Role.BASE, Role.CHAMPION, Role.CHALLENGER)
"""In the order in which they stand side by side."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """An example with what each contender answered, and what that is worth."""

    example: Example
    answers: Mapping[Role, Answer] = field(default_factory=dict)
    marks: Mapping[Role, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """A run on the dataset-size curve: how many rows it was trained on, and what its model was worth."""

    run: str
    rows: int
    score: Score
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as it stands at a moment, its evaluation if there is one, and the runs before it, the oldest first."""

    run: Run
    at: datetime
    evaluation: Evaluation | None = None
    utterances: Sequence[Utterance] = ()
    earlier: Sequence[Point] = ()

    @property
    def curve(self) -> tuple[Point, ...]:
        """The runs before this one and, where it was measured, this one."""
        own = point(self.run, self.evaluation)
        return (*self.earlier, own) if own else tuple(self.earlier)


def point(run: Run, evaluation: Evaluation | None) -> Point | None:
    """The run's place on the curve; None where its model was not measured."""
    score = evaluation.scores.get(Role.CHALLENGER) if evaluation else None
    if evaluation is None or score is None or run.train is None:
        return None
    decision = evaluation.verdict.decision if evaluation.verdict else None
    return Point(run.id, trained_rows(run), score, decision)


def trained_rows(run: Run) -> int:
    """The rows that the run's model has learned from whole: its file's, less what the service dropped or cut short."""
    return max(run.train.rows - run.dropped_count, 0) if run.train else 0


def interval_of(score: Score, measure: Measure) -> tuple[float, float] | None:
    """Where a score's rate lies, with 95 % confidence."""
    interval = score.wer if measure is Measure.WER else score.mismatch
    return (interval.low, interval.high) if interval else None
