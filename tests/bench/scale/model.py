"""Functions and services as queues: what a trace asks of each limit, what each bears alone, and all together."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random

from bench.scale import limits
from bench.scale.limits import Assumed, Deployed, Limit
from bench.scale.loop import Loop, Pace, Pool, Rate, growing, steady
from bench.scale.trace import Call, PairTrace

INSTANCES, PROCESSORS = "ingest instances", "ingest processors"
INTAKE_READS, DATASET_WRITES = "reads of the intake bucket", "writes to the dataset bucket"
UPLOADS = "uploads into the intake bucket"
GROWING = "index entries that only grow, pairs of a dataset"
_UPLOADS_A_PAIR = 2


def collection(name: str) -> str:
    """The limit on a collection's operations."""
    return f"operations on {name}"


@dataclass(frozen=True, slots=True)
class Step:
    """Something an event does: how much of each limit it takes, and the seconds it lasts once it is let through."""

    takes: tuple[tuple[str, float], ...]
    seconds: float
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """Where it runs: what is deployed, over how many datasets pairs are spread, and the seconds of use before."""

    deployed: Deployed
    datasets: int = 1
    head_start: float = 0.0
    assumed: Assumed = field(default_factory=Assumed)


def steps(calls: tuple[Call, ...], assumed: Assumed) -> list[Step]:
    """An event's steps: its calls as recorded, and the processor before the row is stored."""
    makes_row = any(call.name == "objects.put" for call in calls)
    processor = assumed.processor_seconds if makes_row else assumed.light_processor_seconds
    made = [Step(_takes(call), assumed.call_seconds[call.name], _bytes(call)) for call in calls]
    place = next((index for index, call in enumerate(calls) if call.name == "objects.put"), 0)
    return [*made[:place], Step(((PROCESSORS, processor),), processor), *made[place:]]


def _bytes(call: Call) -> int:
    return call.cost.bytes_in + call.cost.bytes_out


def _takes(call: Call) -> tuple[tuple[str, float], ...]:
    takes: Counter[str] = Counter()
    if call.port == "documents":
        takes.update(collection(name) for name in call.collections)
        takes[GROWING] += call.growing
    takes[INTAKE_READS] += call.cost.class_b if call.port == "intake" else 0
    takes[DATASET_WRITES] += call.cost.class_a if call.port == "objects" else 0
    return tuple((name, float(amount)) for name, amount in sorted(takes.items()) if amount)


def demand(trace: PairTrace, assumed: Assumed) -> dict[str, float]:
    """What a pair takes of each limit; of the instances, the seconds that its events hold a place."""
    both = steps(trace.first, assumed) + steps(trace.second, assumed)
    wanted: dict[str, float] = {}
    for name, amount in (take for step in both for take in step.takes):
        wanted[name] = wanted.get(name, 0.0) + amount
    held = sum(step.seconds + step.bytes / assumed.bytes_a_second for step in both)
    return {UPLOADS: float(_UPLOADS_A_PAIR), **wanted, INSTANCES: held}


def bears(name: str, room: Room) -> float:
    """What a limit lets through a second, of what `demand` counts, all datasets together."""
    own = {
        INSTANCES: float(room.deployed.max_instances * room.deployed.concurrency),
        PROCESSORS: float(room.deployed.max_instances),
    }
    if name in own:
        return own[name]
    return limit(name).at(room.head_start) * _lanes(name, room)


def limit(name: str) -> Limit:
    """A published limit, by its name."""
    known = {
        UPLOADS: limits.BUCKET_WRITES,
        INTAKE_READS: limits.BUCKET_READS,
        DATASET_WRITES: limits.BUCKET_WRITES,
        GROWING: limits.GROWING_INDEX,
    }
    return known.get(name, limits.COLLECTION)


def alone(trace: PairTrace, room: Room) -> dict[str, float]:
    """The pairs a second that each limit allows on its own, the lowest first."""
    asked = demand(trace, room.assumed)
    rates = {name: bears(name, room) / amount for name, amount in asked.items()}
    return dict(sorted(rates.items(), key=lambda each: each[1]))


def _lanes(name: str, room: Room) -> int:
    """How many of a limit there are: pairs, recordings and sides are collections of their dataset."""
    shared = {collection("settings"), collection("datasets"), collection("states")}
    return room.datasets if name == GROWING or (name.startswith("operations on") and name not in shared) else 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds from the later object's end to the pair's row, of every pair, in order; and what failed on the way."""

    seconds: tuple[float, ...]
    refused: int
    given_up: int
    drained: float
    waited: Mapping[str, float]

    def quantile(self, share: float) -> float:
        """The seconds that this share of the pairs stays within."""
        return self.seconds[math.ceil(share * len(self.seconds)) - 1]

    @property
    def longest_line(self) -> str:
        """Where events waited longest, all together."""
        return max(self.waited, key=lambda name: self.waited[name])


@dataclass(slots=True)
class _Pair:
    lane: int
    ready: float
    started: bool = False


@dataclass(frozen=True, slots=True)
class _Move:
    """A step, made ready: the lines it stands in, the middle of the logarithm of its seconds, those of its bytes."""

    takes: tuple[tuple[list[Pace], float], ...]
    middle: float
    moving: float


@dataclass(slots=True)
class Simulation:
    """Pairs that arrive at random, at a mean rate, for so many seconds; it runs until the last has its row."""

    trace: PairTrace
    room: Room
    rate: float
    span: float
    seed: int = 1
    _loop: Loop = field(default_factory=Loop)
    _done: list[float] = field(default_factory=list)
    _given_up: int = 0
    _dice: Random = field(init=False)
    _pool: Pool = field(init=False)
    _paces: dict[str, list[Pace]] = field(default_factory=dict)
    _ways: tuple[list[_Move], list[_Move]] = field(init=False)

    def __post_init__(self) -> None:
        assumed, has = self.room.assumed, self.room.deployed
        self._dice = Random(self.seed)  # noqa: S311 - a course of events, not a secret
        self._pool = Pool(self._loop, has.concurrency, has.max_instances, assumed.start_seconds, limits.PENDING_SECONDS)
        if self.room.head_start:
            self._pool.running = has.max_instances
        self._ways = (self._way(self.trace.first), self._way(self.trace.second))

    def run(self) -> Outcome:
        """What became of them."""
        self._loop.at(self._dice.expovariate(self.rate), self._arrive)
        self._loop.run()
        waited = {name: sum(pace.waited for pace in lanes) for name, lanes in self._paces.items()}
        waited[INSTANCES] = self._pool.waited
        return Outcome(tuple(sorted(self._done)), self._pool.refused, self._given_up, self._loop.now, waited)

    def _arrive(self) -> None:
        now, assumed = self._loop.now, self.room.assumed
        apart = self._dice.uniform(0, assumed.apart_seconds)
        pair = _Pair(self._dice.randrange(self.room.datasets), now + apart)
        for uploaded in (now, now + apart):
            self._loop.at(uploaded + assumed.delivery_seconds, self._deliver, pair, 0)
        following = now + self._dice.expovariate(self.rate)
        if following < self.span:
            self._loop.at(following, self._arrive)

    def _deliver(self, pair: _Pair, attempt: int) -> None:
        self._pool.take(partial(self._placed, pair, attempt))

    def _placed(self, pair: _Pair, attempt: int, taken: bool) -> None:  # noqa: FBT001 - a pool's answer
        if not taken:
            self._again(pair, attempt)
            return
        second = pair.started
        pair.started = True
        self._step(pair, attempt, second, 0)

    def _again(self, pair: _Pair, attempt: int) -> None:
        least, most = self.room.deployed.back_off
        wait = min(most, least * 2**attempt) * self._dice.uniform(1, 1.2)
        self._loop.after(wait, self._deliver, pair, attempt + 1)

    def _step(self, pair: _Pair, attempt: int, second: bool, place: int) -> None:  # noqa: FBT001 - passed on by the loop
        way = self._ways[second]
        if place == len(way):
            self._pool.leave()
            if second:
                self._done.append(self._loop.now - pair.ready)
            return
        move, now = way[place], self._loop.now
        waits = [lanes[pair.lane % len(lanes)].wait(now) for lanes, _ in move.takes]
        if max(waits, default=0.0) > self.room.assumed.call_patience:
            self._give_up(pair, attempt, second=second)
            return
        for lanes, amount in move.takes:
            lanes[pair.lane % len(lanes)].admit(now, amount)
        lasts = self._dice.lognormvariate(move.middle, self.room.assumed.sigma) + move.moving
        self._loop.after(max(waits, default=0.0) + lasts, self._step, pair, attempt, second, place + 1)

    def _give_up(self, pair: _Pair, attempt: int, *, second: bool) -> None:
        self._given_up += 1
        pair.started = second
        self._pool.leave()
        self._again(pair, attempt)

    def _way(self, calls: tuple[Call, ...]) -> list[_Move]:
        assumed = self.room.assumed
        return [
            _Move(
                tuple((self._lanes_of(name), amount) for name, amount in step.takes),
                math.log(step.seconds) - assumed.sigma**2 / 2,  # so that the mean is what is assumed
                step.bytes / assumed.bytes_a_second,
            )
            for step in steps(calls, assumed)
        ]

    def _lanes_of(self, name: str) -> list[Pace]:
        if name not in self._paces:
            self._paces[name] = [Pace(self._rate(name)) for _ in range(_lanes(name, self.room))]
        return self._paces[name]

    def _rate(self, name: str) -> Rate:
        if name == PROCESSORS:
            return steady(float(self.room.deployed.max_instances))
        published = limit(name)
        return growing(published.first, published.growth, published.every, self.room.head_start)
