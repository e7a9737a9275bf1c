"""A run is opened: announced as a fact, and ordered to be launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attune.domain.events.message import Channel, OfARun


@dataclass(frozen=True, slots=True)
class ThresholdReached(OfARun):
    """Enough new pairs are in: a run was opened. `waited` is true when max_wait_hours opened it, not the threshold."""

    TYPE: ClassVar[str] = "dev.attune.dataset.v1.thresholdReached"
    dataset: str
    run: str
    pairs: int
    threshold: int
    waited: bool


@dataclass(frozen=True, slots=True)
class LaunchTuning(OfARun):
    """The order to cut, assemble and launch."""

    TYPE: ClassVar[str] = "dev.attune.order.v1.launchTuning"
    CHANNEL: ClassVar[Channel] = Channel.LAUNCH
    dataset: str
    run: str
