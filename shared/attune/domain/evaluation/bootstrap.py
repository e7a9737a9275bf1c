"""Bootstrap: how sure a rate and a difference of rates are, by resampling utterances with replacement.

The paired bootstrap of Bisani and Ney ("Bootstrap estimates for confidence intervals in ASR performance evaluation",
ICASSP 2004): every resample draws the same utterances for all contenders, so that what is hard for all of them cancels
out. Intervals are percentiles.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from attune.domain.evaluation.scores import CONFIDENCE, Interval

RESAMPLES = 2_000
_SEED = 1979  # any: the same number of utterances is always resampled alike
_TIE = 1e-9  # what rounding makes of two rates that are just the margin apart


@dataclass(frozen=True, slots=True)
class Counted:
    """An utterance's errors, and the length of its reference (1, for a target that is right or wrong as a whole)."""

    errors: int
    length: int


def rates(counted: Sequence[Counted]) -> tuple[float, ...]:
    """The rate of all in every resample. One that drew only empty references counts as without an error.

    The utterances of two contenders are resampled alike where they stand in the same order.
    """
    errors, lengths = [each.errors for each in counted], [each.length for each in counted]
    return tuple(_rate(_sum(errors, drawn), _sum(lengths, drawn)) for drawn in _draws(len(counted)))


def differences(one: Sequence[Counted], other: Sequence[Counted]) -> tuple[float, ...]:
    """The first's rate less the other's, in every resample of the same utterances in the same order."""
    return tuple(mine - its for mine, its in zip(rates(one), rates(other), strict=True))


def interval(values: Sequence[float]) -> Interval:
    """Where the middle 95 % of resampled values lie."""
    ordered = sorted(values)
    tail = (1 - CONFIDENCE) / 2
    return Interval(_quantile(ordered, tail), _quantile(ordered, 1 - tail))


def probability(values: Sequence[float], margin: float) -> float:
    """The share of resamples above the margin. One that is just the margin is not above it."""
    return sum(value > margin + _TIE for value in values) / len(values)


@lru_cache(maxsize=1)
def _draws(size: int) -> tuple[array[int], ...]:
    """The utterances of every resample, by their places; drawn once for all contenders and measures."""
    dice = random.Random(_SEED)  # noqa: S311 - a sample that can be drawn again, not a secret
    places = list(range(size))
    return tuple(array("I", dice.choices(places, k=size)) for _ in range(RESAMPLES))


def _sum(figures: Sequence[int], drawn: Sequence[int]) -> int:
    return sum(map(figures.__getitem__, drawn))


def _rate(errors: int, length: int) -> float:
    return errors / length if length else 0.0


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest values, in proportion (Hyndman and Fan's seventh definition)."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
