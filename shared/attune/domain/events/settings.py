"""What befalls settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attune.domain.events.message import Channel


@dataclass(frozen=True, slots=True)
class SettingsInvalid:
    """The settings somebody wrote cannot be used; the last good ones stay in force."""

    TYPE: ClassVar[str] = "dev.attune.settings.v1.invalid"
    CHANNEL: ClassVar[Channel] = Channel.EVENTS
    dataset: str
    errors: tuple[str, ...]
    written: str
    since: str

    @property
    def subject(self) -> str:
        """The settings' document."""
        return f"datasets/{self.dataset}"

    @property
    def once(self) -> str:
        """Each edit is told once, and the same one again when it was mended between."""
        return f"{self.written} {self.since}"
