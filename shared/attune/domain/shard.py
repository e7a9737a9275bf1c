"""Shards: a 32-way tree over the pairs' ids, whose leaves hold at most 32 members, and whose nodes compose upwards.

There is one for each side of the hold-out, whose members are rows, and one for the report, whose members are lines
alone. A node is a prefix of pair ids. Its objects are named by the digest of their members, so that all of a tree can
be worked out here, sizes and checksums included, before one byte is asked of the store.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from attune.domain.crc32c import combine_all
from attune.domain.part import Part
from attune.domain.profile import Profile, total
from attune.domain.row import Weight
from attune.domain.task import TRANSCRIPTION

FAN_OUT = 32  # sources that one GCS compose takes, and characters of base32: one composition makes one node


NOTHING = Part("", 0, 0)  # where a row would be: a report's line has none
_NO_WEIGHT = Weight(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Member:
    """A row in a leaf: the pair's id, the row's object, its line of the manifest, and what it weighs.

    `template` is the digest of what the row was rendered with, `version` that of the dataset's phrasing it belongs to.
    What stands in a report has a line and a `profile` instead, and no row.
    """

    pair: str
    row: Part = NOTHING
    line: str = ""
    template: str = ""
    seconds: float = 0.0
    tokens: int = 0
    version: str = ""
    task: str = TRANSCRIPTION
    mime_type: str = ""
    weight: Weight = _NO_WEIGHT
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """What a node holds: `rows` as one part of the file, `lines` as one of the manifest. Both are None when empty.

    `version` is that of every row in it, or None where they differ; `tasks` how many rows each task has; `profile` that
    of the lines of a report.
    """

    count: int = 0
    seconds: float = 0.0
    tokens: int = 0
    version: str | None = None
    tasks: Mapping[str, int] = field(default_factory=dict)
    rows: Part | None = None
    lines: Part | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """A node's manifest: a leaf has `members`, an inner node the spans of its `children` by their next character.

    `split` names its tree: after a side of the hold-out, or after the report.
    """

    dataset: str
    split: str
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
    """Where a tree's objects are kept: the names that content gives them."""

    key: str
    folder: str = "shards"

    def joined(self, names: Iterable[str]) -> str:
        """The object that these, composed in this order, become."""
        return f"{self.folder}/{self.key}/{_digest(names)}.jsonl"

    def lines(self, text: bytes) -> str:
        """The object that holds these manifest lines."""
        return f"{self.folder}/{self.key}/{hashlib.sha256(text).hexdigest()[:40]}.manifest.jsonl"


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
    """A dataset's tree of that name; `checksum` is CRC32C."""

    dataset: str
    split: str
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
        versions = {span.version for span in full}
        tasks = sum((Counter(span.tasks) for span in full), Counter[str]())
        return Span(
            count=sum(span.count for span in full),
            seconds=sum(span.seconds for span in full),
            tokens=sum(span.tokens for span in full),
            version=versions.pop() if len(versions) == 1 else None,
            tasks=dict(sorted(tasks.items())),
            rows=self._part([span.rows for span in full]),
            lines=self._part([span.lines for span in full]),
            profile=_profile([span.profile for span in full]),
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
        return [member.row for member in shard.members if member.row != NOTHING]
    return [span.rows for span in shard.children.values() if span.rows]


def line_sources(shard: Shard) -> list[Part]:
    """What an inner node's manifest lines are composed of, in order."""
    return [span.lines for span in (shard.children or {}).values() if span.lines]


def outdated(before: Iterable[Shard], after: Iterable[Shard]) -> list[str]:
    """The objects that were made for the nodes before, and that no node has a use for once these stand in their place.

    A node of a single source has that source's object, which is none of its own.
    """
    in_use = {part.name for node in after for part in _made_for(node)}
    return sorted({part.name for node in before for part in _made_for(node)} - in_use)


def _made_for(node: Shard) -> list[Part]:
    rows, lines = len(row_sources(node)) > 1, node.is_leaf or len(line_sources(node)) > 1
    made = (node.span.rows if rows else None, node.span.lines if lines else None)
    return [part for part in made if part is not None]


def _alone(member: Member) -> Span:
    if member.row == NOTHING:
        return Span(count=1, profile=member.profile)
    return Span(1, member.seconds, member.tokens, member.version, {member.task: 1}, member.row)


def _profile(profiles: Sequence[Profile | None]) -> Profile | None:
    there = [profile for profile in profiles if profile is not None]
    return total(there) if there else None


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
