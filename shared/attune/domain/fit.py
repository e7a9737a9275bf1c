"""Fit: the longest beginning of a tree's rows that has room. The rows' order is a shuffle, so it is a fair sample.

Whole nodes are taken as long as they fit; the first that does not is entered. What is taken of it becomes a node of its
own, named by its members like any other, so that the same rows make the same sample whenever and wherever it is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attune.domain.shard import Member, Shard, Span, Tree


@dataclass(frozen=True, slots=True)
class Room:
    """How many rows there is room for, and how many bytes of them."""

    rows: int
    size: int

    def holds(self, span: Span) -> bool:
        """Whether all of these rows have room."""
        return span.count <= self.rows and size_of(span) <= self.size

    def less(self, span: Span) -> Room:
        """What is left beside these rows."""
        return Room(self.rows - span.count, self.size - size_of(span))


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows that have room. `nodes` are those that a tree does not have already, members before what holds them."""

    span: Span
    nodes: tuple[Shard, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows(Tree):
    """A tree as it stands: its root, None where it is empty, and what reads the node of another prefix."""

    root: Shard | None
    read: Callable[[str], Shard]

    @property
    def span(self) -> Span:
        """All of its rows."""
        return self.root.span if self.root else Span()

    def root_of(self, branches: Mapping[str, Span]) -> Shard:
        """The root of a tree like this one that has these branches, by the first character of their pairs' ids."""
        made: list[Shard] = []
        self._inner("", branches, made)
        return made[-1]

    def first(self, room: Room) -> Kept:
        """The longest beginning that has room; one node is read for each level of the tree."""
        if self.root is None or room.holds(self.span):
            return Kept(self.span)
        made: list[Shard] = []
        span = self._first(self.root, room, made)
        return Kept(span, tuple(made))

    def _first(self, node: Shard, room: Room, made: list[Shard]) -> Span:
        if node.children is None:
            return self._first_members(node, room, made)
        taken: dict[str, Span] = {}
        for at, span in sorted(node.children.items()):
            if room.holds(span):
                taken[at], room = span, room.less(span)
                continue
            if (part := self._first(self.read(node.prefix + at), room, made)).count:
                taken[at] = part
            break
        return self._inner(node.prefix, taken, made) if taken else Span()

    def _first_members(self, leaf: Shard, room: Room, made: list[Shard]) -> Span:
        taken: list[Member] = []
        size = 0
        for member in leaf.members[: room.rows]:
            size += member.row.size
            if size > room.size:
                break
            taken.append(member)
        if not taken:
            return Span()
        part = Shard(self.dataset, self.split, leaf.prefix, self._leaf_span(taken), tuple(taken))
        made.append(part)
        return part.span


def size_of(span: Span) -> int:
    """The bytes of its rows."""
    return span.rows.size if span.rows else 0
