"""Preview: one side's tree as changes would leave it, worked out a branch at a time, with nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from attune.domain.fit import Rows
from attune.domain.shard import Changes, Member, Shard, Span, needed
from attune.ports import Each

BRANCHES = "0123456789abcdefghijklmnopqrstuv"  # the first characters that pairs' ids have, in their order


@dataclass(slots=True)
class Preview:
    """A tree and what would change in it; `changes` are those of the pairs whose ids begin with a character.

    Rows of another version than `version` become what `resized` makes of them. No more than a branch is in memory.
    """

    stands: Rows
    version: str
    resized: Callable[[Member], Member]
    changes: Callable[[str], Changes]
    each: Each
    _branches: dict[str, Span] = field(default_factory=dict)
    _latest: str = ""
    _nodes: Mapping[str, Shard] = field(default_factory=dict)

    def see(self, at: str, changes: Changes) -> None:
        """Works out a branch. Each is to be seen once, in their order, before `rows` is asked for."""
        self._branches[at] = self._work_out(at, changes)

    def rows(self) -> Rows:
        """The tree that the branches make. Looking into one works it out again."""
        there = {at: span for at, span in self._branches.items() if span.count}
        return replace(self.stands, root=self.stands.root_of(there), read=self._node)

    def _node(self, prefix: str) -> Shard:
        at = prefix[0]
        if at != self._latest:
            self._work_out(at, self.changes(at))
        return self._nodes.get(prefix) or self.stands.read(prefix)

    def _work_out(self, at: str, changes: Changes) -> Span:
        """What the branch makes; its nodes are kept until the next one is worked out."""
        root, standing = self._standing(at)
        known: dict[str, Shard | None] = {"": root}
        anew = {**standing, **self._resized_leaves(at, root, known), **changes}
        while missing := sorted(needed(known, anew)):
            known.update(zip(missing, self.each(self.stands.read, missing), strict=True))
        grown = self.stands.grow(known, anew)
        self._latest = at
        self._nodes = {prefix: node for prefix, node in known.items() if node} | {node.prefix: node for node in grown}
        return self._nodes[""].span

    def _standing(self, at: str) -> tuple[Shard, dict[str, Member | None]]:
        """The branch as it stands, under a root that has no other; of a root that has no branches, its rows."""
        root = self.stands.root
        if root is None or root.children is None:
            members = root.members if root else ()
            return self.stands.root_of({}), {m.pair: self.resized(m) for m in members if m.pair[0] == at}
        return self.stands.root_of({at: root.children[at]} if at in root.children else {}), {}

    def _resized_leaves(self, at: str, root: Shard, known: dict[str, Shard | None]) -> dict[str, Member | None]:
        """The rows of another version, under this one. The nodes on the way to them are added to those known."""
        anew: dict[str, Member | None] = {}
        waiting = [at] if root.span.count and root.span.version != self.version else []
        while waiting:
            nodes = self.each(self.stands.read, waiting)
            known.update(zip(waiting, nodes, strict=True))
            anew |= {member.pair: self.resized(member) for node in nodes for member in node.members}
            waiting = [node.prefix + below for node in nodes for below in self._stale(node)]
        return anew

    def _stale(self, node: Shard) -> list[str]:
        return [at for at, span in (node.children or {}).items() if span.count and span.version != self.version]
