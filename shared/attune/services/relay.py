"""Relay: post an event to a webhook, and say what is to become of its message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from attune.domain.webhook import Notice
from attune.errors import FinalError, UnavailableError


class Fate(StrEnum):
    """What becomes of a message: it has been taken, is to come again, or is the last that is asked for."""

    TAKEN = "taken"
    AGAIN = "again"
    UNWANTED = "unwanted"


class UnwantedError(FinalError):
    """The receiver wants no more events, of whatever kind (410 Gone)."""


class Hook(Protocol):
    """A webhook."""

    def post(self, notice: Notice) -> None:
        """Posts the notice, and returns when it was taken.

        Raises:
            UnavailableError: it was not, as often as it was tried.
            UnwantedError: nothing is to be posted there any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class Relayed:
    """What becomes of a message, and why, where it was not taken."""

    fate: Fate
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """The service, with its port."""

    hook: Hook

    def __call__(self, notice: Notice) -> Relayed:
        """Posts the notice. Only one that the receiver has taken may be forgotten."""
        try:
            self.hook.post(notice)
        except UnwantedError as gone:
            return Relayed(Fate.UNWANTED, str(gone))
        except UnavailableError as passing:
            return Relayed(Fate.AGAIN, str(passing))
        return Relayed(Fate.TAKEN)
