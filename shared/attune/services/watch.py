"""Watch: one tick, each part on its own, so that one dataset's trouble does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attune.config import Settings
from attune.domain.alias import Alias
from attune.domain.events.message import message
from attune.domain.events.opening import LaunchTuning
from attune.domain.pair import Pair
from attune.domain.parked import Parked
from attune.domain.run import Run, RunState
from attune.errors import AttuneError, BusyError, ConflictError
from attune.ports import Clock, Documents, Post, Versioned
from attune.ports_tuning import Tuning
from attune.services.announce import announce_settings
from attune.services.census import Census, take_census
from attune.services.manifests import of_aliases, of_datasets, of_pairs, of_parked, of_runs, of_sweeps
from attune.services.outbox import drain
from attune.services.settings import settings_in_force
from attune.services.sweep.swept import Swept
from attune.services.threshold import consider_run, consider_waiting

if TYPE_CHECKING:  # they are there when there is work for them
    from attune.services.forget import Forgotten
    from attune.services.report.refresh import Refreshed
    from attune.services.retry import Retried

_MINUTE = 60
_RETRIED = 20  # events a tick
_FORGOTTEN = 50  # pairs a tick
_FOLLOWED = (RunState.RUNNING, RunState.EVALUATING)


@dataclass(slots=True)
class Tick:
    """What a tick did, and what it could not do for now, in words."""

    sent: int = 0
    opened: list[str] = field(default_factory=list)
    sharded: int = 0
    resumed: list[str] = field(default_factory=list)
    followed: dict[str, RunState] = field(default_factory=dict)
    censuses: list[Census] = field(default_factory=list)
    reports: list[Refreshed] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    retried: list[Retried] = field(default_factory=list)
    forgotten: Forgotten | None = None
    swept: Swept = field(default_factory=Swept)
    put_off: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watch:
    """The service, with its ports. A run that has not moved for `stalled` is ordered to be launched again.

    `reporting_for` is how long a tick refreshes reports; what it leaves is the next one's to do. A pass over the intake
    bucket begins when `pause` has gone by since the last one began.
    """

    documents: Documents
    post: Post
    clock: Clock
    tuning: Tuning
    following: Callable[[Versioned[Run]], RunState]
    letting_go: Callable[[Versioned[Run], Settings], bool]
    annotating: Callable[[Versioned[Alias]], None]
    guarding: Callable[[Versioned[Alias]], str | None]
    sharding_ahead: Callable[[str, Settings], int]
    retrying: Callable[[Iterable[Versioned[Parked]]], list[Retried]]
    forgetting: Callable[[Iterable[Pair]], Forgotten]
    sweeping: Callable[[Swept], None]
    refresh: Callable[[str, datetime], Refreshed | None]
    stalled: timedelta
    reporting_for: timedelta
    pause: timedelta

    def __call__(self) -> Tick:
        """One tick. Two at once do no harm.

        Raises:
            PassingError: a service did not answer while the outbox was drained; the tick comes again.
        """
        tick = Tick(sent=drain(self.documents, self.post))
        datasets = self._datasets()
        for dataset in datasets:
            self._put_off_on_trouble(tick, dataset, self._tend(tick, dataset))
        active = self.documents.find(of_runs.all_active_runs())
        for run in sorted(active, key=lambda found: found.value.opened_at):
            self._put_off_on_trouble(tick, _name(run.value), self._move_on(tick, run))
        if any(run.value.state in (RunState.LAUNCHING, RunState.RUNNING) for run in active):
            self._put_off_on_trouble(tick, "orphans", self._look_for_orphans(tick, [run.value for run in active]))
        for alias in self.documents.find(of_aliases.restless_aliases()):
            self._put_off_on_trouble(tick, f"alias {alias.value.name}", self._tend_alias(tick, alias))
        self._put_off_on_trouble(tick, "retries", lambda: self._retry(tick))
        self._put_off_on_trouble(tick, "erasure", lambda: self._forget(tick))
        self._put_off_on_trouble(tick, "the sweep", lambda: self._sweep(tick))
        self._report(tick, datasets)
        return tick

    def _retry(self, tick: Tick) -> None:
        if found := self.documents.find(of_parked.events_to_try_again(), limit=_RETRIED):
            tick.retried.extend(self.retrying(found))

    def _forget(self, tick: Tick) -> None:
        if found := self.documents.find(of_pairs.pairs_to_forget(), limit=_FORGOTTEN):
            tick.forgotten = self.forgetting([read.value for read in found])

    def _sweep(self, tick: Tick) -> None:
        read = self.documents.get(of_sweeps.sweep())
        if read is not None and read.value.rests(self.clock(), self.pause):
            return
        self.sweeping(tick.swept)
        tick.put_off += tick.swept.put_off

    def _put_off_on_trouble(self, tick: Tick, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except AttuneError as trouble:
            tick.put_off.append(f"{what}: {trouble}")

    def _datasets(self) -> list[str]:
        known = [found.value.dataset for found in self.documents.find(of_datasets.known_datasets())]
        configured = [found.key.path[-1] for found in self.documents.find(of_datasets.configured_datasets())]
        return sorted({*known, *configured})

    def _tend(self, tick: Tick, dataset: str) -> Callable[[], None]:
        def work() -> None:
            announce_settings(dataset, self.documents, self.post, self.clock())
            settings = settings_in_force(dataset, self.documents, self.clock())
            tick.opened += [_name(run) for run in self._consider(dataset, settings)]
            tick.sharded += self._shard_ahead(dataset, settings)
            if census := take_census(dataset, settings, self.documents, self.clock()):
                tick.censuses.append(census)

        return work

    def _tend_alias(self, tick: Tick, read: Versioned[Alias]) -> Callable[[], None]:
        def work() -> None:
            if not read.value.annotated:
                self.annotating(read)
            elif done := self.guarding(read):
                tick.guarded.append(done)

        return work

    def _report(self, tick: Tick, datasets: list[str]) -> None:
        """Each tick begins with another dataset, so that a large one does not always come before the same others."""
        now = self.clock()
        first = int(now.timestamp()) // _MINUTE % len(datasets) if datasets else 0
        for dataset in (*datasets[first:], *datasets[:first]):
            if self.clock() < now + self.reporting_for:
                self._put_off_on_trouble(tick, f"report of {dataset}", self._refresh(tick, dataset, now))

    def _refresh(self, tick: Tick, dataset: str, since: datetime) -> Callable[[], None]:
        def work() -> None:
            if refreshed := self.refresh(dataset, since + self.reporting_for):
                tick.reports.append(refreshed)

        return work

    def _consider(self, dataset: str, settings: Settings) -> Iterable[Run]:
        for consider in (consider_run, consider_waiting):
            run = consider(dataset, settings, self.documents, self.post, self.clock())
            if run is not None:
                yield run

    def _shard_ahead(self, dataset: str, settings: Settings) -> int:
        try:
            return self.sharding_ahead(dataset, settings)
        except BusyError:
            return 0  # the launcher is at it, which comes to the same

    def _move_on(self, tick: Tick, run: Versioned[Run]) -> Callable[[], None]:
        def work() -> None:
            if run.value.state in _FOLLOWED:
                tick.followed[_name(run.value)] = self._follow(run)
            elif self._is_to_be_launched(run):
                self.post.publish(
                    message(LaunchTuning(run.value.dataset, run.value.id), self.clock(), run.value.traceparent)
                )
                tick.resumed.append(_name(run.value))

        return work

    def _is_to_be_launched(self, run: Versioned[Run]) -> bool:
        if run.value.held_for_its_cost:
            settings = settings_in_force(run.value.dataset, self.documents, self.clock())
            return self.letting_go(run, settings)
        return run.value.before_its_job and self._has_stalled(run.value)

    def _follow(self, run: Versioned[Run]) -> RunState:
        """A run goes from its job's end to the alias in one tick, where its endpoint answers."""
        try:
            state = self.following(run)
        except ConflictError:
            return run.value.state  # another watcher was quicker
        if state is not RunState.EVALUATING or run.value.state is state:
            return state
        again = self.documents.get(run.key)
        return self._follow(again) if again else state

    def _has_stalled(self, run: Run) -> bool:
        """An assembled run waits for a slot, and one may be free now; the others are in a launcher's hands, or were."""
        return run.state is RunState.ASSEMBLED or self.clock() - run.changed_at >= self.stalled

    def _look_for_orphans(self, tick: Tick, active: list[Run]) -> Callable[[], None]:
        """Jobs that carry an active run's label and are not the one on its record."""
        recorded = {run.label: run.job for run in active if run.job}

        def work() -> None:
            jobs = (job for job in self.tuning.jobs() if job.label in recorded)
            tick.orphans += [job.name for job in jobs if job.name != recorded[job.label or ""]]

        return work


def _name(run: Run) -> str:
    return f"{run.dataset}/{run.id}"
