"""What the simulation says, as lines of the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bench.line import Line
from bench.scale import limits
from bench.scale.limits import HOUR, Deployed, deployed
from bench.scale.model import GROWING, INSTANCES, PROCESSORS, UPLOADS, Outcome, Room, Simulation, alone, demand
from bench.scale.trace import PairTrace, meeting_points, traced, traces

SPANS = {10: 120.0, 1_000: 10.0, 10_000: 3.0}
"""Seconds of arrivals by pairs a second: the more there are, the shorter, for a simulation has to end."""
RAISED_SPAN = 6.0
THRESHOLD = 100
_FILLED = 0.6  # how full what is raised is to be; Cloud Run's own aim, too
_REGION_INSTANCES = 1_000  # of 1 vCPU: https://cloud.google.com/run/docs/configuring/max-instances-limits


@dataclass(frozen=True, slots=True)
class Raised:
    """What a rate needs: instances, datasets to spread the pairs over, seconds of ramp beforehand."""

    instances: int
    datasets: int
    ramp: float

    def room(self, now: Deployed) -> Room:
        """With all of it."""
        return Room(replace(now, max_instances=self.instances), self.datasets, self.ramp)

    def words(self, room: Room) -> str:
        """What is more than there is in a room; nothing where all is enough."""
        said = []
        if self.instances > (now := room.deployed.max_instances):
            quota = f" (above the usual quota of {_REGION_INSTANCES:,})" if self.instances > _REGION_INSTANCES else ""
            said.append(f"max_instances {now} -> {self.instances:,}{quota}")
        if self.datasets > 1:
            said.append(f"{self.datasets} datasets")
        if self.ramp > room.head_start:
            said.append(f"a ramp of {self.ramp / 60:.0f} minutes")
        return ", ".join(said) or "nothing"


def raised(trace: PairTrace, rate: float, now: Deployed) -> Raised:
    """The least of each that bears the rate with something to spare."""
    room = Room(now)
    asked = demand(trace, room.assumed)
    places = rate * asked[INSTANCES] / now.concurrency
    instances = math.ceil(max(places, rate * asked[PROCESSORS]) / _FILLED)
    datasets = math.ceil(rate * asked[GROWING] / limits.GROWING_INDEX.first / _FILLED)
    spread = Room(replace(now, max_instances=max(instances, now.max_instances)), datasets)
    return Raised(spread.deployed.max_instances, datasets, _ramp(trace, rate, spread))


def _ramp(trace: PairTrace, rate: float, room: Room) -> float:
    """The seconds of use before, after which every limit that grows has grown enough."""
    minutes = 0
    while min(_published(alone(trace, replace(room, head_start=minutes * 60.0))).values()) * _FILLED < rate:
        minutes += 5
    return minutes * 60.0


def _published(rates: Mapping[str, float]) -> dict[str, float]:
    """Those of the limits that are no instances of ours; what fills the intake bucket is not ours, either."""
    return {name: rate for name, rate in rates.items() if name not in {INSTANCES, PROCESSORS, UPLOADS, GROWING}}


def lines() -> Iterator[Line]:
    """The limits one by one, then all together at several rates."""
    now = deployed()
    trace = traced("file_uri")
    yield _asked(trace, now)
    yield _documents()
    for head_start in (0.0, HOUR):
        yield from _alone(trace, Room(now, head_start=head_start))
    yield _jobs(now)
    for head_start in (0.0, HOUR):
        for rate, span in SPANS.items():
            yield _simulated(trace, Room(now, head_start=head_start), rate, span)
    for rate in list(SPANS)[1:]:
        yield _after_raising(trace, now, rate)


def _asked(trace: PairTrace, now: Deployed) -> Line:
    asked = demand(trace, Room(now).assumed)
    whole = {name: int(amount) for name, amount in asked.items() if name not in {INSTANCES, PROCESSORS}}
    figure = ", ".join(f"{amount} {name}" for name, amount in sorted(whole.items()))
    numbers = {name: asked[name] for name in (INSTANCES, PROCESSORS)}
    return Line("a pair's demand on each limit (measured)", "-", figure, None, numbers, whole)


def _documents() -> Line:
    shared = meeting_points(traces("file_uri", 1, 10))
    figure = f"{len(shared)} written by two of 10 pairs: {limits.DOCUMENT.first:.0f} write/s on one binds nobody"
    return Line(
        "documents and objects that pairs share (measured)", "0", figure, not shared, {}, {"shared": len(shared)}
    )


def _alone(trace: PairTrace, room: Room) -> Iterator[Line]:
    rates = alone(trace, room)
    figure = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
    yield Line(f"pairs/s that each limit bears alone, {_when(room)}, 1 dataset (computed)", "-", figure, None, rates)


def _jobs(now: Deployed) -> Line:
    seconds = Room(now).assumed.job_seconds
    runs = now.jobs * HOUR / seconds
    figure = f"{runs:.1f} runs/h; a run takes all that is there, so rows do not wait for it, but models do"
    what = f"tuning jobs of {seconds / 60:.0f} min (assumed), {now.jobs} at once"
    return Line(
        what, "-", f"{figure}; {runs * THRESHOLD / HOUR:.2f} pairs/s keep it busy at a threshold of {THRESHOLD}", None
    )


def _simulated(trace: PairTrace, room: Room, rate: int, span: float) -> Line:
    outcome = Simulation(trace, room, rate, span).run()
    raise_ = raised(trace, rate, room.deployed)
    what = f"{rate:,} pairs/s for {span:g} s, {_when(room)} (simulated; latencies assumed)"
    figure = f"{_times(outcome)}; {_bottleneck(trace, room, rate)}; to raise: {raise_.words(room)}"
    return Line(what, "-", figure, None, _numbers(outcome))


def _after_raising(trace: PairTrace, now: Deployed, rate: int) -> Line:
    more = raised(trace, rate, now)
    outcome = Simulation(trace, more.room(now), rate, RAISED_SPAN).run()
    what = f"{rate:,} pairs/s for {RAISED_SPAN:g} s, with {more.words(Room(now))} (simulated; latencies assumed)"
    return Line(
        what,
        "-",
        _times(outcome),
        None,
        _numbers(outcome),
        {"max_instances": more.instances, "datasets": more.datasets},
    )


def _bottleneck(trace: PairTrace, room: Room, rate: float) -> str:
    """The limit that fills first, of those that are ours to meet: uploads are whoever's uploads they are."""
    name, most = next((name, most) for name, most in alone(trace, room).items() if name != UPLOADS)
    if most >= rate:
        return f"no bottleneck ({name} is the next, at {most:,.0f}/s)"
    return f"first bottleneck: {name}, {most:,.0f}/s; a second of arrivals leaves {rate / most - 1:,.1f} s of backlog"


def _times(outcome: Outcome) -> str:
    failed = f", {outcome.refused:,} deliveries refused" if outcome.refused else ""
    given_up = f", {outcome.given_up:,} calls given up" if outcome.given_up else ""
    return f"arrival to row p50 {outcome.quantile(0.5):.1f} s, p99 {outcome.quantile(0.99):.1f} s{failed}{given_up}"


def _numbers(outcome: Outcome) -> dict[str, float]:
    return {
        "pairs": len(outcome.seconds),
        "p50": outcome.quantile(0.5),
        "p99": outcome.quantile(0.99),
        "refused": outcome.refused,
        "given up": outcome.given_up,
        "drained": outcome.drained,
    }


def _when(room: Room) -> str:
    return f"after {room.head_start / HOUR:g} h of ramp" if room.head_start else "from cold"
