"""The shards' tree, against a plain sort: a bucket of bytes is kept beside the manifests, as the service does."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import google_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.adapters.codec import decode
from attune.domain.part import Part
from attune.domain.profile import profile_of, total
from attune.domain.row import Weight
from attune.domain.shard import (
    FAN_OUT,
    Member,
    Shard,
    Span,
    Store,
    Tree,
    leaf_lines,
    line_sources,
    needed,
    outdated,
    row_sources,
)
from attune.domain.split import Split
from reported import judged

ALPHABET = "0123456789abcdefghijklmnopqrstuv"
CROWDED = ("", "0", "v", "00ab", "00ac")  # where ids are made to crowd together, so that the tree grows deep
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TREE = Tree("d", Split.TRAIN, Store("d"), google_crc32c.value)


@dataclass(slots=True)
class Forest:
    """A bucket and the manifests of one tree, and what a plain dictionary says should be in it."""

    saved: dict[str, Shard] = field(default_factory=dict)
    bucket: dict[str, bytes] = field(default_factory=dict)
    expected: dict[str, Member] = field(default_factory=dict)
    composed: int = 0
    swept: bool = False

    def put_in(self, changes: Mapping[str, Member | None], crash_after: int | None = None) -> list[Shard]:
        """As the service: read what is needed, grow, write the bytes, then the manifests, members first."""
        made = TREE.grow(self._read(changes), changes)
        before = [self.saved[node.prefix] for node in made if node.prefix in self.saved]
        for node in made[:crash_after]:
            self._store(node)
            self.saved[node.prefix] = node
        if self.swept and crash_after is None:
            for name in outdated(before, made):
                self.bucket.pop(name, None)
        if crash_after is None:
            merged = self.expected | dict(changes)
            self.expected = {pair: member for pair, member in merged.items() if member}
        return made

    def row(self, pair: str, edition: int, version: str = "v", task: str = "transcription") -> Member:
        """A row of that pair, stored."""
        data = json.dumps([pair, edition, version]).encode() + b"\n"
        name = f"rows/{pair}-{edition}-{version}"
        self.bucket[name] = data
        part = Part(name, len(data), google_crc32c.value(data))
        line = f'{{"pair":"{pair}","edition":{edition}}}\n'
        return Member(pair, part, line, "t", 0.5, 7, version, task, "audio/wav", Weight(1, 1, 1))

    def content(self, part: Part | None) -> bytes:
        """A part's bytes, which are what it says they are."""
        if part is None:
            return b""
        data = self.bucket[part.name]
        assert (len(data), google_crc32c.value(data)) == (part.size, part.crc32c)
        return data

    @property
    def root(self) -> Span:
        """What the whole tree holds."""
        return self.saved[""].span if "" in self.saved else Span()

    def leaves(self, prefix: str = "") -> Iterable[Shard]:
        """The leaves that count, in order: those that can be reached."""
        node = self.saved[prefix]
        if node.children is None:
            yield node
            return
        for at, span in node.children.items():
            assert self.saved[prefix + at].span == span
            yield from self.leaves(prefix + at)

    def _read(self, ids: Iterable[str]) -> dict[str, Shard | None]:
        ids, known = list(ids), dict[str, Shard | None]()
        while missing := needed(known, ids):
            assert not missing & known.keys()
            known |= {prefix: self.saved.get(prefix) for prefix in missing}
        return known

    def _store(self, node: Shard) -> None:
        self._compose(node.span.rows, row_sources(node))
        if node.is_leaf and node.span.lines:
            self.bucket[node.span.lines.name] = leaf_lines(node.members)
        else:
            self._compose(node.span.lines, line_sources(node))

    def _compose(self, part: Part | None, sources: list[Part]) -> None:
        assert len(sources) <= FAN_OUT
        if part is not None and len(sources) > 1:
            self.composed += 1
            self.bucket[part.name] = b"".join(self.bucket[source.name] for source in sources)


def check(forest: Forest) -> None:
    ordered = [forest.expected[pair] for pair in sorted(forest.expected)]
    assert forest.content(forest.root.rows) == b"".join(forest.bucket[member.row.name] for member in ordered)
    assert forest.content(forest.root.lines) == "".join(member.line for member in ordered).encode()
    assert forest.root.count == len(ordered)
    assert forest.root.tokens == 7 * len(ordered)
    assert forest.root.seconds == 0.5 * len(ordered)
    versions = {member.version for member in ordered}
    assert forest.root.version == (versions.pop() if len(versions) == 1 else None)
    assert forest.root.tasks == Counter(member.task for member in ordered)
    if forest.saved:
        leaves = list(forest.leaves())
        assert all(len(leaf.members) <= FAN_OUT for leaf in leaves)
        assert [member for leaf in leaves for member in leaf.members] == ordered


def ids(count: int, dice: random.Random) -> list[str]:
    return [_id(dice.choice(CROWDED), dice) for _ in range(count)]


def _id(prefix: str, dice: random.Random) -> str:
    return prefix + "".join(dice.choices(ALPHABET, k=26 - len(prefix)))


def a_batch(forest: Forest, dice: random.Random) -> dict[str, Member | None]:
    """New rows, rows anew, rows again and rows out."""
    known = sorted(forest.expected)
    chosen = ids(dice.choice([0, 1, 3, 40, 120]), dice) + dice.sample(known, min(len(known), dice.choice([0, 1, 20])))
    batch: dict[str, Member | None] = {}
    for pair in chosen:
        ways: list[Callable[[str], Member | None]] = [
            lambda pair: forest.row(pair, dice.randrange(3), dice.choice("tu")),
            lambda pair: forest.expected.get(pair) or forest.row(pair, 0),
        ]
        batch[pair] = None if dice.random() < 0.2 else dice.choice(ways)(pair)
    return batch


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_any_history_gives_the_rows_in_their_order(seed: int, batches: int) -> None:
    dice, forest = random.Random(seed), Forest()  # noqa: S311 - a schedule, not a secret
    for _ in range(batches):
        forest.put_in(a_batch(forest, dice))
        check(forest)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_crash_between_any_two_writes_is_mended_by_doing_it_again(seed: int, batches: int) -> None:
    dice, forest = random.Random(seed), Forest()  # noqa: S311 - a schedule, not a secret
    for _ in range(batches):
        batch = a_batch(forest, dice)
        made = forest.put_in(batch, crash_after=0)
        forest.put_in(batch, crash_after=dice.randint(0, len(made)))
        forest.put_in(batch)
        check(forest)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_one_batch_and_many_make_the_same_file(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    one, many = Forest(), Forest()
    pairs = ids(200, dice)
    one.put_in({pair: one.row(pair, 0) for pair in pairs})
    dice.shuffle(pairs)
    for start in range(0, len(pairs), 37):
        many.put_in({pair: many.row(pair, 0) for pair in pairs[start : start + 37]})
    assert one.root == many.root
    assert one.content(one.root.rows) == many.content(many.root.rows)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_a_change_touches_only_the_nodes_on_its_path(seed: int) -> None:
    dice, forest = random.Random(seed), Forest()  # noqa: S311 - a schedule, not a secret
    forest.put_in({pair: forest.row(pair, 0) for pair in ids(400, dice)})
    before = dict(forest.saved)
    pair = ids(1, dice)[0]
    made = forest.put_in({pair: forest.row(pair, 0)})
    assert {node.prefix for node in made if node.prefix in before} == {
        prefix for prefix in before if pair.startswith(prefix)
    }
    split = [node.prefix for node in made if node.prefix in before and before[node.prefix].is_leaf]
    assert all(node.prefix in before or node.prefix.startswith(split[0]) for node in made if split)
    check(forest)


def test_the_last_node_made_is_the_root_and_members_come_before_what_holds_them() -> None:
    forest = Forest()
    made = forest.put_in({pair: forest.row(pair, 0) for pair in ids(500, random.Random(7))})  # noqa: S311 - as above
    order = [node.prefix for node in made]
    assert order[-1] == ""
    assert all(order.index(prefix[:-1]) > order.index(prefix) for prefix in order if prefix)


def test_doing_it_again_makes_nothing() -> None:
    forest = Forest()
    batch = {pair: forest.row(pair, 0) for pair in ids(100, random.Random(1))}  # noqa: S311 - as above
    forest.put_in(batch)
    assert forest.put_in(batch) == []
    assert forest.put_in({}) == []


def test_taking_out_what_is_not_there_makes_nothing_of_a_tree_that_stands() -> None:
    forest = Forest()
    forest.put_in({"0" * 26: forest.row("0" * 26, 0)})
    assert forest.put_in({"1" * 26: None}) == []
    check(forest)


def test_thirty_two_rows_are_a_leaf_and_one_more_splits_it() -> None:
    forest = Forest()
    pairs = [f"{at}{'0' * 25}" for at in ALPHABET]
    forest.put_in({pair: forest.row(pair, 0) for pair in pairs})
    assert set(forest.saved) == {""}
    assert forest.saved[""].is_leaf
    forest.put_in({"0" * 25 + "1": forest.row("0" * 25 + "1", 0)})
    assert set(forest.saved) == {"", *ALPHABET}
    check(forest)


def test_children_that_a_crash_left_behind_never_count() -> None:
    """A leaf was about to split: its children were written, it was not, and then the change never came again."""
    forest = Forest()
    full = [f"{at}{'0' * 25}" for at in ALPHABET]
    forest.put_in({pair: forest.row(pair, 0) for pair in full})
    forest.put_in({"0" * 25 + "1": forest.row("0" * 25 + "1", 0)}, crash_after=20)
    assert set(forest.saved) > {""}
    forest.put_in({full[3]: None, full[5]: forest.row(full[5], 2)})
    check(forest)
    forest.put_in({f"0{index:025}": forest.row(f"0{index:025}", 1) for index in range(5, 15)})
    check(forest)


def test_a_child_that_its_parent_does_not_name_never_counts() -> None:
    forest = Forest()
    pairs = [f"{at}{'0' * 25}" for at in ALPHABET[:16]] + [f"{at}{'1' * 25}" for at in ALPHABET[:17]]
    forest.put_in({pair: forest.row(pair, 0) for pair in pairs})
    ghost = "v" + "0" * 25
    forest.put_in({ghost: forest.row(ghost, 0)}, crash_after=1)
    assert forest.saved["v"].members
    other = "v" + "1" * 25
    forest.put_in({other: forest.row(other, 0)})
    assert [member.pair for member in forest.saved["v"].members] == [other]
    check(forest)


def test_rows_of_two_versions_make_a_span_of_none() -> None:
    forest = Forest()
    pairs = ids(50, random.Random(3))  # noqa: S311 - as above
    told = []
    for chosen, version in ((pairs, "old"), (pairs[:1], "new"), (pairs, "new")):
        forest.put_in({pair: forest.row(pair, 0, version) for pair in chosen})
        told.append(forest.root.version)
    assert told == ["old", None, "new"]


def test_an_emptied_tree_holds_nothing() -> None:
    forest = Forest()
    pairs = ids(80, random.Random(4))  # noqa: S311 - as above
    forest.put_in({pair: forest.row(pair, 0) for pair in pairs})
    forest.put_in(dict.fromkeys(pairs))
    assert replace(forest.root, version=None) == Span()


def test_one_more_row_in_a_large_tree_is_a_handful_of_compositions() -> None:
    forest = Forest()
    dice = random.Random(5)  # noqa: S311 - as above
    forest.put_in({pair: forest.row(pair, 0) for pair in (_id("", dice) for _ in range(5000))})
    before = forest.composed
    pair = _id("", dice)
    forest.put_in({pair: forest.row(pair, 0)})
    assert forest.composed - before <= 8
    check(forest)


# --- objects that no longer count -----------------------------------------------------------------------------------


def in_use(forest: Forest, prefix: str = "") -> set[str]:
    """Every object that the tree is made of."""
    node = forest.saved[prefix]
    made = {part.name for part in (node.span.rows, node.span.lines) if part}
    rows = {member.row.name for member in node.members}
    return made.union(rows, *(in_use(forest, prefix + at) for at in node.children or ()))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_what_is_outdated_is_all_that_no_node_names_and_nothing_else(seed: int, batches: int) -> None:
    dice, forest = random.Random(seed), Forest(swept=True)  # noqa: S311 - a schedule, not a secret
    for _ in range(batches):
        forest.put_in(a_batch(forest, dice))
        check(forest)
    parts = {name for name in forest.bucket if not name.startswith("rows/")}
    assert parts == {name for name in in_use(forest) if not name.startswith("rows/")} if forest.saved else not parts


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_after_a_crash_nothing_is_outdated_that_is_still_in_use(seed: int, batches: int) -> None:
    dice, forest = random.Random(seed), Forest(swept=True)  # noqa: S311 - as above
    for _ in range(batches):
        batch = a_batch(forest, dice)
        made = forest.put_in(batch, crash_after=0)
        forest.put_in(batch, crash_after=dice.randint(0, len(made)))
        forest.put_in(batch)
        check(forest)


# --- a report's tree ------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 120), st.integers(0, 40))
def test_a_tree_of_lines_has_no_rows_and_the_profile_of_all_that_is_in_it(seed: int, count: int, out: int) -> None:
    dice, forest = random.Random(seed), Forest()  # noqa: S311 - as above
    pairs = [judged(f"{index}", NOW, dice) for index in range(count)]
    members = {pair.id: Member(pair.id, line=f"{pair.id}\n", profile=profile_of(pair)) for pair in pairs}
    forest.put_in(members)
    forest.put_in({pair.id: None for pair in pairs[:out]})
    left = sorted(pair.id for pair in pairs[out:])
    assert forest.root.rows is None
    assert forest.content(forest.root.lines) == "".join(f"{pair}\n" for pair in left).encode()
    assert forest.root.profile == (total(profile_of(pair) for pair in pairs[out:]) if left else None)
    assert (forest.root.count, forest.root.tasks) == (len(left), {})


def test_a_row_that_an_earlier_version_wrote_is_read() -> None:
    part = {"name": "r", "size": 3, "crc32c": 4}
    written = {"pair": "p", "row": part, "line": "{}\n", "template": "t", "seconds": 1.5, "tokens": 7}
    assert decode(Member, written) == Member("p", Part("r", 3, 4), "{}\n", "t", 1.5, 7)
