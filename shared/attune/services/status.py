"""Status: how datasets and the bucket stand, what next runs wait for, what aliases stand for. Only read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from attune.config import Settings, read_settings, written_digest
from attune.domain.alias import Alias
from attune.domain.ledger import Ledger
from attune.domain.pair import PairState
from attune.domain.parked import Parked
from attune.domain.run import Run, RunState
from attune.ports import Clock, Documents, Query
from attune.services.manifests import (
    of_aliases,
    of_datasets,
    of_leases,
    of_outbox,
    of_pairs,
    of_parked,
    of_reports,
    of_runs,
    of_sweeps,
)
from attune.services.manifests.of_datasets import DatasetState
from attune.services.manifests.of_leases import Slot
from attune.services.manifests.of_reports import Progress
from attune.services.manifests.of_sweeps import Sweep
from attune.services.report.places import lines_name, page_name
from attune.services.settings import settings_as_they_stand

MOST = 100_000  # counted no further: each thousand costs a read
_OLDEST = 20  # the order is by whole hours; the time itself is taken from so many of the oldest hour
_SHOWN = 3  # of the events that are parked

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reports:
    """Where a dataset's report is, as gs:// addresses, and when it was last written."""

    page: str
    lines: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """How a dataset stands.

    `errors` are what is wrong with the settings that stand there, `errors_since` when a tick first saw it: then
    `settings`, those in force, are the last good ones.
    `pairs` are counted to `MOST`, `new_pairs` to that or the threshold. `waits_for` are sentences: what is still to
    happen before its next run. `under_way` are the runs that have not ended, the oldest first. `ledger` is that of the
    last pass over the intake bucket: None before the first.
    """

    dataset: str
    settings: Settings
    errors: tuple[str, ...]
    errors_since: datetime | None
    pairs: Mapping[PairState, int]
    new_pairs: int
    waits_for: tuple[str, ...]
    under_way: tuple[Run, ...]
    last_run: Run | None
    alias: Alias | None
    reports: Reports | None
    ledger: Ledger | None = None


@dataclass(frozen=True, slots=True)
class SweepStatus:
    """How far the pass over the intake bucket has got: under way until `finished_at`.

    It has `listed` so many objects, of about `expected` where there was a pass before, at `rate` objects a second: for
    what is `left`, as long as that can be said. `closing` is the dataset at its end, whose pairs are looked at one by
    one for halves that are missing. The next pass begins no earlier than `next_at`.
    """

    pass_number: int
    started_at: datetime
    finished_at: datetime | None
    listed: int
    expected: int | None
    rate: float | None
    left: timedelta | None
    closing: str | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """All of it: the datasets, who has a slot for a running job, and how many messages wait to be sent.

    `sweep` is None before the first pass over the intake bucket. Of the events that are `parked`, `parked_first` are a
    few. `to_forget` pairs have copies that are still to be deleted.
    """

    datasets: tuple[DatasetStatus, ...]
    slots: tuple[Slot, ...]
    outbox: int
    sweep: SweepStatus | None = None
    parked: int = 0
    parked_first: tuple[Parked, ...] = ()
    to_forget: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """The service, with its ports.

    `bucket` is the dataset bucket's name, `pause` the time from the beginning of one sweep to that of the next.
    """

    documents: Documents
    clock: Clock
    bucket: str
    pause: timedelta | None = None

    def __call__(self, dataset: str | None = None) -> Overview:
        """How all datasets stand, or the one; there is none in it where nobody knows that one."""
        names = [name for name in self._datasets() if dataset in (None, name)]
        sweep = self.documents.get(of_sweeps.sweep())
        parked = self.documents.count(of_parked.parked_events(), up_to=MOST)
        return Overview(
            tuple(self._of(name) for name in names),
            tuple(self._find(of_leases.all_slots())),
            self.documents.count(of_outbox.waiting_messages(), up_to=MOST),
            sweep=sweep_status(sweep.value, self.clock(), self.pause) if sweep else None,
            parked=parked,
            parked_first=tuple(self._find(of_parked.parked_events(), limit=_SHOWN)) if parked else (),
            to_forget=self.documents.count(of_pairs.pairs_to_forget(), up_to=MOST),
        )

    def _datasets(self) -> list[str]:
        known = [found.value.dataset for found in self.documents.find(of_datasets.known_datasets())]
        configured = [found.key.path[-1] for found in self.documents.find(of_datasets.configured_datasets())]
        return sorted({*known, *configured})

    def _of(self, dataset: str) -> DatasetStatus:
        settings = settings_as_they_stand(dataset, self.documents)
        keys = (
            of_datasets.state(dataset),
            of_aliases.alias(settings.alias or dataset),
            of_reports.progress(dataset),
            of_sweeps.ledger(dataset),
        )
        state, alias, progress, ledger = (found.value if found else None for found in self.documents.get_all(keys))
        last_run = next(iter(self._find(of_runs.newest_runs(dataset), limit=1)), None)
        new_pairs = self.documents.count(of_pairs.new_pairs(dataset), up_to=max(MOST, settings.threshold))
        errors, since = self._errors(dataset, state)
        return DatasetStatus(
            dataset=dataset,
            settings=settings,
            errors=errors,
            errors_since=since,
            pairs={kind: self.documents.count(of_pairs.pairs_in(dataset, kind), up_to=MOST) for kind in PairState},
            new_pairs=new_pairs,
            waits_for=tuple(self._waits_for(dataset, settings, new_pairs, last_run)),
            under_way=self._under_way(dataset),
            last_run=last_run,
            alias=alias,
            reports=self._reports(dataset, progress),
            ledger=ledger,
        )

    def _errors(self, dataset: str, state: DatasetState | None) -> tuple[tuple[str, ...], datetime | None]:
        """What is wrong with the settings as they stand now; since when, once a tick has seen it."""
        found = self.documents.get_all([of_datasets.DEFAULTS, of_datasets.own_settings(dataset)])
        defaults, own = (dict(each.value.fields) if each else {} for each in found)
        errors = read_settings(defaults, own)
        if isinstance(errors, Settings):
            return (), None
        return errors, state.errors_since if state and state.errors_written == written_digest(defaults, own) else None

    def _find(self, query: Query[T], limit: int | None = None) -> list[T]:
        return [found.value for found in self.documents.find(query, limit=limit)]

    def _under_way(self, dataset: str) -> tuple[Run, ...]:
        """Those that ticks look at, and those that wait for a person to decide on their promotion."""
        waiting = of_runs.runs_in(dataset, RunState.AWAITING_APPROVAL)
        found = {run.number: run for query in (of_runs.active_runs(dataset), waiting) for run in self._find(query)}
        return tuple(found[number] for number in sorted(found))

    def _waits_for(self, dataset: str, settings: Settings, new_pairs: int, last: Run | None) -> Iterator[str]:
        """As `services.threshold` decides."""
        if settings.paused:
            yield "the dataset is paused"
        if new_pairs < settings.threshold:
            missing = settings.threshold - new_pairs
            pairs = "pair" if missing == 1 else "pairs"
            yield f"{missing:,} more new {pairs}{self._or_else(dataset, settings, new_pairs)}"
        if last is not None and last.state is RunState.OPENED:
            yield f"the cut of {last.id}, which takes what is new by then"
        if last is not None and (cool := last.opened_at + timedelta(hours=settings.cooldown_hours)) > self.clock():
            yield f"the end of cooldown_hours, {_minute(cool)}"

    def _or_else(self, dataset: str, settings: Settings, new_pairs: int) -> str:
        """When fewer will do."""
        least = min(settings.min_pairs, settings.threshold)
        if settings.max_wait_hours is None or least == settings.threshold:
            return ""
        if new_pairs < least:
            return f", or {least - new_pairs:,} more and max_wait_hours"
        oldest = self._find(of_pairs.oldest_new_pairs(dataset), limit=_OLDEST)
        since = min((pair.changed_at for pair in oldest), default=self.clock())
        return f", or {_minute(since + timedelta(hours=settings.max_wait_hours))}"

    def _reports(self, dataset: str, progress: Progress | None) -> Reports | None:
        if progress is None or progress.published_at is None:
            return None
        at = f"gs://{self.bucket}"
        return Reports(f"{at}/{page_name(dataset)}", f"{at}/{lines_name(dataset)}", progress.published_at)


def sweep_status(sweep: Sweep, now: datetime, pause: timedelta | None) -> SweepStatus:
    """What a pass's document says at that moment. Ended, it has the rate and the objects of the whole."""
    listed = sweep.total.listed + sweep.counted.listed
    seconds = ((sweep.finished_at or now) - sweep.started_at).total_seconds()
    rate = listed / seconds if listed and seconds > 0 else None
    rests = sweep.finished_at is not None
    expected = None if rests else sweep.last_listed or None
    left = timedelta(seconds=(expected - listed) / rate) if expected and rate and expected > listed else None
    return SweepStatus(
        pass_number=sweep.pass_number,
        started_at=sweep.started_at,
        finished_at=sweep.finished_at,
        listed=listed,
        expected=expected,
        rate=rate,
        left=None if sweep.listed_all else left,
        closing=sweep.dataset if sweep.walking else None,
        next_at=sweep.started_at + pause if pause is not None else None,
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
