"""What a contender is worth over the hold-out, how sure that is, and how two contenders compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.score import Edits, Flaw

CONFIDENCE = 0.95  # of every interval here


class Measure(StrEnum):
    """What a comparison is made in; less is better."""

    WER = "wer"  # word errors a reference word, over all transcriptions
    MISMATCH = "mismatch"  # the share of targets that were not answered exactly, over all that are no transcriptions


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies, with 95 % confidence."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """A contender's answers together.

    `wer` and `mismatch` are intervals, None where nothing was measured so. `targets` counts what is no transcription,
    `exact` what of it was answered exactly. Latency in seconds; `cost_usd` None where the price is not known.
    `silence_words` are those it answered to two seconds of silence, and in no rate.
    """

    examples: int
    words: Edits = field(default_factory=Edits)
    characters: Edits = field(default_factory=Edits)
    wer: Interval | None = None
    mismatch: Interval | None = None
    casing: int = 0
    punctuation: int = 0
    targets: int = 0
    exact: int = 0
    flaws: Mapping[Flaw, int] = field(default_factory=dict)
    median_seconds: float = 0.0
    slow_seconds: float = 0.0
    """The 95th percentile."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    silence_words: int | None = None

    def rate(self, measure: Measure) -> float | None:
        """The figure itself; None where nothing was measured so."""
        if measure is Measure.WER:
            return self.words.rate
        return 1 - self.exact / self.targets if self.targets else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The challenger against another contender on the same utterances, by a paired bootstrap.

    `improvement` is the other's rate less the challenger's: more than 0 where the challenger is better. `probability`
    is that of an improvement of more than what was asked for (`margin`).
    """

    against: Role
    measure: Measure
    improvement: float
    interval: Interval
    margin: float
    probability: float


class Cut(StrEnum):
    """What slices are cut by."""

    FOLDER = "folder"
    SECONDS = "seconds"
    GROUP = "group"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the hold-out, and each contender's rate in it; a role is missing where it is not measured."""

    cut: Cut
    name: str
    examples: int
    measure: Measure
    rates: Mapping[Role, float] = field(default_factory=dict)
