"""What 100 more pairs cost when few are there, and when many are: python -m bench.growth, or lines for `make bench`.

The pairs come in through both events each, and then a run takes them, up to its job. How the pairs that are there
before got there, `bench.planted` says; the twins' own cost does not grow (`bench.flat_twins`). Seconds are the
processor's, the best of some rounds, each beside a round where 100 are there, so that both had the same machine.

The recipe builds its file anew from all pairs and uploads all of it: a row as its own script writes it
(`service.theatre.naive_row`) for each of as many recordings, of the same size as ours.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from attune.domain.row import RowFormat
from bench.assembly import ADDED, CLOSE, GOAL, Work, add, assembled, counted, first_run, ids, told
from bench.line import Line
from bench.planted import FAR, Ground, planted
from service.scenes import fill, sound
from service.theatre import naive_row

FEW = 100
MOST_CALLS = 11  # for both events of a pair
THERE = (1_000, 10_000, 100_000)
_ROUNDS = 3
_FLAT = 1.25  # times the seconds when few are there: what two rounds differ by on a busy machine
_MEGA = 1e6


@dataclass(frozen=True, slots=True)
class Added:
    """What a round cost: the events of the pairs, and the run of them."""

    calls: Counter[str]
    sent: int
    seconds: float
    run: Work

    @property
    def all_seconds(self) -> float:
        """Events and run."""
        return self.seconds + self.run.seconds


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What the recipe does instead: rows written, bytes uploaded, and the seconds of writing them."""

    rows: int
    sent: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Grown:
    """A round, its events' and all its seconds of those where few are there, and the recipe's cost."""

    added: Added
    events_times: float
    all_times: float
    recipe: Rebuilt


@cache
def grown(there: int) -> Grown:
    """Rounds where so many are there, each after one where few are."""
    few, many = _few(), first_run(there)[0]
    rounds = [(added(few, name), added(many, name)) for name in map("round{}".format, range(_ROUNDS))]
    first = rounds[0][1]
    events = [min(each.seconds for each in side) for side in zip(*rounds, strict=True)]
    everything = [min(each.all_seconds for each in side) for side in zip(*rounds, strict=True)]
    return Grown(first, events[1] / events[0], everything[1] / everything[0], rebuilt(there + ADDED))


def at_first() -> Added:
    """A round where few are there."""
    return added(_few(), "round0")


def _few() -> Ground:
    ground = planted(FEW)
    assembled(ground, ids(ground), ids(ground))
    return ground


def added(ground: Ground, name: str) -> Added:
    """One round."""
    ground.calls.clear()
    ground.store.sent = 0
    started = time.process_time()
    add(ground, name)
    seconds = time.process_time() - started
    calls, sent = Counter(ground.calls), ground.store.sent
    return Added(calls, sent, seconds, assembled(ground, ids(ground), ids(ground, new=True)))


def rebuilt(rows: int) -> Rebuilt:
    """The recipe's file of so many rows."""
    audio, sent, started = sound("any"), 0, time.process_time()
    for number in range(rows):
        sent += len(naive_row(audio, f"it says any {number:06}"))
    return Rebuilt(rows, sent, time.process_time() - started)


def lines(there: Sequence[int] = THERE) -> Iterator[Line]:
    """The events' calls and seconds, the run's, and the recipe's rows and bytes beside ours."""
    few = at_first()
    yield _calls(FEW, few, few)
    yield _inline()
    for many in there:
        found = grown(many)
        yield _calls(many, found.added, few)
        yield _run(many, found.added.run)
        yield _seconds(many, found)
        yield _beside_the_recipe(many, found)


def inline(there: int) -> Counter[str]:
    """The calls that the events of as many pairs make where rows hold their recordings."""
    ground = planted(there)
    ground.write_settings(threshold=FAR, row_format=RowFormat.INLINE_DATA.value)
    fill(ground, ADDED, "inline")
    return Counter(ground.calls)


def _inline() -> Line:
    few, many = inline(FEW), inline(THERE[0])
    figure = f"{few.total():,} calls ({few.total() / ADDED:.2f} a pair); at {THERE[0]:,} it is {many.total():,}"
    met = few == many and few.total() <= MOST_CALLS * ADDED
    return Line(inline_name(FEW), f"the same, <= {MOST_CALLS} a pair", figure, met, counted=dict(sorted(few.items())))


def inline_name(there: int) -> str:
    """What a line of `inline` is about."""
    return f"the events of {ADDED} inline rows more than {there:,}"


def _calls(there: int, found: Added, few: Added) -> Line:
    calls = f"{found.calls.total():,} calls ({found.calls.total() / ADDED:.2f} a pair), {found.sent:,} bytes sent"
    same = found.calls.total() <= MOST_CALLS * ADDED and (found.calls, found.sent) == (few.calls, few.sent)
    figure = calls if same else f"{calls}; at {FEW} it was {few.calls.total():,} calls, {few.sent:,} bytes"
    return Line(events_name(there), f"as at {FEW}, <= {MOST_CALLS} a pair", figure, same, counted=counted_events(found))


def events_name(there: int) -> str:
    """What a line of events is about."""
    return f"the events of {ADDED} more than {there:,}"


def run_name(there: int) -> str:
    """What a line of their run is about."""
    return f"the run of {ADDED} more than {there:,}"


def counted_events(found: Added) -> dict[str, int]:
    """What comes out the same on every machine."""
    return {"bytes sent": found.sent, **dict(sorted(found.calls.items()))}


def _run(there: int, run: Work) -> Line:
    figure = f"{told(run)}; {run.calls.total():,} calls, {run.sent:,} bytes sent"
    numbers = {"times_fewest": run.times}
    return Line(run_name(there), GOAL, figure, run.times <= CLOSE, numbers, counted(run))


def _seconds(there: int, found: Grown) -> Line:
    figure = f"{found.events_times:.2f} x the events' seconds at {FEW}, {found.all_times:.2f} x with their run"
    numbers = {"events_times": found.events_times, "all_times": found.all_times, "seconds": found.added.all_seconds}
    met = found.events_times <= _FLAT
    return Line(f"the time of {ADDED} more than {there:,}", f"<= {_FLAT} x, events", figure, met, numbers)


def _beside_the_recipe(there: int, found: Grown) -> Line:
    recipe, ours = found.recipe, found.added.sent + found.added.run.sent
    instead = f"the recipe {recipe.rows:,} rows and {recipe.sent / _MEGA:,.1f} MB ({recipe.sent / ours:,.0f} x)"
    figure = f"{ADDED} rows and {ours / _MEGA:.1f} MB sent; {instead}"
    counts = {"bytes sent": ours, "recipe: rows": recipe.rows, "recipe: bytes sent": recipe.sent}
    return Line(
        f"rows and bytes of {ADDED} more than {there:,}", "< the recipe's", figure, ours < recipe.sent, counted=counts
    )


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line.what}: {line.figure}\n")
