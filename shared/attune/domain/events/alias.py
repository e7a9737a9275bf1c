"""What befalls an alias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attune.domain.events.approval import Measured
from attune.domain.events.message import OfARun


@dataclass(frozen=True, slots=True)
class AliasPromoted(OfARun):
    """The alias stands for the run's model now."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.promoted"
    dataset: str
    run: str
    alias: str
    serial: int
    endpoint: str
    model: str
    previous_endpoint: str | None
    previous_run: str | None
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """Each move has its serial."""
        return str(self.serial)


@dataclass(frozen=True, slots=True)
class AliasRejected(OfARun):
    """The run's model was not put behind the alias."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.rejected"
    dataset: str
    run: str
    alias: str
    reason: str
    measured: Measured | None = None
    report_uri: str | None = None

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """A run is rejected once."""
        return f"{self.dataset}/{self.run}"


@dataclass(frozen=True, slots=True)
class AliasRolledBack(OfARun):
    """The alias stands again for a run that it stood for before. `previous_run` is the one that had it until now."""

    TYPE: ClassVar[str] = "dev.attune.alias.v1.rolledBack"
    dataset: str
    run: str
    alias: str
    serial: int
    endpoint: str
    model: str
    previous_endpoint: str
    previous_run: str
    reason: str

    @property
    def subject(self) -> str:
        """The alias, not the run."""
        return f"aliases/{self.alias}"

    @property
    def once(self) -> str:
        """Each move has its serial."""
        return str(self.serial)
