"""Worst: the utterances to look at first."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nsmallest

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.score import Mark
from attune.services.run_report.facts import Utterance

MOST = 20


def worst(utterances: Iterable[Utterance]) -> list[Utterance]:
    """At most 20: those with most of the challenger's errors first, then by its rate; none without a fault."""
    return nsmallest(MOST, (each for each in utterances if _is_faulty(each)), key=_order)


def errors(mark: Mark) -> int:
    """Word errors; of a target that is no transcription, whether it was not answered exactly."""
    return mark.words.errors if mark.exact is None else int(not mark.exact)


def _is_faulty(utterance: Utterance) -> bool:
    mark = utterance.marks.get(Role.CHALLENGER)
    return mark is not None and bool(errors(mark) or mark.flaws)


def _order(utterance: Utterance) -> tuple[int, float, int, str]:
    mark = utterance.marks[Role.CHALLENGER]
    return -errors(mark), -(mark.words.rate or 0.0), -len(mark.flaws), utterance.example.path
