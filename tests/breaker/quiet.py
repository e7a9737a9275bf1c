"""Wait until nothing is under way any more, and say meanwhile what is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from breaker.corpus import DATASETS
from breaker.delivery import Deliveries
from breaker.outside import Fields, Outside

_QUIET_SECONDS = 600.0
_PASSES = 2  # whole ones, begun when all was quiet: what the first one finds, the second has seen settled
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Quiet:
    """Knows what is not settled yet, from outside."""

    outside: Outside
    deliveries: Deliveries
    say: Say

    def wait(self, missing: Callable[[], str] = lambda: "") -> None:
        """Until the bucket was passed over twice more, and all is done.

        Raises:
            TimeoutError: it takes too long; it says what was still under way.
        """
        passes, until, said = self._pass() + _PASSES, time.monotonic() + _QUIET_SECONDS, ""
        while what := missing() or self._under_way(passes):
            if time.monotonic() > until:
                raise TimeoutError(f"no quiet within {_QUIET_SECONDS:g} s: {what}")
            if what != said:
                self.say(f"still under way: {what}")
            said = what
            time.sleep(1)

    def runs(self, dataset: str) -> dict[str, Fields]:
        """A dataset's runs."""
        return self.outside.documents("datasets", dataset, "runs")

    def pairs(self, dataset: str) -> dict[str, Fields]:
        """A dataset's pairs."""
        return self.outside.documents("datasets", dataset, "pairs")

    def _under_way(self, passes: int) -> str:
        runs = [run for dataset in DATASETS for run in self.runs(dataset).values()]
        pairs = [pair for dataset in DATASETS for pair in self.pairs(dataset).values()]
        counts = {
            "runs": sum(run["active"] for run in runs),
            "messages in the outbox": len(self.outside.documents("outbox")),
            "slots": len(self.outside.documents("slots")),
            "pairs to forget": sum(pair["to_forget"] for pair in pairs),
            "events": self.deliveries.waiting,
            "passes": max(0, passes - self._pass()),
        }
        return ", ".join(f"{number} {what}" for what, number in counts.items() if number)

    def _pass(self) -> int:
        return int(self.outside.documents("sweeps").get("intake", {}).get("pass_number", 0))
