"""A run waits for a person; and what was measured by then."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from attune.domain.events.message import OfARun


class Awaited(StrEnum):
    """What a person is to allow."""

    COST = "cost"
    PROMOTION = "promotion"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a run's model: error rates over so many held-out utterances, None where nothing was.

    `measure` is the rate's name: wer, or mismatch where there are no transcriptions. `probability` is that of the
    improvement that was asked for over the champion, or over the base where there is none.
    """

    measure: str
    examples: int
    challenger: float | None
    champion: float | None
    base: float | None
    probability: float | None


@dataclass(frozen=True, slots=True)
class AwaitingApproval(OfARun):
    """A person is to allow what the run costs, before its job is asked for; or its promotion, when it was tuned.

    `cost_usd` is None where it is not known; `rows` and `hours` are those it trains on. `measured` and `report_uri` are
    there when its model was measured.
    """

    TYPE: ClassVar[str] = "dev.attune.run.v1.awaitingApproval"
    dataset: str
    run: str
    reason: str
    cost_usd: float | None
    max_run_cost_usd: float | None
    rows: int
    hours: float
    awaits: Awaited = Awaited.COST
    alias: str | None = None
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def once(self) -> str:
        """A run may wait once for each."""
        return "" if self.awaits is Awaited.COST else self.awaits.value
