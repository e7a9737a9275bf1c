"""Sweep: pass over the intake bucket, some of it each tick, and close each dataset's ledger when its end is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from attune.domain.ledger import Ledger, Tally
from attune.domain.names import dataset_of
from attune.errors import BusyError, FinalError
from attune.ports import Clock, Create, Documents, Intake, Key, Replace, Stored, Versioned, Write
from attune.services.lease import Hold, leased
from attune.services.manifests import of_leases, of_pairs, of_sweeps
from attune.services.manifests.of_sweeps import Sweep
from attune.services.sweep.missing import Missing
from attune.services.sweep.objects import Looking
from attune.services.sweep.swept import Swept

T = TypeVar("T")

PAGE = 300
"""Objects that are listed, and pairs that are read, by one call each."""
_ERASED_AT_MOST = 8  # names of one pair's halves, with all their endings, whose deletion is remembered and counted
_INTAKE = "the intake bucket"
_NOBODYS = ""  # where what lies in no dataset's folder is counted


@dataclass(frozen=True, slots=True)
class Sweeping:
    """The service, with its ports.

    A pass begins when `pause` has gone by since the last one began. It takes as many calls as it takes, each of
    `budget` at most: what it has done is written after each page.
    """

    documents: Documents
    intake: Intake
    looking: Looking
    missing: Missing
    clock: Clock
    lease: timedelta
    budget: timedelta
    pause: timedelta
    new_owner: Callable[[], str]

    def __call__(self, swept: Swept) -> None:
        """Goes on with the pass, and tells in `swept` what it does, as far as it gets.

        Nothing is done while another instance does, or while it is not time yet.

        Raises:
            PassingError: a service did not answer; the next call goes on from the last page.
        """
        try:
            with leased(
                _INTAKE, self.new_owner(), self.lease, self.documents, self.clock, of_leases.sweep_lease()
            ) as hold:
                self._go_on(hold, swept)
        except BusyError:
            return  # another instance is at it, which comes to the same

    def _go_on(self, hold: Hold, swept: Swept) -> None:
        read = self.documents.get(of_sweeps.sweep())
        if read is not None and read.value.rests(self.clock(), self.pause):
            return
        under_way = _Pass(self, hold, read, swept)
        until = self.clock() + self.budget
        under_way.go_on()
        while not swept.finished and self.clock() < until:
            under_way.go_on()


@dataclass(slots=True)
class _Pass:
    """A pass while a call works on it."""

    ports: Sweeping
    hold: Hold
    read: Versioned[Sweep] | None
    swept: Swept
    now: Sweep = field(init=False)

    def __post_init__(self) -> None:
        before = self.read.value if self.read else None
        self.now = before if before and before.finished_at is None else _next(before, self.ports)

    def go_on(self) -> None:
        """One page of objects or of pairs, or the end of a dataset or of the pass.

        What is damaged for good is passed over, and is a gap: the pass goes on to others.
        """
        try:
            self._step()
        except FinalError as damage:
            if not self._pass_over():
                raise
            self.swept.put_off.append(f"{self.now.dataset}: {damage}")

    def _step(self) -> None:
        if self.now.walking:
            self._walk()
        elif self.now.listed_all:
            self._close_the_next()
        else:
            self._list()

    def _list(self) -> None:
        page = self.ports.intake.page(self.now.reached, PAGE)
        some = list(_of_one_dataset(page, self.now.dataset))
        if (page and not some) or (not page and self.now.dataset):
            self._close()
        elif not page:
            self._keep(replace(self.now, listed_all=True))
        else:
            self._look_at(some)

    def _look_at(self, some: Sequence[Stored]) -> None:
        looked = self.ports.looking(some)
        done = some[: looked.count]
        self.swept.taken_in += looked.tally.taken_in
        self.swept.put_off += looked.put_off
        dataset = dataset_of(done[0].name)
        if dataset == _NOBODYS:
            self._keep(replace(self.now, reached=done[-1].name, total=self.now.total.with_all(looked.tally)))
            return
        counted = self.now.counted.with_all(looked.tally)
        self._keep(replace(self.now, reached=done[-1].name, dataset=dataset, counted=counted))

    def _pass_over(self) -> bool:
        """Counts the page's objects, or the dataset's pairs, as a gap; False where it is on neither."""
        if self.now.walking:
            unresolved = self.now.unresolved + 1
            self._keep(replace(self.now, walking=False, walked=_ALL_WALKED, unresolved=unresolved))
            return True
        page = [] if self.now.listed_all else self.ports.intake.page(self.now.reached, PAGE)
        some = list(_of_one_dataset(page, self.now.dataset))
        if not some:
            return False
        counted = self.now.counted.with_all(Tally(listed=len(some), unknown=len(some)))
        self._keep(replace(self.now, reached=some[-1].name, dataset=dataset_of(some[0].name), counted=counted))
        return True

    def _close_the_next(self) -> None:
        """Datasets with pairs, of which nothing was listed, are closed last; then the pass is at its end."""
        if self.now.dataset:
            self._close()
            return
        while (dataset := self.ports.missing.dataset_behind(self.now.closing)) is not None:
            self.now = replace(self.now, closing=dataset)
            ledger = self.ports.documents.get(of_sweeps.ledger(dataset))
            if ledger is None or ledger.value.pass_number < self.now.pass_number:
                self.now = replace(self.now, dataset=dataset)
                self._close()
                return
        self.swept.finished = True
        at = self.ports.clock()
        seconds = (at - self.now.started_at).total_seconds()
        self._keep(replace(self.now, finished_at=at, last_listed=self.now.total.listed, last_seconds=seconds))

    def _close(self) -> None:
        """Closes the dataset's ledger. Before that, its pairs are looked at where they have not as many halves.

        That costs a call for each half. New arrivals behind the pass's back cause it, too, and no harm.
        """
        if not self.now.walked and self.ports.missing.expected(self.now.dataset) != self.now.counted.held:
            self._keep(replace(self.now, walking=True))
            return
        ledger = self._ledger()
        key = of_sweeps.ledger(ledger.dataset)
        total = self.now.total.with_all(self.now.counted)
        self.swept.ledgers.append(ledger)
        self._keep(
            replace(self.now, dataset=_NOBODYS, counted=Tally(), walked="", vanished=0, unresolved=0, total=total),
            _write(key, self.ports.documents.get(key), ledger),
        )

    def _walk(self) -> None:
        dataset = self.now.dataset
        after = "" if self.now.walked == _ALL_WALKED else self.now.walked
        pairs = self.ports.missing.page(dataset, after, PAGE)
        missed = self.ports.missing(pairs)
        self.swept.vanished += missed.vanished
        self.swept.put_off += missed.put_off
        walked = replace(
            self.now,
            vanished=self.now.vanished + missed.vanished,
            unresolved=self.now.unresolved + len(missed.put_off),
        )
        if len(pairs) < PAGE:
            self._keep(replace(walked, walking=False, walked=_ALL_WALKED))
        else:
            self._keep(replace(walked, walked=pairs[-1].value.id))

    def _ledger(self) -> Ledger:
        dataset, counted = self.now.dataset, self.now.counted
        facts = asdict(counted)
        gap = facts.pop("unknown") + self.now.unresolved
        erased = sum(
            halves * self.ports.documents.count(of_pairs.pairs_with_erased_halves(dataset, halves), up_to=_ALL)
            for halves in range(1, _ERASED_AT_MOST + 1)
        )
        return Ledger(
            dataset=dataset,
            pass_number=self.now.pass_number,
            at=self.ports.clock(),
            erased=erased,
            vanished=self.now.vanished,
            gap=gap,
            **facts,
        )

    def _keep(self, now: Sweep, *also: Write) -> None:
        version, *_ = self.hold.commit(_write(of_sweeps.sweep(), self.read, now), *also)
        self.read, self.now = Versioned(of_sweeps.sweep(), now, version), now


def _next(before: Sweep | None, ports: Sweeping) -> Sweep:
    if before is None:
        return Sweep(1, ports.clock())
    return Sweep(
        before.pass_number + 1, ports.clock(), last_listed=before.last_listed, last_seconds=before.last_seconds
    )


def _of_one_dataset(page: Sequence[Stored], dataset: str) -> Iterator[Stored]:
    """The first objects of a page, as long as they are of one dataset: of this one, where there is one.

    What lies in no dataset's folder may stand between the objects of one, and is looked at by itself.
    """
    first: str | None = None
    for stored in page:
        of = dataset_of(stored.name)
        first = of if first is None else first
        if of != first or (of != _NOBODYS and dataset not in (_NOBODYS, of)):
            return
        yield stored


def _write(key: Key[T], stands: Versioned[T] | None, value: T) -> Write:
    return Replace(stands, value) if stands is not None else Create(key, value)


_ALL = 10**9
_ALL_WALKED = "~"  # behind every pair's id
