"""Shard ahead: put the pairs that wait for the next cut into the shards already, so that a launch has little left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from attune.config import Settings
from attune.domain.pair import Pair
from attune.domain.shard import FAN_OUT, Member
from attune.domain.split import Split
from attune.ports import Clock, Documents
from attune.services.lease import Hold, leased
from attune.services.manifests import of_leases, of_pairs, of_runs
from attune.services.shards import Sharding, member_of

_PAGE = 200


@dataclass(frozen=True, slots=True)
class ShardAhead:
    """The service, with its ports. `budget` is how long one call works; what it leaves is the launch's to do."""

    documents: Documents
    sharding: Sharding
    clock: Clock
    lease: timedelta
    budget: timedelta
    new_owner: Callable[[], str]

    def __call__(self, dataset: str, settings: Settings) -> int:
        """Shards the dataset's due pairs when twice as many wait as last time, so that each is read about twice in all.

        Returns:
            How many pairs were put in.

        Raises:
            BusyError: the dataset is being cut or sharded.
        """
        read = self.documents.get(of_leases.lease(dataset))
        before = read.value.sharded_ahead if read else 0
        due = self.documents.count(of_pairs.new_pairs(dataset), up_to=max(FAN_OUT, 2 * before))
        if due < before:
            before = 0  # a cut has taken them since
        if due < max(FAN_OUT, 2 * before):
            return 0
        with leased(dataset, self.new_owner(), self.lease, self.documents, self.clock) as hold:
            return 0 if self._is_being_cut(dataset) else self._shard(dataset, settings, due, hold)

    def _is_being_cut(self, dataset: str) -> bool:
        """Whether a run is still to take all that its tree holds: what came after its cut stays out until then."""
        return any(run.value.unassembled for run in self.documents.find(of_runs.active_runs(dataset)))

    def _shard(self, dataset: str, settings: Settings, due: int, hold: Hold) -> int:
        until = self.clock() + self.budget
        self.sharding.drain(dataset, hold)
        version = settings.phrasing.version
        found = self.documents.find(of_pairs.new_pairs(dataset), limit=_PAGE)
        total = 0
        while found and self.clock() < until:
            pairs = [read.value for read in found if read.value.row and read.value.row.version == version]
            total += self._put_in(dataset, pairs, hold)
            found = self.documents.find(of_pairs.new_pairs(dataset), limit=_PAGE, after=found[-1].key)
        hold.note_sharded(max(total, due))
        return total

    def _put_in(self, dataset: str, pairs: list[Pair], hold: Hold) -> int:
        members = {pair.id: _current_member(pair) for pair in pairs}
        for split in Split:
            changes = {
                pair.id: members[pair.id] if pair.split is split else None for pair in pairs if split in pair.sides
            }
            if changes:
                self.sharding.put_in(dataset, split, changes, hold)
        return len(pairs)


def _current_member(pair: Pair) -> Member:
    if pair.row is None or pair.audio is None or pair.transcript is None or pair.split is None:
        raise ValueError(f"{pair.dataset}/{pair.path} is due and has no row")
    return member_of(pair.id, pair.path, pair.split, pair.row, pair.audio, pair.transcript)
