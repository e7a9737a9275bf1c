"""Where the nodes of the trees lie, and what they have no use for any more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from attune.domain.shard import Shard
from attune.ports import Key, Query


@dataclass(frozen=True, slots=True)
class Discard:
    """Objects that no node of a dataset's trees has a use for any more; `tree` is the folder of its objects."""

    tree: str
    names: tuple[str, ...]

    @property
    def id(self) -> str:
        """The document's id: the same for the same objects."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()[:32]


def shard(dataset: str, split: str, prefix: str) -> Key[Shard]:
    """A node of a side's tree, or of a report's; the root's prefix is empty."""
    return Key(Shard, ("datasets", dataset, "shards", f"{split}-{prefix}" if prefix else str(split)))


def discard(dataset: str, name: str) -> Key[Discard]:
    """Objects that are to be deleted."""
    return Key(Discard, ("datasets", dataset, "discards", name))


def discards(dataset: str) -> Query[Discard]:
    """All that a crash left to be deleted."""
    return Query(Discard, ("datasets", dataset, "discards"))
