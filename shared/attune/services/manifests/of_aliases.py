"""Where aliases lie, with their history; and which of them watch has something to do for."""

from __future__ import annotations

from attune.domain.alias import Alias
from attune.ports import Key, Query


def alias(name: str) -> Key[Alias]:
    """An alias."""
    return Key(Alias, ("aliases", name))


def alias_history(name: str, serial: int) -> Key[Alias]:
    """The alias as it was after a move."""
    return Key(Alias, ("aliases", name, "history", f"{serial:06d}"))


def restless_aliases() -> Query[Alias]:
    """The aliases that watch has something to do for."""
    return Query(Alias, ("aliases",), (("at_rest", False),))
