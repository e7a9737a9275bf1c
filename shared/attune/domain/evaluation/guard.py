"""A check on a model after its promotion: the same utterances again, against what it answered then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attune.domain.evaluation.scores import Measure


@dataclass(frozen=True, slots=True)
class Check:
    """What was seen: the error rate at the promotion and now, over so many utterances; None where nothing answered."""

    at: datetime
    run: str
    measure: Measure
    examples: int
    then: float | None
    now: float | None
    sentence: str
    passed: bool
