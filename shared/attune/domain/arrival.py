"""What happens in the intake bucket: an object comes, or it goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that was finalized: its name, generation and size in bytes."""

    name: str
    generation: int
    size: int


@dataclass(frozen=True, slots=True)
class Departure:
    """An object that is gone: its name and the generation that was there."""

    name: str
    generation: int
