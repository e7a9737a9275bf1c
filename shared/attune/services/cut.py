"""Cut: mark each pair that no run has taken with this run, until none is left. What arrives later is the next run's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from attune.config import Settings
from attune.domain.pair import Pair
from attune.domain.run import Run, RunState
from attune.errors import ConflictError
from attune.ports import Clock, Documents, Replace, Versioned
from attune.services.lease import Hold
from attune.services.manifests import of_pairs

_PAIRS_A_COMMIT = 100
_ALL = 10**9


@dataclass(frozen=True, slots=True)
class Cutting:
    """The service, with its ports."""

    documents: Documents
    clock: Clock

    def __call__(self, run: Versioned[Run], hold: Hold, settings: Settings) -> None:
        """Takes every due pair into the run, then writes the run as cut, with the settings it will be made under.

        A pair that an event changes at the same moment stays due, and is taken as it is then, on a later page.
        """
        due = of_pairs.due_pairs(run.value.dataset)
        while page := self.documents.find(due, limit=_PAIRS_A_COMMIT):
            self._take(page, run.value.id, hold)
        taken = self.documents.count(of_pairs.taken_pairs(run.value.dataset, run.value.id), up_to=_ALL)
        after = run.value.to(RunState.CUT, self.clock())
        recipe = settings.recipe(run.value.dataset)
        hold.commit(Replace(run, replace(after, recipe=recipe, pairs_taken=taken)))

    def _take(self, pairs: Sequence[Versioned[Pair]], run: str, hold: Hold) -> None:
        """All at once; where one has changed since it was read, in halves, so that only that one is left out."""
        try:
            hold.commit(*(Replace(pair, pair.value.taken_into(run, self.clock())) for pair in pairs))
        except ConflictError:
            middle = len(pairs) // 2
            if middle:
                self._take(pairs[:middle], run, hold)
                self._take(pairs[middle:], run, hold)
