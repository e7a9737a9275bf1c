"""The longest beginning of a tree that has room, against a plain loop over its rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.fit import Kept, Room, Rows, size_of
from attune.domain.names import pair_id
from attune.domain.part import Part
from attune.domain.row import Weight
from attune.domain.shard import FAN_OUT, Member, Shard, Store, Tree, leaf_lines, line_sources, row_sources
from attune.domain.split import Split

TREE = Tree("d", Split.TRAIN, Store("d"), google_crc32c.value)


@dataclass(slots=True)
class Grown:
    """A tree with its bucket, and the rows in their order."""

    members: list[Member]
    nodes: dict[str, Shard] = field(default_factory=dict)
    bucket: dict[str, bytes] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bucket |= {member.row.name: line_of(member) for member in self.members}
        self.nodes |= {node.prefix: node for node in TREE.grow({}, {member.pair: member for member in self.members})}
        self.store(list(self.nodes.values()))

    def rows(self) -> Rows:
        return Rows("d", Split.TRAIN, TREE.store, TREE.checksum, self.nodes.get(""), self._read)

    def store(self, nodes: Sequence[Shard]) -> None:
        """Writes the nodes' objects as the service does: at most 32 sources each, members before what holds them."""
        for node in sorted(nodes, key=lambda node: len(node.prefix), reverse=True):
            self._compose(node.span.rows, row_sources(node))
            if node.is_leaf and node.span.lines:
                self.bucket[node.span.lines.name] = leaf_lines(node.members)
            else:
                self._compose(node.span.lines, line_sources(node))

    def content(self, part: Part | None) -> bytes:
        data = self.bucket[part.name] if part else b""
        assert part is None or (part.size, part.crc32c) == (len(data), google_crc32c.value(data))
        return data

    def _compose(self, part: Part | None, sources: Sequence[Part]) -> None:
        assert len(sources) <= FAN_OUT
        if part and len(sources) > 1:
            self.bucket[part.name] = b"".join(self.bucket[source.name] for source in sources)

    def _read(self, prefix: str) -> Shard:
        self.read.append(prefix)
        return self.nodes[prefix]


def line_of(member: Member) -> bytes:
    return json.dumps(member.pair).ljust(member.row.size - 1).encode() + b"\n"


def member(index: int, size: int, task: str = "transcription") -> Member:
    name, pair = f"rows/{index}", pair_id("d", str(index))
    line, weight = f'{{"pair":"{index}"}}\n', Weight(1, 1, 1)
    stored = Member(pair, Part(name, size, 0), line, "t", 0.5, 7, "v", task, "audio/wav", weight)
    return replace(stored, row=Part(name, size, google_crc32c.value(line_of(stored))))


def grown(sizes: Sequence[int]) -> Grown:
    members = [member(index, size, f"task{index % 3}") for index, size in enumerate(sizes)]
    return Grown(sorted(members, key=lambda each: each.pair))


def longest(members: Sequence[Member], room: Room) -> int:
    """By a loop: how many rows at the beginning have room."""
    sizes = accumulate(each.row.size for each in members[: room.rows])
    return sum(size <= room.size for size in sizes)


sizes = st.lists(st.integers(40, 90), max_size=200)
rooms = st.builds(Room, st.integers(0, 220), st.integers(0, 12_000))


@given(sizes, rooms)
def test_what_is_kept_is_the_longest_beginning_that_has_room_and_its_manifest(sizes: list[int], room: Room) -> None:
    tree = grown(sizes)
    kept = tree.rows().first(room)
    tree.store(kept.nodes)
    expected = tree.members[: longest(tree.members, room)]
    assert tree.content(kept.span.rows) == b"".join(line_of(each) for each in expected)
    assert tree.content(kept.span.lines) == b"".join(each.line.encode() for each in expected)
    assert (kept.span.count, size_of(kept.span)) == (len(expected), sum(each.row.size for each in expected))
    assert kept.span.tokens == 7 * len(expected)
    assert sum(kept.span.tasks.values()) == len(expected)
    assert room.holds(kept.span)


@given(sizes, rooms)
def test_one_row_more_would_not_have_room(sizes: list[int], room: Room) -> None:
    tree = grown(sizes)
    kept = tree.rows().first(room).span
    if kept.count < len(tree.members):
        following = tree.members[kept.count]
        assert kept.count + 1 > room.rows or size_of(kept) + following.row.size > room.size


@given(sizes, rooms, rooms)
def test_less_room_keeps_a_beginning_of_what_more_room_keeps(sizes: list[int], one: Room, other: Room) -> None:
    tree = grown(sizes)
    less = Room(min(one.rows, other.rows), min(one.size, other.size))
    small, large = tree.rows().first(less), tree.rows().first(one)
    for kept in (small, large):
        tree.store(kept.nodes)
    assert tree.content(large.span.rows).startswith(tree.content(small.span.rows))


@given(sizes, rooms)
def test_the_same_rows_are_cut_to_the_same_objects(sizes: list[int], room: Room) -> None:
    assert grown(sizes).rows().first(room) == grown(sizes).rows().first(room)


def test_what_fits_is_kept_as_it_stands_and_nothing_is_read() -> None:
    tree = grown([50] * 100)
    assert tree.rows().first(Room(100, 5000)) == Kept(tree.nodes[""].span)
    assert tree.read == []


def test_no_row_at_all_is_kept_of_an_empty_tree() -> None:
    assert grown([]).rows().first(Room(10, 10)) == Kept(grown([]).rows().span)


def test_a_first_row_that_does_not_fit_leaves_nothing() -> None:
    kept = grown([50] * 100).rows().first(Room(100, 49))
    assert (kept.span.count, kept.span.rows, kept.nodes) == (0, None, ())


@pytest.mark.parametrize("rows", [1, 100, 2000, 4999])
def test_a_large_tree_is_cut_by_reading_one_node_of_each_level(rows: int) -> None:
    tree = grown([50] * 5000)
    kept = tree.rows().first(Room(rows, 10**9))
    assert kept.span.count == rows
    assert [len(prefix) for prefix in tree.read] == list(range(1, len(tree.read) + 1))
    assert len(tree.read) <= max(map(len, tree.nodes))
    assert len(kept.nodes) <= len(tree.read) + 1
