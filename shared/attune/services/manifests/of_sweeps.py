"""Where it is kept how far the sweep has got, and the ledgers that it closes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from attune.domain.ledger import Ledger, Tally
from attune.ports import Key


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far the pass over the intake bucket has got.

    Every object up to the name `reached` is counted: those of `dataset` in `counted`, those before it in `total`. Where
    halves are missing, its pairs are looked at one by one (`walking`): `walked` is the last of them, and so many halves
    were found `vanished`, or were `unresolved`: they could not be looked for now. After the bucket's end, `closing` is
    the last dataset of which nothing was listed.
    """

    pass_number: int
    started_at: datetime
    finished_at: datetime | None = None
    reached: str = ""
    listed_all: bool = False
    dataset: str = ""
    counted: Tally = field(default_factory=Tally)
    walking: bool = False
    walked: str = ""
    vanished: int = 0
    unresolved: int = 0
    total: Tally = field(default_factory=Tally)
    closing: str = ""
    last_listed: int = 0
    last_seconds: float | None = None

    def rests(self, now: datetime, pause: timedelta) -> bool:
        """Whether the pass has ended, and the next one is not to begin before so long after this one began."""
        return self.finished_at is not None and now < self.started_at + pause


def sweep() -> Key[Sweep]:
    """How far the sweep has got."""
    return Key(Sweep, ("sweeps", "intake"))


def ledger(dataset: str) -> Key[Ledger]:
    """A dataset's ledger."""
    return Key(Ledger, ("ledgers", dataset))
