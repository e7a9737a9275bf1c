"""Watch throughout what the aliases stand for."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from breaker.outside import Outside

_PACE_SECONDS = 0.4


@dataclass(slots=True)
class Sentinel:
    """A reader that polls in a thread of its own."""

    outside: Outside
    moves: dict[str, list[str]] = field(default_factory=dict)
    endpoints: dict[str, set[str]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _watching: Future[None] | None = None

    def start(self) -> None:
        """From now on."""
        self._watching = self._pool.submit(self._run)

    def stop(self) -> None:
        """No more. Raises what kept it from looking."""
        self._over.set()
        if self._watching:
            self._watching.result()

    def _run(self) -> None:
        while not self._over.wait(_PACE_SECONDS):
            self._look()

    def _look(self) -> None:
        for name, alias in self.outside.documents("aliases").items():
            run = alias["current"]["run"]
            self.endpoints.setdefault(name, set()).add(alias["current"]["endpoint"])
            seen = self.moves.setdefault(name, [])
            if seen[-1:] != [run]:
                seen.append(run)
