"""Refresh: take the pairs that have changed into a dataset's report, and write its files anew.

The report is a tree like those of the rows. So a pair costs what the nodes above it cost, however many came before:
`report.jsonl` is one composition of the root's lines, and `report.html` is drawn from the root's profile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attune.domain.profile import Profile
from attune.domain.shard import Span
from attune.errors import BusyError
from attune.ports import Clock, Documents, Versioned
from attune.services.lease import Hold, leased
from attune.services.manifests import of_datasets, of_leases, of_pairs, of_reports
from attune.services.manifests.of_datasets import DatasetState
from attune.services.manifests.of_reports import Progress
from attune.services.report.teach import teach
from attune.services.report.walk import PAGE, SHAPE, Walk
from attune.services.shards import Sharding

if TYPE_CHECKING:  # it is there when there is something to write
    from attune.services.report.publish import Publishing

_MINUTE = timedelta(minutes=1)
_LINES_A_MINUTE = 5_000  # a large report is written no more often than keeps it at so many lines, some 5 MB, a minute


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: how many pairs it looked at, and how many the report has; and whether it left some over."""

    dataset: str
    pairs: int
    looked_at: int
    behind: bool


@dataclass(frozen=True, slots=True)
class Refresh:
    """The service, with its ports; `sharding` keeps its objects where `report_store` says, and sweeps.

    `lease` is longer than the time between two writes. A `page` is so many pairs.
    """

    documents: Documents
    sharding: Sharding
    publishing: Callable[[], Publishing]
    clock: Clock
    lease: timedelta
    new_owner: Callable[[], str]
    page: int = PAGE

    def __call__(self, dataset: str, until: datetime) -> Refreshed | None:
        """Takes in a page of what has changed, and no further one after `until`; None where there is nothing to do.

        Raises:
            DamagedError: a part of the report is missing, or is not what it should be; it is put together anew from
                the next call on.
            PassingError: a service did not answer, or somebody else wrote what this was to write.
        """
        progress, state = self._stand(dataset)
        if not self._has_work(dataset, progress, state):
            return None
        key = of_leases.report_lease(dataset)
        try:
            with leased(dataset, self.new_owner(), self.lease, self.documents, self.clock, key) as hold:
                return self._refresh(dataset, hold, until)
        except BusyError:
            return None  # another watcher is at it, which comes to the same

    def _stand(self, dataset: str) -> tuple[Versioned[Progress] | None, DatasetState]:
        progress, state = self.documents.get_all([of_reports.progress(dataset), of_datasets.state(dataset)])
        return progress, state.value if state else DatasetState(dataset)

    def _has_work(self, dataset: str, read: Versioned[Progress] | None, state: DatasetState) -> bool:
        progress = read.value if read else Progress(dataset, SHAPE)
        if progress.shape != SHAPE or progress.reached is not None:
            return True
        if progress.published_at and self.clock() < progress.published_at + _pause(progress.pairs):
            return False
        if progress.pairs and progress.shown != _shown(state, behind=False):
            return True
        return bool(self.documents.find(of_pairs.changed_pairs(dataset, progress.since), limit=1))

    def _refresh(self, dataset: str, hold: Hold, until: datetime) -> Refreshed:
        """Everything is read again under the lease: what was seen before it may have been taken in by somebody else."""
        read, state = self._stand(dataset)
        self.sharding.drain(dataset, hold)
        walk = Walk(self.documents, self.sharding, self.clock, self.page, dataset, hold, read)
        seen, root = walk.on(until)
        self._publish(walk, root, state)
        return Refreshed(dataset, root.count, seen, walk.is_behind)

    def _publish(self, walk: Walk, root: Span, state: DatasetState) -> None:
        """Writes the files if anything in them is other than last time; that it is done is written last."""
        lines, shown = root.lines.name if root.lines else "", _shown(state, behind=walk.is_behind)
        teach(walk.dataset, (root.profile or Profile()).customs, walk.progress.since, self.documents)
        if (lines, shown) != (walk.progress.lines, walk.progress.shown):
            publishing = self.publishing()
            walk.hold.commit()  # the files have fixed names: only the lease's holder may write them
            with walk.mending():
                publishing.lines(walk.dataset, root.lines)
            publishing.page(state, root.profile or Profile(), behind=walk.is_behind)
            walk.progress = replace(
                walk.progress, lines=lines, shown=shown, pairs=root.count, published_at=self.clock()
            )
        walk.keep()


def _pause(pairs: int) -> timedelta:
    """How long a report of so many pairs is left as it is."""
    return (pairs // _LINES_A_MINUTE) * _MINUTE


def _shown(state: DatasetState, *, behind: bool) -> str:
    """Names what a page shows beside the pairs."""
    text = json.dumps([state.written, state.errors_written, state.version, behind])
    return hashlib.sha256(text.encode()).hexdigest()[:24]
