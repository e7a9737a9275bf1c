"""Where events lie that could not be worked on."""

from __future__ import annotations

from attune.domain.parked import Parked
from attune.ports import Key, Query


def parked(event: str) -> Key[Parked]:
    """An event that could not be worked on."""
    return Key(Parked, ("parked", event))


def parked_events() -> Query[Parked]:
    """The events that were acknowledged without having been worked on."""
    return Query(Parked, ("parked",), (("parked", True),))


def events_to_try_again() -> Query[Parked]:
    """Those of them that a person wants tried again."""
    return Query(Parked, ("parked",), (("again", True),))
