"""What befalls the machine: processes are killed and paused, services paused, storage restarted, settings edited."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from attune_local.stack.stack import Stack
from breaker.injections import Chaos
from breaker.people import People
from breaker.processes import Functions, paused

_SERVICES = ("firestore", "pubsub", "storage", "vertex")
_HOLDERS = ("launch", "watch")
_DRAINED_SECONDS = 1.0  # a call to storage that has begun is over by then


@dataclass(slots=True)
class Plague:
    """Threads that each do their kind of harm, now and then, until it is over or the chaos calm."""

    stack: Stack
    functions: Functions
    people: People
    chaos: Chaos
    over: threading.Event
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"plague {self.chaos.seed}")  # noqa: S311 - a schedule, not a secret

    def start(self) -> None:
        """From now on."""
        for harm, least, most in (
            (self._kill, 4, 10),
            (self._pause_function, 10, 20),
            (self._pause_service, 2, 5),
            (self._restart_storage, 6, 12),
            (self.people.edit, 2, 5),
        ):
            threading.Thread(target=self._now_and_then, args=(harm, least, most), daemon=True).start()

    def _now_and_then(self, harm: Callable[[], None], least: float, most: float) -> None:
        while not self.over.wait(self._dice.uniform(least, most)) and not self.chaos.calm:
            harm()

    def _kill(self) -> None:
        self.functions.kill(self._dice.choice(self.functions.names))
        self.chaos.hits.add("kill: at random")

    def _pause_function(self) -> None:
        self.functions.pause(self._dice.choice(_HOLDERS), self.functions.timing.lease + 1)
        self.chaos.hits.add("pause: function past its lease")

    def _pause_service(self) -> None:
        paused(self.stack.processes[self._dice.choice(_SERVICES)].pid, self._dice.uniform(0.3, 2))
        self.chaos.hits.add("pause: service")

    def _restart_storage(self) -> None:
        """Between two calls: this server's writes are not whole when it is killed in their midst, unlike Google's."""
        with self.people.at_storage:
            self.chaos.away = True
            try:
                self.over.wait(_DRAINED_SECONDS)
                self.functions.in_keeper(self.stack.restart, "storage")
            finally:
                self.chaos.away = False
        self.chaos.hits.add("restart: storage")
