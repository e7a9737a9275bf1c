"""Shard: put rows into a dataset's tree, compose what changed, and write the manifests of it after the bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import orjson

from attune.domain.fit import Rows
from attune.domain.names import dataset_key
from attune.domain.pair import Half, Row
from attune.domain.part import Part
from attune.domain.shard import (
    Changes,
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
from attune.errors import DamagedError
from attune.ports import Checksum, Create, Delete, Documents, Each, Objects, Replace, Stored, Versioned, Write
from attune.services.encode import JSONL
from attune.services.lease import Hold
from attune.services.manifests import of_shards
from attune.services.manifests.of_shards import Discard

_DOCUMENTS_A_COMMIT = 60
_BYTES_A_COMMIT = 6 * 1024 * 1024  # of the 10 MiB that Firestore takes, because nodes are weighed by guess
_MEMBER_BYTES = 2_000  # a member without its line, at most about
_SPAN_BYTES, _PROFILED_BYTES = 1_000, 8_000  # a span, and one with a profile


def row_store(dataset: str, _split: str) -> Store:
    """Where rows are composed into shards: one place for both sides, since names come from content."""
    return Store(dataset_key(dataset))


def draft_store(dataset: str) -> Store:
    """Where what one run takes of a tree is composed, until its files are: apart, so that all of it can go then."""
    return Store(dataset_key(dataset), "drafts")


@dataclass(frozen=True, slots=True)
class Sharding:
    """The service, with its ports; `store_of` says where a tree of a dataset keeps its objects.

    The objects that a tree's nodes no longer name are deleted. A crash before that leaves a note of them with the
    nodes, which `drain` sees to: what was taken out is in no object any more.
    """

    documents: Documents
    objects: Objects
    checksum: Checksum
    each: Each
    store_of: Callable[[str, str], Store] = row_store

    def put_in(self, dataset: str, split: str, changes: Changes, hold: Hold) -> Span:
        """Puts members into the tree (None takes one out) and returns what the whole tree holds then.

        Only the nodes that they fall in are read, composed and written. Doing it again changes nothing. Nothing is
        written under a lease that is no longer ours.

        Raises:
            DamagedError: an object in the bucket is not what its manifest says.
        """
        tree = self._tree(dataset, split)
        read = self._read(tree, changes)
        nodes = tree.grow({prefix: found.value if found else None for prefix, found in read.items()}, changes)
        stored = self.store(nodes)
        if discard := self._save(dataset, stored, read, hold):
            self._throw_away(dataset, discard, hold)
        return stored[-1].span if nodes else self.held(dataset, split)

    def drain(self, dataset: str, hold: Hold) -> None:
        """Deletes the objects that a crash left behind. To be called before anything is put in under a new lease."""
        for found in self.documents.find(of_shards.discards(dataset)):
            if found.value.tree == self.store_of(dataset, "").folder:
                self._throw_away(dataset, found.value, hold)

    def _throw_away(self, dataset: str, discard: Discard, hold: Hold) -> None:
        self.each(self.objects.delete, discard.names)
        hold.commit(Delete(of_shards.discard(dataset, discard.id)))

    def throw_away_drafts(self, nodes: Iterable[Shard]) -> None:
        """Deletes the objects of nodes that are in no tree, once a run's files are composed of them."""
        self.each(self.objects.delete, outdated(nodes, ()))

    def held(self, dataset: str, split: str) -> Span:
        """What the tree holds."""
        root = self.documents.get(of_shards.shard(dataset, split, ""))
        return root.value.span if root else Span()

    def rows(self, dataset: str, split: str) -> Rows:
        """The split's tree, to be looked through; only its root is read here.

        Raises:
            DamagedError: when a node is asked for that its parent names and that is not there.
        """
        root = self.documents.get(of_shards.shard(dataset, split, ""))

        def read(prefix: str) -> Shard:
            found = self.documents.get(of_shards.shard(dataset, split, prefix))
            if found is None:
                raise DamagedError(f"the {split} shard {prefix} of {dataset} is named by its parent and is not there")
            return found.value

        store = draft_store(dataset)
        return Rows(dataset, split, store, self.checksum, root.value if root else None, read)

    def apart(self, dataset: str, split: str, members: Iterable[Member]) -> tuple[Rows, list[Shard]]:
        """A tree of these rows alone, beside the split's, and its nodes: nothing is read, and no manifest written."""
        tree = Tree(dataset, split, draft_store(dataset), self.checksum)
        nodes = self.store(tree.grow({}, {member.pair: member for member in members}))
        by_prefix = {node.prefix: node for node in nodes}
        rows = Rows(dataset, split, tree.store, self.checksum, nodes[-1] if nodes else None, by_prefix.__getitem__)
        return rows, nodes

    def leaves(self, dataset: str, split: str, version: str) -> Iterable[Shard]:
        """The leaves with a row of another version than this one, one after the other, in order."""
        waiting = [""]
        while waiting:
            node = self.documents.get(of_shards.shard(dataset, split, waiting.pop()))
            if node is None or not node.value.span.count or node.value.span.version == version:
                continue
            if node.value.children is None:
                yield node.value
            else:
                waiting.extend(node.value.prefix + at for at in sorted(node.value.children, reverse=True))

    def store(self, nodes: Sequence[Shard]) -> list[Shard]:
        """Writes the nodes' objects, members before what holds them; returns them with their generations."""
        done: dict[str, Shard] = {}
        by_depth = sorted(nodes, key=lambda node: len(node.prefix), reverse=True)
        for _, level in groupby(by_depth, key=lambda node: len(node.prefix)):
            for node in self.each(self._store_one, list(level)):
                done[node.prefix] = node
        return [done[node.prefix] for node in nodes]

    def _tree(self, dataset: str, split: str) -> Tree:
        return Tree(dataset, split, self.store_of(dataset, split), self.checksum)

    def _read(self, tree: Tree, ids: Iterable[str]) -> dict[str, Versioned[Shard] | None]:
        ids = list(ids)
        read: dict[str, Versioned[Shard] | None] = {}
        known: dict[str, Shard | None] = {}
        while missing := sorted(needed(known, ids)):
            keys = [of_shards.shard(tree.dataset, tree.split, prefix) for prefix in missing]
            read.update(zip(missing, self.documents.get_all(keys), strict=True))
            known = {prefix: found.value if found else None for prefix, found in read.items()}
        return read

    def _store_one(self, node: Shard) -> Shard:
        generation = self._compose(node.span.rows, row_sources(node))
        if node.is_leaf and node.span.lines:
            written = self.objects.put(node.span.lines.name, leaf_lines(node.members), JSONL)
            _verify(node.span.lines, written)
        else:
            self._compose(node.span.lines, line_sources(node))
        return replace(node, generation=generation)

    def _compose(self, part: Part | None, sources: Sequence[Part]) -> int | None:
        """Composes a part from its sources; one of a single source is that source."""
        if part is None or len(sources) <= 1:
            return None
        composed = self.objects.compose(part.name, [source.name for source in sources])
        _verify(part, composed)
        return composed.generation

    def _save(
        self, dataset: str, nodes: Sequence[Shard], read: dict[str, Versioned[Shard] | None], hold: Hold
    ) -> Discard | None:
        """Writes the manifests, and with the first of them which objects are without a use once all are written."""
        unread = [node for node in nodes if node.prefix not in read]
        keys = [of_shards.shard(node.dataset, node.split, node.prefix) for node in unread]
        found = self.documents.get_all(keys) if keys else []
        read = read | {node.prefix: stands for node, stands in zip(unread, found, strict=True)}
        names = outdated([stands.value for node in nodes if (stands := read[node.prefix])], nodes)
        discard = Discard(self.store_of(dataset, "").folder, tuple(names)) if names else None
        note: list[Write] = [Create(of_shards.discard(dataset, discard.id), discard)] if discard else []
        for batch in _batches(nodes):
            hold.commit(*(_write(node, read[node.prefix]) for node in batch), *note)
            note = []
        return discard


def member_of(pair_id: str, path: str, split: Split, row: Row, audio: Half, transcript: Half) -> Member:
    """The row as a leaf holds it, with its line of manifest.jsonl: which generations it was made of."""
    line = {
        "pair": path,
        "id": pair_id,
        "split": split.value,
        "row": row.name,
        "bytes": row.size,
        "audio": {"name": audio.name, "generation": audio.generation, "sha256": row.audio_sha256},
        "transcript": {"name": transcript.name, "generation": transcript.generation, "sha256": row.text_sha256},
        "seconds": round(row.seconds, 3),
        "tokens": row.tokens,
        "task": row.task,
    }
    if row.original_name:
        line["original"] = row.original_name
    return Member(
        pair_id,
        Part(row.name, row.size, row.crc32c),
        _line(line),
        row.template,
        row.seconds,
        row.tokens,
        row.version,
        row.task,
        row.mime_type,
        row.weight,
    )


def path_of(member: Member) -> str:
    """The path of a member's pair, which its line of the manifest has."""
    return str(orjson.loads(member.line)["pair"])


def original_of(member: Member) -> str | None:
    """Our copy of the text as it was before the dataset's manner changed it, where it has."""
    return orjson.loads(member.line).get("original")  # type: ignore[no-any-return]  # a string where it is there


def with_row(member: Member, row: Row) -> Member:
    """The member with its row rendered anew."""
    line = orjson.loads(member.line) | {"row": row.name, "bytes": row.size, "tokens": row.tokens, "task": row.task}
    line.pop("original", None)
    if row.original_name:
        line["original"] = row.original_name
    return replace(
        member,
        row=Part(row.name, row.size, row.crc32c),
        line=_line(line),
        template=row.template,
        tokens=row.tokens,
        version=row.version,
        task=row.task,
        weight=row.weight,
    )


def _line(fields: Mapping[str, object]) -> str:
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE).decode()


def _batches(nodes: Iterable[Shard]) -> Iterator[list[Shard]]:
    """The nodes in their order, so many at a time as one commit takes."""
    batch: list[Shard] = []
    size = 0
    for node in nodes:
        weight = _weight(node)
        if batch and (len(batch) == _DOCUMENTS_A_COMMIT or size + weight > _BYTES_A_COMMIT):
            yield batch
            batch, size = [], 0
        batch.append(node)
        size += weight
    if batch:
        yield batch


def _weight(node: Shard) -> int:
    """The bytes of a node's document, at most about."""
    span = _PROFILED_BYTES if node.span.profile else _SPAN_BYTES
    return span * (1 + len(node.children or ())) + sum(_MEMBER_BYTES + len(each.line.encode()) for each in node.members)


def _verify(part: Part, stored: Stored) -> None:
    if (stored.size, stored.crc32c) != (part.size, part.crc32c):
        raise DamagedError(
            f"{stored.name} has {stored.size} bytes and CRC32C {stored.crc32c:08x}; its members make {part.size} and "
            f"{part.crc32c:08x}. Delete it, and the next launch makes it anew."
        )


def _write(node: Shard, stands: Versioned[Shard] | None) -> Write:
    key = of_shards.shard(node.dataset, node.split, node.prefix)
    return Replace(stands, node) if stands else Create(key, node)
