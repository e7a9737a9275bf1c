"""The gate: which challenger may have the alias."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum


class Unmeasured(StrEnum):
    """What becomes of a run without a hold-out to measure it on."""

    HOLD = "hold"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a challenger must reach; None is no limit. Rates and shares are of 1.

    `min_improvement` is by how much it must be better than the champion (where there is none, than its base model),
    with at least the probability `confidence`: 0 asks for any improvement at all, and less than 0 lets it be worse by
    so much. `max_slice_regression` is by how much it may be worse in any slice of `min_slice_examples` or more.
    `max_dropped_share` is of the training rows, by the tuning service; `max_flawed_share` of answers that failed, are
    empty, run away or are far too long, `max_invalid_share` of targets that are no valid JSON or label;
    `max_silence_words` is what it may make of two seconds of silence.
    """

    max_wer: float | None = None
    max_cer: float | None = None
    max_mismatch: float | None = None
    min_improvement: float = 0.0
    confidence: float = 0.9
    max_slice_regression: float | None = None
    min_slice_examples: int = 10
    max_dropped_share: float | None = 0.1
    max_flawed_share: float | None = 0.1
    max_invalid_share: float | None = None
    max_silence_words: int | None = None
    unmeasured: Unmeasured = Unmeasured.HOLD


def faults(limits: Limits) -> Iterator[str]:
    """What is wrong with limits that somebody wrote, a sentence each."""
    for field in fields(limits):
        value = getattr(limits, field.name)
        if isinstance(value, float | int) and not math.isfinite(value):
            yield f"{field.name} must be a number"
    for name in ("confidence", "max_slice_regression", "max_dropped_share", "max_flawed_share", "max_invalid_share"):
        value = getattr(limits, name)
        if value is not None and not 0 <= value <= 1:
            yield f"{name} must be 0 to 1"
    for name in ("max_wer", "max_cer", "max_mismatch", "min_slice_examples", "max_silence_words"):
        value = getattr(limits, name)
        if value is not None and value < 0:
            yield f"{name} must be 0 or more"
