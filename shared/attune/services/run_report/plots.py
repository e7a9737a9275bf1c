"""Plots: scores with their intervals, slices as bars, and the dataset-size curve, as shapes to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.scores import Cut, Measure, Slice
from attune.domain.evaluation.verdict import Decision, Evaluation
from attune.services.run_report.facts import Point, interval_of
from attune.services.run_report.scoreboard import roles
from attune.services.run_report.wording import rate, spread

WIDTH = 360  # narrow, so that letters keep their size on a small screen
LANE, LEAD = 46, 8  # of a contender's line among the scores; the margin at its sides
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 240, 48, 14, 16, 46  # of the curve, and its margins
BAR = 100  # a slice's bars are drawn in per cent of their box
_BASE = HEIGHT - BOTTOM
_STEPS = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10)
_TICKS = 4
_ROUND = (1, 2, 5)
_MOST_ACROSS = 5


@dataclass(frozen=True, slots=True)
class Lane:
    """A contender's score: its height, and where its rate and its interval are; all in the drawing's units."""

    role: Role
    y: float
    at: float
    low: float
    high: float
    rate: str
    spread: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what is said there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Scores:
    """The contenders' rates in a measure, one below the other on one axis."""

    measure: Measure
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A contender's rate in a slice: its width in per cent of the box."""

    role: Role
    width: float
    rate: str


@dataclass(frozen=True, slots=True)
class Sliced:
    """A slice as bars."""

    name: str
    examples: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Slices:
    """All slices of one cut in one measure, those where the challenger does worst first; bars are on one scale."""

    cut: Cut
    measure: Measure
    roles: tuple[Role, ...]
    slices: tuple[Sliced, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """A run on the curve: where it is, where its interval ends, and its figures."""

    run: str
    rows: int
    decision: Decision | None
    x: float
    y: float
    low: float
    high: float
    rate: str
    spread: str


@dataclass(frozen=True, slots=True)
class Curve:
    """The runs' scores against the rows they were trained on, on a logarithmic axis; `base` is the base model's."""

    measure: Measure
    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    base: float | None

    @property
    def line(self) -> str:
        """The line through the dots, from few rows to many."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


def scores(evaluation: Evaluation) -> list[Scores]:
    """A plot for each measure."""
    return [each for measure in Measure if (each := _scores(evaluation, measure))]


def slices(evaluation: Evaluation) -> list[Slices]:
    """A group for each cut and measure that there are slices of."""
    found: dict[tuple[Cut, Measure], list[Slice]] = {}
    for each in evaluation.slices:
        found.setdefault((each.cut, each.measure), []).append(each)
    present = roles(evaluation)
    return [_slices(*kind, _worst_first(group), present) for kind, group in found.items()]


def curve(runs: Sequence[Point], measure: Measure, base: float | None) -> Curve | None:
    """The curve of the runs that were trained on something and measured so; None where there are none."""
    rated = sorted(
        ((run, value) for run in runs if run.rows and (value := run.score.rate(measure)) is not None),
        key=lambda each: (each[0].rows, each[0].run),
    )
    if not rated:
        return None
    highs = [ends[1] for run, _ in rated if (ends := interval_of(run.score, measure))]
    top = _round_up(max([*highs, *(value for _, value in rated), base or 0.0]))
    axis = _Logarithmic(rated[0][0].rows, rated[-1][0].rows)
    return Curve(
        measure,
        tuple(_dot(run, value, measure, axis, top) for run, value in rated),
        tuple(Tick(axis.at(rows), f"{rows:,}") for rows in axis.ticks()),
        tuple(Tick(_height(top * step / _TICKS, top), _short(top * step / _TICKS)) for step in range(_TICKS + 1)),
        None if base is None else _height(base, top),
    )


@dataclass(frozen=True, slots=True)
class _Logarithmic:
    """An axis across, from some rows to some more, with room at its ends."""

    least: int
    most: int

    @property
    def _ends(self) -> tuple[float, float]:
        low, high = math.log10(self.least), math.log10(self.most)
        room = max((high - low) * 0.08, 0.15)
        return low - room, high + room

    def at(self, rows: float) -> float:
        """Where so many rows are."""
        low, high = self._ends
        return round(LEFT + (math.log10(rows) - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)

    def ticks(self) -> list[int]:
        """Round numbers between the ends, few enough to be read; where there are none, the ends themselves."""
        low, high = self._ends
        tens = range(math.floor(low), math.ceil(high) + 1)
        found = [
            step * 10**ten for ten in tens if ten >= 0 for step in _ROUND if low <= math.log10(step * 10**ten) <= high
        ]
        every = -(-len(found) // _MOST_ACROSS)
        return found[::every] if found else sorted({self.least, self.most})


def _scores(evaluation: Evaluation, measure: Measure) -> Scores | None:
    found = [(role, evaluation.scores[role]) for role in roles(evaluation)]
    rated = [(role, score, value) for role, score in found if (value := score.rate(measure)) is not None]
    if not rated:
        return None
    highs = [ends[1] for _, score, _ in rated if (ends := interval_of(score, measure))]
    top = _round_up(max([*highs, *(value for *_, value in rated)]))
    lanes = tuple(
        _lane(role, LANE * at + 34, value, interval_of(score, measure), top)
        for at, (role, score, value) in enumerate(rated)
    )
    ticks = tuple(Tick(_across(top * step / _TICKS, top), _short(top * step / _TICKS)) for step in range(_TICKS + 1))
    return Scores(measure, lanes, ticks, LANE * len(lanes) + 30)


def _lane(role: Role, y: float, value: float, ends: tuple[float, float] | None, top: float) -> Lane:
    low, high = ends or (value, value)
    return Lane(role, y, _across(value, top), _across(low, top), _across(high, top), rate(value), spread(ends))


def _slices(cut: Cut, measure: Measure, group: Sequence[Slice], present: Sequence[Role]) -> Slices:
    top = max((value for each in group for value in each.rates.values()), default=0.0)
    seen = tuple(role for role in present if any(role in each.rates for each in group))
    return Slices(cut, measure, seen, tuple(Sliced(each.name, each.examples, _bars(each, seen, top)) for each in group))


def _bars(each: Slice, present: Iterable[Role], top: float) -> tuple[Bar, ...]:
    rates: Mapping[Role, float] = each.rates
    return tuple(
        Bar(role, round(BAR * rates[role] / top, 2) if top and role in rates else 0.0, rate(rates.get(role)))
        for role in present
    )


def _worst_first(group: Iterable[Slice]) -> list[Slice]:
    return sorted(group, key=lambda each: (-each.rates.get(Role.CHALLENGER, 0.0), each.name))


def _dot(run: Point, value: float, measure: Measure, axis: _Logarithmic, top: float) -> Dot:
    ends = interval_of(run.score, measure)
    low, high = ends or (value, value)
    return Dot(
        run=run.run,
        rows=run.rows,
        decision=run.decision,
        x=axis.at(run.rows),
        y=_height(value, top),
        low=_height(low, top),
        high=_height(high, top),
        rate=rate(value),
        spread=spread(ends),
    )


def _across(value: float, top: float) -> float:
    return round(LEAD + 2 + value / top * (WIDTH - 2 * LEAD - 24), 1)


def _height(value: float, top: float) -> float:
    return round(_BASE - value / top * (_BASE - TOP), 1)


def _round_up(most: float) -> float:
    """A round rate that is no less."""
    if most <= 0:
        return 0.01
    ten = 10.0 ** math.floor(math.log10(most))
    return next(step * ten for step in _STEPS if step * ten >= most * (1 - 1e-9))


def _short(value: float) -> str:
    return f"{value * 100:.3g}\u202f%"
