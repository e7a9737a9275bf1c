"""Walk: put the pairs that have changed into a report's tree, a page at a time, and remember how far that got."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from attune.domain.pair import Pair, PairState
from attune.domain.shard import Member, Span
from attune.errors import DamagedError, GoneError
from attune.ports import Clock, Create, Documents, Replace, Versioned, Write
from attune.services.lease import Hold
from attune.services.manifests import of_pairs, of_reports
from attune.services.manifests.of_reports import Progress
from attune.services.report.entries import entry
from attune.services.report.places import tree_name
from attune.services.shards import Sharding

SHAPE = 1  # of lines and profiles; one more, and every report is put together anew, over as many ticks as it takes
PAGE = 500  # pairs that are put in together: the tree's upper nodes are composed once for all of them
_SETTLED = timedelta(minutes=3)  # clocks differ, and a commit lands after its clock was read, by a minute at most
_MINUTE = 60


@dataclass(slots=True)
class Walk:
    """A walk through what has changed, under the report's lease. It begins where the last one was cut short.

    What lands late, or changes meanwhile, is left to the next walk, which begins some minutes before this one did.
    """

    documents: Documents
    sharding: Sharding
    clock: Clock
    page: int
    dataset: str
    hold: Hold
    read: Versioned[Progress] | None
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = self.read.value if self.read else Progress(self.dataset, SHAPE)

    @property
    def is_behind(self) -> bool:
        """Whether there is more to take in."""
        return self.progress.reached is not None

    def on(self, until: datetime) -> tuple[int, Span]:
        """Goes on for a page, and for more before `until`; returns how many pairs it saw, and what the tree holds."""
        if self.progress.shape != SHAPE:
            self._begin_anew()
        elif not self.is_behind:
            self.progress = replace(self.progress, floor=self._floor(), reached=self.progress.since, reached_pair="")
        seen, root = self._take_in()
        while self.is_behind and self.clock() < until:
            self.keep()
            more, root = self._take_in()
            seen += more
        return seen, root

    @contextmanager
    def mending(self) -> Iterator[None]:
        """Has the next page begin another tree, where work on this one shows that it is damaged."""
        try:
            yield
        except (DamagedError, GoneError) as damage:
            self._begin_anew()
            self.keep()
            raise DamagedError(f"the report of {self.dataset} is put together anew: {damage}") from damage

    def keep(self) -> None:
        """Writes how far it has got, unless that is what stands there."""
        if self.read is not None and self.read.value == self.progress:
            return
        key = of_reports.progress(self.dataset)
        write: Write = Replace(self.read, self.progress) if self.read else Create(key, self.progress)
        (version,) = self.hold.commit(write)
        self.read = Versioned(key, self.progress, version)

    def _begin_anew(self) -> None:
        number = self.progress.tree + 1
        self.progress = Progress(self.dataset, SHAPE, number, floor=self._floor(), reached=0)

    def _take_in(self) -> tuple[int, Span]:
        tree = tree_name(self.progress.tree)
        found = self._next_page()
        changes = {read.value.id: _entry(read.value) for read in found}
        with self.mending():
            root = self.sharding.put_in(self.dataset, tree, changes, self.hold)
        self.progress = self._after(found)
        return len(found), root

    def _next_page(self) -> list[Versioned[Pair]]:
        reached, pair = self.progress.reached or 0, self.progress.reached_pair
        after = of_pairs.pair(self.dataset, pair) if pair else None
        return self.documents.find(of_pairs.changed_pairs(self.dataset, reached), limit=self.page, after=after)

    def _after(self, found: Sequence[Versioned[Pair]]) -> Progress:
        if len(found) < self.page:
            since = max(self.progress.since, self.progress.floor)
            return replace(self.progress, since=since, reached=None, reached_pair="")
        last = found[-1].value
        return replace(self.progress, reached=last.changed_minute, reached_pair=last.id)

    def _floor(self) -> int:
        """The minute before which nothing is to be expected any more."""
        return int((self.clock() - _SETTLED).timestamp()) // _MINUTE


def _entry(pair: Pair) -> Member | None:
    return None if pair.state is PairState.ERASED else entry(pair)
