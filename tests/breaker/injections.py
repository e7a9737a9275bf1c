"""What is done to the machine, with what odds, and how often each kind was hit."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from attune_local.stack import plan
from breaker.calls import Call, Fate, Service

FAULTS = {Fate.TOO_MANY: 0.012, Fate.UNAVAILABLE: 0.012, Fate.RESET: 0.012, Fate.LOST: 0.012, Fate.SLOW: 0.006}
KINDS = (
    *(f"call: {fate}" for fate in FAULTS),
    *("event: duplicated", "event: delayed", "event: overtaken", "event: dropped"),
    *("kill: at random", "kill: at a step"),
    *("pause: service", "pause: function past its lease", "restart: storage", "clock: skewed"),
    *("settings: edited", "settings: broken"),
    *("file: overwritten", "file: deleted", "file: sent twice", "file: broken", "file: orphan", "file: not ours"),
)
_LIFE_SECONDS = 6.0  # from its first call: who dies sooner never comes to its later steps
_AGAIN = 0.002  # of the calls, where every step has been died at
Death = tuple[str, Fate]
"""A step, and whether before or after it."""


@dataclass(slots=True)
class Hits:
    """How often each kind was hit. Threads share it."""

    counted: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str) -> None:
        """Once more."""
        with self._lock:
            self.counted[kind] += 1

    def missed(self, least: int) -> list[str]:
        """The kinds that were hit less often than that."""
        return [kind for kind in KINDS if self.counted[kind] < least]


@dataclass(slots=True)
class Chaos:
    """The judge of all calls: it lets them pass while it is `calm`, and none to storage while that is `away`."""

    seed: int
    hits: Hits
    calm: bool = False
    away: bool = False
    seen: set[Death] = field(default_factory=set)
    died: set[Death] = field(default_factory=set)
    _dice: random.Random = field(init=False)
    _born: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"faults {self.seed}")  # noqa: S311 - a schedule, not a secret

    @property
    def alive(self) -> int:
        """How many deaths that were seen to be possible nobody has died."""
        return len(self.seen - self.died)

    def judge(self, call: Call) -> Fate:
        """What becomes of a call."""
        if self.away and call.service is Service.STORAGE:
            return Fate.UNAVAILABLE
        if self.calm:
            return Fate.PASS
        return self._death(call) or self._fault()

    def _death(self, call: Call) -> Fate | None:
        """Every step is died at once before it and once after it, and then now and then."""
        step = step_of(call)
        deaths = [(step, fate) for fate in (Fate.KILL_BEFORE, Fate.KILL_AFTER)]
        self.seen.update(deaths)
        now = time.monotonic()
        if now - self._born.setdefault(call.function, now) < _LIFE_SECONDS:
            return None
        new = [death for death in deaths if death not in self.died]
        if not new and self._dice.random() >= _AGAIN:
            return None
        death = self._dice.choice(new or deaths)
        self.died.add(death)
        del self._born[call.function]
        self.hits.add("kill: at a step")
        return death[1]

    def _fault(self) -> Fate:
        at = self._dice.random()
        for fate, share in FAULTS.items():
            if at < share:
                self.hits.add(f"call: {fate}")
                return fate
            at -= share
        return Fate.PASS


def step_of(call: Call) -> str:
    """The step of the protocol that a call is: who makes it, the method, and the kinds of things that it touches."""
    kinds = {_kind(call.service, target) for target in call.targets}
    return " ".join((call.function, call.method, *sorted(kinds)))


def _kind(service: Service, target: str) -> str:
    """A document's collection, a bucket with the first folder of ours, or the resource's."""
    parts = target.split("/")
    if service is Service.FIRESTORE:
        return parts[-2] if len(parts) % 2 == 0 and parts[-2] not in ("", "**") else parts[-1]
    if service is Service.STORAGE:
        return "/".join(parts[:2]) if parts[0] == plan.DATASET_BUCKET else parts[0]
    return ""
