"""A profile: what a report tells of pairs on the whole. The profiles of two halves add up to that of both."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from heapq import nsmallest
from typing import TypeVar

from attune.domain.finding import Severity
from attune.domain.pair import Measured, Pair, PairState
from attune.domain.quality.customs import Customs
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits

T = TypeVar("T")
K = TypeVar("K", int, str)

WORST = 20  # pairs that a report names
_MOST_FAR = 1_000_000
_DB_TWICE = 6.0  # decibels that are twice as much
_YARDSTICK = Limits()  # the same for every dataset: a rank must not change with a setting
_LEAST = 1e-6


class Measure(StrEnum):
    """What a report draws a histogram of: seconds, dBFS, dB, and characters a second."""

    SECONDS = "seconds"
    LEVEL = "level"
    SNR = "snr"
    PACE = "pace"


@dataclass(frozen=True, slots=True)
class Scale:
    """A measure's bins, which are always the same: bin 0 is what is below all `edges`, the last what is above them."""

    edges: tuple[float, ...]
    logarithmic: bool = False

    def bin_of(self, value: float) -> int:
        """The bin of a value; an edge belongs to the bin above it."""
        return bisect_right(self.edges, value)


SCALES: Mapping[Measure, Scale] = {
    Measure.SECONDS: Scale(tuple(round(0.1 * 2 ** (half / 2), 2) for half in range(32)), logarithmic=True),
    Measure.LEVEL: Scale(tuple(float(edge) for edge in range(-80, 1, 2))),
    Measure.SNR: Scale(tuple(float(edge) for edge in range(0, 81, 2))),
    Measure.PACE: Scale(tuple(float(edge) for edge in range(51))),
}


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many pairs fall in which bin of their measure's scale: those that are in, and those that were refused."""

    accepted: Mapping[int, int] = field(default_factory=dict)
    rejected: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """A task's accepted pairs, and how long they are together."""

    pairs: int = 0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """How many pairs a rule speaks of, by its severity there; and one of them, the first by its id."""

    pairs: Mapping[str, int]
    example: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A pair with something to look at: whether it was refused, how much was found, and how far off its measures are.

    `far` is how many hundredths of its rule's limit the worst measure has; twice the limit is 200.
    """

    pair: str
    refused: bool
    findings: int
    far: int

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """The worst first, and of equals the first by their ids."""
        return (not self.refused, -self.findings, -self.far, self.pair)


@dataclass(frozen=True, slots=True)
class Profile:
    """Pairs in sums: by state, the accepted ones by side of the hold-out and by task, and what was found, by code.

    `histograms` are by measure, `customs` those of the accepted transcripts, `worst` the worst twenty, worst first.
    """

    states: Mapping[str, int] = field(default_factory=dict)
    sides: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[str, Share] = field(default_factory=dict)
    found: Mapping[str, Found] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    customs: Customs = field(default_factory=Customs)
    worst: tuple[Ranked, ...] = ()

    @property
    def milliseconds(self) -> int:
        """How long the accepted pairs are together."""
        return sum(share.milliseconds for share in self.tasks.values())

    @property
    def named(self) -> list[str]:
        """The ids of the pairs that are told of one by one."""
        return sorted({ranked.pair for ranked in self.worst} | {found.example for found in self.found.values()})


def profile_of(pair: Pair) -> Profile:
    """The profile of one pair."""
    accepted = pair.state is PairState.ACCEPTED
    measured = pair.measured
    findings = (*pair.reasons, *pair.remarks)
    return Profile(
        states={pair.state.value: 1},
        sides={pair.split.value: 1} if accepted and pair.split else {},
        tasks={pair.row.task: Share(1, round(1000 * pair.row.seconds))} if accepted and pair.row else {},
        found={finding.code: Found({finding.severity.value: 1}, pair.id) for finding in findings},
        histograms=dict(_histograms(measured, accepted=accepted)) if measured else {},
        customs=Customs.of([measured.style] if accepted and measured and measured.style else []),
        worst=tuple(_ranked(pair)),
    )


def total(profiles: Iterable[Profile]) -> Profile:
    """The profile of all of them, whatever their order."""
    them = list(profiles)
    return Profile(
        states=_sum(profile.states for profile in them),
        sides=_sum(profile.sides for profile in them),
        tasks={name: _shares(shares) for name, shares in _by_name(profile.tasks for profile in them)},
        found={code: _found(found) for code, found in _by_name(profile.found for profile in them)},
        histograms={name: _histogram(each) for name, each in _by_name(profile.histograms for profile in them)},
        customs=reduce(Customs.plus, (profile.customs for profile in them), Customs()),
        worst=tuple(nsmallest(WORST, (each for profile in them for each in profile.worst), lambda each: each.order)),
    )


def measures_of(measured: Measured) -> dict[Measure, float]:
    """What is drawn of a pair."""
    heard = measured.heard
    drawn = {Measure.SECONDS: heard.seconds, Measure.LEVEL: heard.level_dbfs, Measure.SNR: heard.snr_db}
    return drawn if measured.pace is None else drawn | {Measure.PACE: measured.pace}


def _histograms(measured: Measured, *, accepted: bool) -> Iterator[tuple[str, Histogram]]:
    for measure, value in measures_of(measured).items():
        one = {SCALES[measure].bin_of(value): 1}
        yield measure.value, Histogram(accepted=one) if accepted else Histogram(rejected=one)


def _ranked(pair: Pair) -> Iterator[Ranked]:
    looked_at = [finding for finding in (*pair.reasons, *pair.remarks) if finding.severity is not Severity.REPAIRED]
    if looked_at:
        refused = any(finding.severity is Severity.REFUSED for finding in looked_at)
        yield Ranked(pair.id, refused, len(looked_at), _far(pair.measured) if pair.measured else 0)


def _far(measured: Measured) -> int:
    shares = [*_far_heard(measured.heard, _YARDSTICK), *_far_said(measured.pace, _YARDSTICK)]
    return min(_MOST_FAR, round(100 * max(shares)))


def _far_heard(heard: Heard, limits: Limits) -> Iterator[float]:
    """What share of its limit each measure has; levels by the doubling."""
    yield heard.seconds / limits.advised_audio_seconds
    yield limits.min_audio_seconds / max(heard.seconds, _LEAST)
    yield heard.silent_share / limits.advised_silent_share
    yield heard.leading_silence / limits.advised_leading_silence
    yield heard.trailing_silence / limits.advised_trailing_silence
    yield heard.clipped_share / limits.advised_clipped_share
    yield heard.dc_offset / limits.advised_dc_offset
    yield 2 ** ((limits.advised_lowest_level - heard.level_dbfs) / _DB_TWICE)
    yield 2 ** ((heard.level_dbfs - limits.advised_highest_level) / _DB_TWICE)
    yield 2 ** ((limits.advised_snr_db - heard.snr_db) / _DB_TWICE)


def _far_said(pace: float | None, limits: Limits) -> Iterator[float]:
    if pace is not None:
        yield pace / limits.max_characters_per_second
        yield limits.advised_characters_per_second / max(pace, _LEAST)


def _by_name(maps: Iterable[Mapping[str, T]]) -> list[tuple[str, list[T]]]:
    gathered: dict[str, list[T]] = {}
    for each in maps:
        for name, value in each.items():
            gathered.setdefault(name, []).append(value)
    return sorted(gathered.items())


def _sum(counts: Iterable[Mapping[K, int]]) -> dict[K, int]:
    summed: Counter[K] = Counter()
    for each in counts:
        summed.update(each)
    return dict(sorted(summed.items()))


def _shares(shares: list[Share]) -> Share:
    return Share(sum(share.pairs for share in shares), sum(share.milliseconds for share in shares))


def _found(found: list[Found]) -> Found:
    return Found(_sum(each.pairs for each in found), min(each.example for each in found))


def _histogram(histograms: list[Histogram]) -> Histogram:
    return Histogram(_sum(each.accepted for each in histograms), _sum(each.rejected for each in histograms))
