"""Works timed in turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median


def in_turn(
    works: Mapping[str, Callable[[], object]],
    rounds: int,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
    least: int = 3,
) -> dict[str, list[float]]:
    """The seconds that each work takes, one figure a round: the median of what fits into `seconds`, `least` or more.

    A work that is repeated before the next has its turn finds memory as it left it itself; one that is not, as another
    did. `clock` may be one that counts this processor's time alone.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_turn(work, seconds, clock, least))
    return taken


def ratio(of: list[float], to: list[float]) -> float:
    """How many times as long the first takes as the second: the median of the rounds."""
    return median(one / other for one, other in zip(of, to, strict=True))


def _turn(work: Callable[[], object], seconds: float, clock: Callable[[], float], least: int) -> float:
    took: list[float] = []
    until = time.perf_counter() + seconds
    while len(took) < least or time.perf_counter() < until:
        started = clock()
        work()
        took.append(clock() - started)
    return median(took)
