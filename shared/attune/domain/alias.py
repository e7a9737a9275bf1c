"""The alias: which endpoint stands for a dataset's model now, and what it stood for before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Served:
    """What an alias can point at: a run's model behind its endpoint. `number` orders the runs of one dataset."""

    dataset: str
    run: str
    number: int
    opened_at: datetime
    endpoint: str
    model: str

    def is_newer_than(self, other: Served) -> bool:
        """Whether this comes from a later run: by number within a dataset, between datasets by when they opened."""
        if self.dataset == other.dataset:
            return self.number > other.number
        return self.opened_at > other.opened_at


@dataclass(frozen=True, slots=True)
class Alias:
    """An alias's document: one place, changed by compare-and-set. `serial` counts its moves.

    `newest` is the newest run it ever stood for, which after a roll-back is not the current one. An older version wrote
    none, and never moved an alias back: there it is the current one.

    `at_rest` is False while watch has something to do for it: its model is not `annotated` at the service, or is still
    being `guarded`. `checks` counts the checks on it since it moved.
    """

    name: str
    serial: int
    current: Served
    previous: Served | None
    moved_at: datetime
    newest: Served | None = None
    annotated: bool = False
    guarded: bool = False
    checks: int = 0
    at_rest: bool = False

    def moved_to(self, served: Served, now: datetime) -> Alias:
        """The alias after its next move."""
        newest = served if self.lets_in(served) else self._newest
        return Alias(self.name, self.serial + 1, served, self.current, now, newest)

    def tended(self, *, annotated: bool | None = None, guarded: bool | None = None, checks: int | None = None) -> Alias:
        """The alias with what watch has done for it."""
        now = replace(
            self,
            annotated=self.annotated if annotated is None else annotated,
            guarded=self.guarded if guarded is None else guarded,
            checks=self.checks if checks is None else checks,
        )
        return replace(now, at_rest=now.annotated and not now.guarded)

    def lets_in(self, served: Served) -> bool:
        """Whether a run may have it without anybody asking for it: one that is newer than all who ever had it."""
        return served.is_newer_than(self._newest)

    @property
    def _newest(self) -> Served:
        return self.newest or self.current


def first(name: str, served: Served, now: datetime) -> Alias:
    """An alias that has not stood for anything yet."""
    return Alias(name, 1, served, None, now, served)
