"""Shards: a 32-way tree over the pairs' ids, whose leaves hold at most 32 rows, and whose nodes compose upwards.

A node is a prefix of pair ids. Its objects are named by the digest of their members, so that all of a tree can be
worked out here, sizes and checksums included, before one byte is asked of the store.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from attune.domain.crc32c import combine_all
from attune.domain.split import Split

FAN_OUT = 32  # sources that one GCS compose takes, and characters of base32: one composition makes one node


@dataclass(frozen=True, slots=True)
class Part:
    """A stored piece of a file: its object, its size in bytes and its CRC32C."""

    name: str
    size: int
    crc32c: int


@dataclass(frozen=True, slots=True)
class Member:
    """A row in a leaf: the pair's id, the row's object, its line of the manifest, and what it weighs."""

    pair: str
    row: Part
    line: str
    template: str
    seconds: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Span:
    """What a node holds: `rows` as one part of the file, `lines` as one of the manifest. Both are None when empty.

    `template` is that of every row in it, or None where they differ.
    """

    count: int = 0
    seconds: float = 0.0
    tokens: int = 0
    template: str | None = None
    rows: Part | None = None
    lines: Part | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """A node's manifest: a leaf has `members`, an inner node the spans of its `children` by their next character."""

    dataset: str
    split: Split
    prefix: str
    span: Span = Span()
    members: tuple[Member, ...] = ()
    children: Mapping[str, Span] | None = None
    generation: int | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether the rows are here, and not further down."""
        return self.children is None


@dataclass(frozen=True, slots=True)
class Store:
    """Where a dataset's shards are kept: the names that content gives them."""

    key: str

    def joined(self, names: Iterable[str]) -> str:
        """The object that these, composed in this order, become."""
        return f"shards/{self.key}/{_digest(names)}.jsonl"

    def lines(self, text: bytes) -> str:
        """The object that holds these manifest lines."""
        return f"shards/{self.key}/{hashlib.sha256(text).hexdigest()[:40]}.manifest.jsonl"


Changes = Mapping[str, Member | None]


def needed(known: Mapping[str, Shard | None], ids: Iterable[str]) -> set[str]:
    """The prefixes still to be read before `grow` can place these pairs: empty when all that is touched is known.

    A child that its parent does not name is what a crash left behind: it is never read, and nothing in it counts.
    """
    missing = set()
    for pair in ids:
        prefix = ""
        while prefix in known:
            node = known[prefix]
            following = pair[: len(prefix) + 1]
            if node is None or node.children is None or following[-1] not in node.children:
                break
            prefix = following
        else:
            missing.add(prefix)
    return missing


@dataclass(frozen=True, slots=True)
class Tree:
    """One split's tree in one dataset; `checksum` is CRC32C."""

    dataset: str
    split: Split
    store: Store
    checksum: Callable[[bytes], int]

    def grow(self, known: Mapping[str, Shard | None], changes: Changes) -> list[Shard]:
        """The nodes that change when these rows are put in (or, for None, out); members before what holds them.

        Adding what is there already changes nothing, so that doing it again is the same act.
        """
        made: list[Shard] = []
        if changes:
            self._grow("", known, changes, made)
        return made

    def _grow(self, prefix: str, known: Mapping[str, Shard | None], changes: Changes, made: list[Shard]) -> Span:
        node = known.get(prefix)
        if node is not None and node.children is not None:
            return self._grow_inner(node, node.children, known, changes, made)
        members = _merged(node.members if node else (), changes)
        if node is not None and members == node.members:
            return node.span
        return self._build(prefix, members, made)

    def _grow_inner(
        self,
        node: Shard,
        before: Mapping[str, Span],
        known: Mapping[str, Shard | None],
        changes: Changes,
        made: list[Shard],
    ) -> Span:
        children = dict(before)
        for character, below in _by_next_character(changes, len(node.prefix)).items():
            children[character] = self._grow(node.prefix + character, known, below, made)
        if children == before:
            return node.span
        return self._inner(node.prefix, children, made)

    def _build(self, prefix: str, members: tuple[Member, ...], made: list[Shard]) -> Span:
        if len(members) <= FAN_OUT:
            leaf = Shard(self.dataset, self.split, prefix, self._leaf_span(members), members)
            made.append(leaf)
            return leaf.span
        groups: dict[str, list[Member]] = defaultdict(list)
        for member in members:
            groups[member.pair[len(prefix)]].append(member)
        children = {at: self._build(prefix + at, tuple(group), made) for at, group in groups.items()}
        return self._inner(prefix, children, made)

    def _inner(self, prefix: str, children: Mapping[str, Span], made: list[Shard]) -> Span:
        ordered = dict(sorted(children.items()))
        span = self._joined(list(ordered.values()))
        made.append(Shard(self.dataset, self.split, prefix, span, (), ordered))
        return span

    def _leaf_span(self, members: Sequence[Member]) -> Span:
        if not members:
            return Span()
        return replace(
            self._joined([_alone(member) for member in members]),
            lines=self._lines_part(members),
        )

    def _lines_part(self, members: Sequence[Member]) -> Part:
        text = leaf_lines(members)
        return Part(self.store.lines(text), len(text), self.checksum(text))

    def _joined(self, spans: Sequence[Span]) -> Span:
        full = [span for span in spans if span.count]
        templates = {span.template for span in full}
        return Span(
            count=sum(span.count for span in full),
            seconds=sum(span.seconds for span in full),
            tokens=sum(span.tokens for span in full),
            template=templates.pop() if len(templates) == 1 else None,
            rows=self._part([span.rows for span in full]),
            lines=self._part([span.lines for span in full]),
        )

    def _part(self, parts: Sequence[Part | None]) -> Part | None:
        there = [part for part in parts if part is not None]
        if len(there) <= 1:
            return there[0] if there else None
        return Part(
            self.store.joined(part.name for part in there),
            sum(part.size for part in there),
            combine_all((part.crc32c, part.size) for part in there),
        )


def leaf_lines(members: Sequence[Member]) -> bytes:
    """A leaf's part of the manifest: a line for each row, in the rows' order."""
    return "".join(member.line for member in members).encode()


def row_sources(shard: Shard) -> list[Part]:
    """What a node's rows are composed of, in order."""
    if shard.children is None:
        return [member.row for member in shard.members]
    return [span.rows for span in shard.children.values() if span.rows]


def line_sources(shard: Shard) -> list[Part]:
    """What an inner node's manifest lines are composed of, in order."""
    return [span.lines for span in (shard.children or {}).values() if span.lines]


def _alone(member: Member) -> Span:
    return Span(1, member.seconds, member.tokens, member.template, member.row, None)


def _merged(members: Sequence[Member], changes: Changes) -> tuple[Member, ...]:
    merged = {member.pair: member for member in members} | dict(changes)
    return tuple(member for _, member in sorted(merged.items()) if member is not None)


def _by_next_character(changes: Changes, depth: int) -> dict[str, dict[str, Member | None]]:
    groups: dict[str, dict[str, Member | None]] = defaultdict(dict)
    for pair, member in changes.items():
        groups[pair[depth]][pair] = member
    return groups


def _digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:40]
