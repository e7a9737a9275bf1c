"""Erase: a half was deleted from the bucket. Its pair is out of every later dataset, and our copies are doomed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from attune.domain.arrival import Departure
from attune.domain.names import Candidate, Ignored, classify, pair_id
from attune.domain.pair import Half, Pair, PairState
from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Create, Documents, Intake, Replace, Write
from attune.services.manifests import of_pairs

_ATTEMPTS = 6  # lost races against the pair's own other events


class Farewell(StrEnum):
    """What became of a departure: not ours, replaced by a newer one or still there, or erased."""

    IGNORED = "ignored"
    SUPERSEDED = "superseded"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Departed:
    """The outcome, and the pair as it stands where there is one."""

    outcome: Farewell
    pair: Pair | None = None


@dataclass(frozen=True, slots=True)
class Erasing:
    """The service, with its ports."""

    documents: Documents
    intake: Intake
    clock: Clock

    def __call__(self, departure: Departure) -> Departed:
        """Takes an object out of its pair, however often and in whatever order its events come.

        An overwritten object is announced as deleted, too: it is looked for, and its new generation's own event counts.
        What was deleted before it was known is remembered, so that its late event finds the door closed.

        Raises:
            PassingError: a service did not answer, or other events of this pair kept winning.
        """
        found = classify(departure.name)
        if isinstance(found, Ignored):
            return Departed(Farewell.IGNORED)
        if self.intake.look(departure.name) is not None:
            return Departed(Farewell.SUPERSEDED)
        half = Half(found.kind, departure.name, departure.generation, 0)
        for _ in range(_ATTEMPTS):
            try:
                return self._take_out(found, half)
            except ConflictError:
                continue
        raise BusyError(f"other events kept changing the pair of {departure.name}; the event will come again")

    def _take_out(self, found: Candidate, half: Half) -> Departed:
        key = of_pairs.pair(found.dataset, pair_id(found.dataset, found.path))
        read = self.documents.get(key)
        pair = read.value if read else Pair(found.dataset, found.path, PairState.ERASED, self.clock())
        if pair.has_erased(half):
            return Departed(Farewell.ERASED, pair)
        after = pair.without_erased(half, self.clock())
        write: Write = Replace(read, after) if read else Create(key, after)
        self.documents.commit(write)
        return Departed(Farewell.ERASED, after)
