"""Plots: a profile's histograms as shapes to draw, with the dataset's limits as lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attune.domain.profile import SCALES, Histogram, Measure, Scale
from attune.domain.quality.limits import Limits

WIDTH, HEIGHT = 400, 250  # narrow, so that letters keep their size on a small screen
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 48, 48  # margins, wide enough for the larger letters of a small screen
_BASE = HEIGHT - BOTTOM
_TICKS_UP = 4
_STEPS = (1, 2, 2.5, 5, 10)
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class Kind:
    """How a measure is drawn: its title, its axis with the unit, that unit's sign, where ticks are, and its limits."""

    title: str
    axis: str
    unit: str
    ticks: tuple[float, ...]
    limits: tuple[tuple[str, str], ...]


KINDS: Mapping[Measure, Kind] = {
    Measure.SECONDS: Kind(
        "Duration",
        "seconds, on a logarithmic axis",
        "s",
        (0.1, 1, 10, _MINUTE, 10 * _MINUTE, _HOUR),
        (("min_audio_seconds", "least"), ("advised_audio_seconds", "advised"), ("max_audio_seconds", "most")),
    ),
    Measure.LEVEL: Kind(
        "Level",
        "dBFS (RMS, full scale is 0)",
        "dBFS",
        (-80, -60, -40, -20, 0),
        (("advised_lowest_level", "quiet"), ("advised_highest_level", "loud")),
    ),
    Measure.SNR: Kind("Signal to noise", "dB, estimated", "dB", (0, 20, 40, 60, 80), (("advised_snr_db", "advised"),)),
    Measure.PACE: Kind(
        "Characters per second",
        "letters and digits a second",
        "a second",
        (0, 10, 20, 30, 40, 50),
        (("advised_characters_per_second", "slow"), ("max_characters_per_second", "most")),
    ),
}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin: its range in words, how many pairs are in it, and their boxes; None where there are none of a kind."""

    range: str
    accepted: int
    rejected: int
    accepted_box: Box | None
    rejected_box: Box | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A tick or a limit: where it is, and what is said there."""

    at: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Plot:
    """A histogram as it is drawn. `pairs` are all that are in it."""

    name: str
    kind: Kind
    pairs: int
    bars: tuple[Bar, ...]
    across: tuple[Mark, ...]
    upwards: tuple[Mark, ...]
    limits: tuple[Mark, ...]


def plot(measure: Measure, histogram: Histogram, limits: Limits) -> Plot:
    """The plot of a measure."""
    kind, axis = KINDS[measure], _Axis(SCALES[measure])
    counts = _counts(histogram, axis.bins)
    top = _round_up(max((sum(count) for count in counts), default=0))
    return Plot(
        name=measure.value,
        kind=kind,
        pairs=sum(sum(count) for count in counts),
        bars=tuple(_bars(counts, axis, kind, top)),
        across=tuple(Mark(axis.at(tick), f"{tick:g}") for tick in kind.ticks),
        upwards=tuple(Mark(_height_of(tick, top), f"{tick:,g}") for tick in _upwards(top)),
        limits=tuple(_limits(kind, limits, axis)),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """The axis across: every bin between two edges, and one more at each end."""

    scale: Scale

    @property
    def bins(self) -> int:
        return len(self.scale.edges) + 1

    @property
    def _across(self) -> Callable[[float], float]:
        return math.log2 if self.scale.logarithmic else float

    @property
    def _ends(self) -> tuple[float, float]:
        """From where to where it goes: a bin further than the edges."""
        first, second = (self._across(edge) for edge in self.scale.edges[:2])
        return first - (second - first), self._across(self.scale.edges[-1]) + (second - first)

    def at(self, value: float) -> float:
        """Where a value is drawn; what is beyond the axis is drawn at its end."""
        low, high = self._ends
        across = self._across(value) if value > 0 or not self.scale.logarithmic else low
        return round(LEFT + (min(max(across, low), high) - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def box(self, index: int) -> tuple[float, float]:
        """Where a bin begins and ends."""
        edges = self.scale.edges
        start = LEFT if index == 0 else self.at(edges[index - 1])
        end = WIDTH - RIGHT if index == len(edges) else self.at(edges[index])
        return start, end

    def range(self, index: int, unit: str) -> str:
        """A bin in words."""
        edges = self.scale.edges
        if index == 0:
            return f"below {edges[0]:g} {unit}"
        if index == len(edges):
            return f"{edges[-1]:g} {unit} and more"
        return f"{edges[index - 1]:g} to {edges[index]:g} {unit}"


def _counts(histogram: Histogram, bins: int) -> list[tuple[int, int]]:
    return [(histogram.accepted.get(index, 0), histogram.rejected.get(index, 0)) for index in range(bins)]


def _bars(counts: Sequence[tuple[int, int]], axis: _Axis, kind: Kind, top: float) -> Iterator[Bar]:
    """Those that are in stand below, the refused ones on top of them."""
    for index, (accepted, rejected) in enumerate(counts):
        if accepted or rejected:
            start, end = axis.box(index)
            lower, upper = (_height_of(count, top) for count in (accepted, accepted + rejected))
            low = Box(start, lower, round(end - start, 1), round(_BASE - lower, 1)) if accepted else None
            high = Box(start, upper, round(end - start, 1), round(lower - upper, 1)) if rejected else None
            yield Bar(axis.range(index, kind.unit), accepted, rejected, low, high)


def _limits(kind: Kind, limits: Limits, axis: _Axis) -> Iterator[Mark]:
    for name, word in kind.limits:
        value = getattr(limits, name)
        at = axis.at(value)
        anchor = "start" if at < WIDTH / 3 else "end" if at > WIDTH * 2 / 3 else "middle"
        yield Mark(at, f"{word} {value:g}", anchor)


def _upwards(top: float) -> list[float]:
    ticks = [top * step / _TICKS_UP for step in range(_TICKS_UP + 1)]
    return [tick for tick in ticks if tick == int(tick)]


def _height_of(count: float, top: float) -> float:
    return round(_BASE - count / top * (_BASE - TOP), 1)


def _round_up(count: int) -> float:
    """A round number that is no less, and no less than four."""
    most = max(count, _TICKS_UP)
    ten: int = 10 ** math.floor(math.log10(most))
    return next(step * ten for step in _STEPS if step * ten >= most)
