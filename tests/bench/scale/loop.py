"""A simulated clock, a limit on a rate, and a pool of places: what a discrete-event simulation is made of."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Loop:
    """Does what is due, in the order of its time; what is due at the same time, in the order it was asked for."""

    now: float = 0.0
    _due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = field(default_factory=list)
    _asked: int = 0

    def at(self, time: float, work: Callable[..., None], *arguments: Any) -> None:
        """Does something at a time, in seconds."""
        self._asked += 1
        heapq.heappush(self._due, (time, self._asked, work, arguments))

    def after(self, seconds: float, work: Callable[..., None], *arguments: Any) -> None:
        """Does something so many seconds from now."""
        self.at(self.now + seconds, work, *arguments)

    def run(self) -> None:
        """Until nothing is left to do."""
        while self._due:
            self.now, _, work, arguments = heapq.heappop(self._due)
            work(*arguments)


Rate = Callable[[float], float]


def growing(first: float, times: float, seconds: float, head_start: float = 0.0) -> Rate:
    """A rate that is multiplied by `times` every so many seconds; it has been growing for `head_start` seconds."""
    return lambda now: float(first * times ** ((now + head_start) // seconds))


def steady(rate: float) -> Rate:
    """A rate that stays."""
    return lambda _now: rate


@dataclass(slots=True)
class Pace:
    """Lets so many things through a second, one after the other; the rest waits in line. `waited` is in seconds."""

    rate: Rate
    waited: float = 0.0
    admitted: float = 0.0
    _free: float = 0.0

    def wait(self, now: float) -> float:
        """How long one that came now would wait."""
        return max(self._free - now, 0.0)

    def admit(self, now: float, amount: float = 1.0) -> float:
        """Takes a place in line for `amount` things, and returns how long the wait for it is."""
        wait = self.wait(now)
        self._free = now + wait + amount / self.rate(now + wait)
        self.waited += wait
        self.admitted += amount
        return wait


@dataclass(slots=True)
class Pool:
    """Instances that each do `concurrency` things at once, started when there is need, up to `most`.

    What finds no place waits `patience` seconds, and is then refused: `work` is called with whether it has a place.
    """

    loop: Loop
    concurrency: int
    most: int
    start_seconds: float
    patience: float
    running: int = 0
    waited: float = 0.0
    refused: int = 0
    _starting: int = 0
    _busy: int = 0
    _line: deque[tuple[float, Callable[[bool], None]]] = field(default_factory=deque)

    def take(self, work: Callable[[bool], None]) -> None:
        """Asks for a place."""
        if self._busy < self.running * self.concurrency:
            self._busy += 1
            work(True)  # noqa: FBT003 - its only argument
            return
        self._line.append((self.loop.now, work))
        if self.running + self._starting < self.most and len(self._line) > self._starting * self.concurrency:
            self._starting += 1
            self.loop.after(self.start_seconds, self._started)

    def leave(self) -> None:
        """Gives a place back."""
        self._busy -= 1
        self._fill()

    def _started(self) -> None:
        self._starting -= 1
        self.running += 1
        self._fill()

    def _fill(self) -> None:
        while self._line and self._busy < self.running * self.concurrency:
            came, work = self._line.popleft()
            waited = min(self.loop.now - came, self.patience)
            self.waited += waited
            if self.loop.now - came > self.patience:
                self.refused += 1
                work(False)  # noqa: FBT003 - its only argument
                continue
            self._busy += 1
            work(True)  # noqa: FBT003 - its only argument
