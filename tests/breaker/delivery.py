"""Deliver events as Eventarc does, only worse: twice, late, in another order, or never. What is refused comes again."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import urllib3
from google.cloud.pubsub_v1.subscriber.message import Message

from attune_local.stack import plan, provision
from attune_local.stack.cloud_events import Delivery, Push, storage_delivery, storage_event, topic_delivery
from attune_local.stack.stack import Stack
from breaker.injections import Chaos

_AT_ONCE = {"ingest": 6, "erase": 3, "launch": 2, "watch": 2}
_TICKS = "watch"
_REFUSED = 300
_LOOK_SECONDS = 0.05
_ANSWER_SECONDS = 120.0
_FIRST_WAIT, _LONGEST_WAIT = 0.3, 4.0
Url = Callable[[str], str]


@dataclass(order=True, slots=True)
class _Due:
    at: float
    number: int
    delivery: Delivery = field(compare=False)
    refusals: int = field(compare=False, default=0)


@dataclass(slots=True)
class _Lane:
    """A function's events, the next one first, and how many of them are under way."""

    function: str
    most: int
    heap: list[_Due] = field(default_factory=list)
    under_way: int = 0

    def next_due(self) -> _Due | None:
        """The event that may be posted now."""
        ready = self.heap and self.under_way < self.most and self.heap[0].at <= time.monotonic()
        return heapq.heappop(self.heap) if ready else None


@dataclass(slots=True)
class Deliveries:
    """Takes what the topics have, and posts it."""

    stack: Stack
    url: Url
    chaos: Chaos
    seed: int
    _lanes: dict[str, _Lane] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _over: bool = False
    _dice: random.Random = field(init=False)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(sum(_AT_ONCE.values())))
    _http: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"events {self.seed}")  # noqa: S311 - a schedule, not a secret
        self._http = urllib3.PoolManager(maxsize=max(_AT_ONCE.values()), retries=False, timeout=_ANSWER_SECONDS)

    def start(self, functions: list[str]) -> None:
        """From now on."""
        for trigger in plan.TRIGGERS:
            if trigger.function in functions:
                self._lanes[trigger.function] = _Lane(trigger.function, _AT_ONCE[trigger.function])
                name = provision.make_pull(self.stack.subscriber(), f"breaker-{trigger.function}", trigger.topic)
                self.stack.subscriber().subscribe(name, callback=self._taker(trigger))
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """No more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """Events that are still to be delivered, or under way, but for ticks."""
        return self._waiting(*(name for name in self._lanes if name != _TICKS))

    @property
    def files_waiting(self) -> int:
        """Those of them that tell of files."""
        return self._waiting(*(trigger.function for trigger in plan.TRIGGERS if trigger.storage))

    def _waiting(self, *functions: str) -> int:
        with self._changed:
            lanes = [self._lanes[name] for name in functions if name in self._lanes]
            return sum(len(lane.heap) + lane.under_way for lane in lanes)

    def _taker(self, trigger: plan.Trigger) -> Callable[[Message], None]:
        def take(message: Message) -> None:
            push = Push.of(message, trigger.subscription)
            if not trigger.storage:
                self._plan(trigger.function, topic_delivery(push, plan.PROJECT, trigger.topic), may_drop=False)
            elif storage_event(push) in trigger.storage:
                self._plan(trigger.function, storage_delivery(push), may_drop=True)
            message.ack()

        return take

    def _plan(self, function: str, delivery: Delivery, *, may_drop: bool) -> None:
        """Decides what befalls an event. A tick behind a tick that waits is none."""
        with self._changed:
            lane, now, dice = self._lanes[function], time.monotonic(), self._dice.random()
            if function == _TICKS and lane.heap:
                return
            if self.chaos.calm:
                self._put(lane, now, delivery)
            elif dice < 0.05 and may_drop:
                self.chaos.hits.add("event: dropped")
            elif dice < 0.15:
                self.chaos.hits.add("event: duplicated")
                self._put(lane, now, delivery)
                self._put(lane, now + self._dice.choice([0, 0, 2]), delivery)
            elif dice < 0.25:
                self.chaos.hits.add("event: delayed")
                self._put(lane, now + self._dice.uniform(1, 6), delivery)
            elif dice < 0.40:
                self.chaos.hits.add("event: overtaken")
                self._put(lane, now + self._dice.uniform(0, 1), delivery)
            else:
                self._put(lane, now, delivery)

    def _put(self, lane: _Lane, at: float, delivery: Delivery, refusals: int = 0) -> None:
        heapq.heappush(lane.heap, _Due(at, next(self._numbers), delivery, refusals))
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._over:
                    return
                chosen = [(lane, due) for lane in self._lanes.values() if (due := lane.next_due())]
                for lane, _ in chosen:
                    lane.under_way += 1
                if not chosen:
                    self._changed.wait(_LOOK_SECONDS)
            for lane, due in chosen:
                self._pool.submit(self._post, lane, due)

    def _post(self, lane: _Lane, due: _Due) -> None:
        """A tick that is refused is not tried again: the next one comes by itself."""
        taken = False
        try:
            answer = self._http.request(
                "POST", self.url(lane.function), body=due.delivery.body, headers=dict(due.delivery.headers)
            )
            taken = answer.status < _REFUSED
        except urllib3.exceptions.HTTPError:
            taken = False  # the process was killed, or is not up again: the event comes again
        finally:
            with self._changed:
                lane.under_way -= 1
                if not taken and not self._over and lane.function != _TICKS:
                    wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**due.refusals)
                    self._put(lane, time.monotonic() + wait, due.delivery, min(due.refusals + 1, 10))
                self._changed.notify_all()
