"""The alias: which endpoint stands for a dataset's model now, and what it stood for before."""

from __future__ import annotations

from dataclasses import dataclass
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
    """An alias's document: one place, changed by compare-and-set. `serial` counts its moves."""

    name: str
    serial: int
    current: Served
    previous: Served | None
    moved_at: datetime

    def moved_to(self, served: Served, now: datetime) -> Alias:
        """The alias after its next move."""
        return Alias(self.name, self.serial + 1, served, self.current, now)


def first(name: str, served: Served, now: datetime) -> Alias:
    """An alias that has not stood for anything yet."""
    return Alias(name, 1, served, None, now)
