"""Shard: put rows into a dataset's tree, compose what changed, and write the manifests of it after the bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import orjson

from attune.domain.names import dataset_key
from attune.domain.pair import Half, Row
from attune.domain.shard import (
    Changes,
    Member,
    Part,
    Shard,
    Span,
    Store,
    Tree,
    leaf_lines,
    line_sources,
    needed,
    row_sources,
)
from attune.domain.split import Split
from attune.errors import DamagedError
from attune.ports import Checksum, Create, Documents, Each, Objects, Replace, Stored, Versioned, Write
from attune.services import manifests
from attune.services.encode import JSONL
from attune.services.lease import Hold

_DOCUMENTS_A_COMMIT = 60  # a full leaf is at most about 130 KB, and a commit at most 10 MiB


@dataclass(frozen=True, slots=True)
class Sharding:
    """The service, with its ports."""

    documents: Documents
    objects: Objects
    checksum: Checksum
    each: Each

    def put_in(self, dataset: str, split: Split, changes: Changes, hold: Hold) -> Span:
        """Puts rows into the split's tree (None takes one out) and returns what the whole tree holds then.

        Only the nodes that the rows fall in are read, composed and written. Doing it again changes nothing. Nothing is
        written under a lease that is no longer ours.

        Raises:
            DamagedError: an object in the bucket is not what its manifest says.
        """
        tree = self._tree(dataset, split)
        read = self._read(tree, changes)
        nodes = tree.grow({prefix: found.value if found else None for prefix, found in read.items()}, changes)
        stored = self.store(nodes)
        self._save(stored, read, hold)
        return stored[-1].span if nodes else self.held(dataset, split)

    def held(self, dataset: str, split: Split) -> Span:
        """What the split's tree holds."""
        root = self.documents.get(manifests.shard(dataset, split, ""))
        return root.value.span if root else Span()

    def apart(self, dataset: str, split: Split, members: Iterable[Member]) -> Span:
        """The same file of these rows alone, beside the tree: nothing is read, and no manifest written."""
        nodes = self._tree(dataset, split).grow({}, {member.pair: member for member in members})
        return self.store(nodes)[-1].span if nodes else Span()

    def leaves(self, dataset: str, split: Split, template: str) -> Iterable[Shard]:
        """The leaves with a row of another template than this one, one after the other, in order."""
        waiting = [""]
        while waiting:
            node = self.documents.get(manifests.shard(dataset, split, waiting.pop()))
            if node is None or not node.value.span.count or node.value.span.template == template:
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

    def _tree(self, dataset: str, split: Split) -> Tree:
        return Tree(dataset, split, Store(dataset_key(dataset)), self.checksum)

    def _read(self, tree: Tree, ids: Iterable[str]) -> dict[str, Versioned[Shard] | None]:
        ids = list(ids)
        read: dict[str, Versioned[Shard] | None] = {}
        known: dict[str, Shard | None] = {}
        while missing := sorted(needed(known, ids)):
            keys = [manifests.shard(tree.dataset, tree.split, prefix) for prefix in missing]
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

    def _save(self, nodes: Sequence[Shard], read: dict[str, Versioned[Shard] | None], hold: Hold) -> None:
        unread = [node for node in nodes if node.prefix not in read]
        keys = [manifests.shard(node.dataset, node.split, node.prefix) for node in unread]
        found = self.documents.get_all(keys) if keys else []
        read = read | {node.prefix: stands for node, stands in zip(unread, found, strict=True)}
        writes = [_write(node, read[node.prefix]) for node in nodes]
        for start in range(0, len(writes), _DOCUMENTS_A_COMMIT):
            hold.commit(*writes[start : start + _DOCUMENTS_A_COMMIT])


def member_of(pair_id: str, path: str, split: Split, row: Row, audio: Half, transcript: Half) -> Member:
    """The row as a leaf holds it, with its line of manifest.jsonl: which generations it was made of."""
    line = {
        "pair": path,
        "id": pair_id,
        "split": split.value,
        "row": row.name,
        "audio": {"name": audio.name, "generation": audio.generation, "sha256": row.audio_sha256},
        "transcript": {"name": transcript.name, "generation": transcript.generation, "sha256": row.text_sha256},
        "seconds": round(row.seconds, 3),
        "tokens": row.tokens,
    }
    part = Part(row.name, row.size, row.crc32c)
    return Member(pair_id, part, _line(line), row.template, row.seconds, row.tokens)


def with_row(member: Member, row: Part, template: str, tokens: int) -> Member:
    """The member with its row rendered anew."""
    line = orjson.loads(member.line) | {"row": row.name, "tokens": tokens}
    return replace(member, row=row, line=_line(line), template=template, tokens=tokens)


def _line(fields: Mapping[str, object]) -> str:
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE).decode()


def _verify(part: Part, stored: Stored) -> None:
    if (stored.size, stored.crc32c) != (part.size, part.crc32c):
        raise DamagedError(
            f"{stored.name} has {stored.size} bytes and CRC32C {stored.crc32c:08x}; its members make {part.size} and "
            f"{part.crc32c:08x}. Delete it, and the next launch makes it anew."
        )


def _write(node: Shard, stands: Versioned[Shard] | None) -> Write:
    key = manifests.shard(node.dataset, node.split, node.prefix)
    return Replace(stands, node) if stands else Create(key, node)
