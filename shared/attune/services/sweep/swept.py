"""What a sweep did."""

from __future__ import annotations

from dataclasses import dataclass, field

from attune.domain.ledger import Ledger


@dataclass(slots=True)
class Swept:
    """What a call did: the ledgers it closed, what it took in, and what it could not do for now, in words."""

    ledgers: list[Ledger] = field(default_factory=list)
    taken_in: int = 0
    vanished: int = 0
    put_off: list[str] = field(default_factory=list)
    finished: bool = False
