"""The ledger: what lies in the intake bucket against what is known of it. The difference is a number, and it is 0."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from attune.domain.names import Candidate, Ignored
from attune.domain.pair import Half, Pair, PairState


class Standing(StrEnum):
    """What an object in the bucket is, by what is known of it."""

    ACCEPTED = "accepted"
    WAITING = "waiting"
    REJECTED = "rejected"
    IGNORED = "ignored"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Tally:
    """Objects, counted by how they stand. `parked` are those of the rejected whose event could not be worked on.

    `taken_in` are those that no event had told of, `unknown` those that could not be taken in for now.
    """

    listed: int = 0
    accepted: int = 0
    waiting: int = 0
    rejected: int = 0
    ignored: int = 0
    superseded: int = 0
    parked: int = 0
    taken_in: int = 0
    unknown: int = 0

    def plus(self, standing: Standing, *, parked: bool = False, taken_in: bool = False) -> Tally:
        """With one more object."""
        return replace(
            self,
            listed=self.listed + 1,
            parked=self.parked + parked,
            taken_in=self.taken_in + taken_in,
            **{standing.value: getattr(self, standing.value) + 1},
        )

    def with_all(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(**{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)})

    @property
    def held(self) -> int:
        """Those that are half of their pair."""
        return self.accepted + self.waiting + self.rejected - self.parked


@dataclass(frozen=True, slots=True)
class Ledger:
    """A dataset as a pass over the bucket found it.

    `erased` are the halves whose deletion is remembered, `vanished` those that this pass found gone without an event.
    `gap` is what is listed and in no state, and what is in a state and could not be found out about.
    """

    dataset: str
    pass_number: int
    at: datetime
    listed: int
    accepted: int
    waiting: int
    rejected: int
    ignored: int
    superseded: int
    erased: int
    parked: int
    taken_in: int
    vanished: int
    gap: int


def standing(found: Candidate | Ignored, pair: Pair | None, half: Half | None) -> Standing:
    """How a listed object stands: by its name, and by its pair's document."""
    if isinstance(found, Ignored):
        return Standing.IGNORED
    if pair is None or half is None or not pair.holds(half):
        return Standing.UNKNOWN
    if half not in (pair.audio, pair.transcript):
        return Standing.SUPERSEDED
    return _OF[pair.state]


_OF = {
    PairState.ACCEPTED: Standing.ACCEPTED,
    PairState.WAITING: Standing.WAITING,
    PairState.REJECTED: Standing.REJECTED,
}
