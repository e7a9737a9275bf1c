"""Watch: one tick, each part on its own, so that one dataset's trouble does not keep the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from attune.config import Settings
from attune.domain.alias import Alias
from attune.domain.events import LaunchTuning, message
from attune.domain.run import Run, RunState
from attune.errors import AttuneError, BusyError, ConflictError
from attune.ports import Clock, Documents, Post, Tuning, Versioned
from attune.services import manifests
from attune.services.ahead import ShardAhead
from attune.services.annotate import Annotating
from attune.services.census import Census, take_census
from attune.services.follow import Following
from attune.services.forget import Forgetting, Forgotten
from attune.services.guard import Guarding
from attune.services.hold import let_go
from attune.services.outbox import drain
from attune.services.report.refresh import Refresh, Refreshed
from attune.services.retry import Retried, Retrying
from attune.services.settings import announce_settings, settings_in_force
from attune.services.sweep.sweeping import Sweeping, Swept
from attune.services.threshold import consider_run, consider_waiting

_MINUTE = 60
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
    forgotten: Forgotten = field(default_factory=Forgotten)
    swept: Swept = field(default_factory=Swept)
    put_off: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watch:
    """The service, with its ports. A run that has not moved for `stalled` is ordered to be launched again.

    `reporting_for` is how long a tick refreshes reports; what it leaves is the next one's to do.
    """

    documents: Documents
    post: Post
    clock: Clock
    tuning: Tuning
    following: Following
    annotating: Annotating
    guarding: Guarding
    sharding_ahead: ShardAhead
    retrying: Retrying
    forgetting: Forgetting
    sweeping: Sweeping
    refresh: Refresh
    stalled: timedelta
    reporting_for: timedelta

    def __call__(self) -> Tick:
        """One tick. Two at once do no harm.

        Raises:
            PassingError: a service did not answer while the outbox was drained; the tick comes again.
        """
        tick = Tick(sent=drain(self.documents, self.post))
        datasets = self._datasets()
        for dataset in datasets:
            self._put_off_on_trouble(tick, dataset, self._tend(tick, dataset))
        active = self.documents.find(manifests.all_active_runs())
        for run in sorted(active, key=lambda found: found.value.opened_at):
            self._put_off_on_trouble(tick, _name(run.value), self._move_on(tick, run))
        if any(run.value.state in (RunState.LAUNCHING, RunState.RUNNING) for run in active):
            self._put_off_on_trouble(tick, "orphans", self._look_for_orphans(tick, [run.value for run in active]))
        for alias in self.documents.find(manifests.restless_aliases()):
            self._put_off_on_trouble(tick, f"alias {alias.value.name}", self._tend_alias(tick, alias))
        self._put_off_on_trouble(tick, "retries", lambda: tick.retried.extend(self.retrying()))
        self._put_off_on_trouble(tick, "erasure", lambda: self._forget(tick))
        self._put_off_on_trouble(tick, "the sweep", lambda: self._sweep(tick))
        self._report(tick, datasets)
        return tick

    def _forget(self, tick: Tick) -> None:
        tick.forgotten = self.forgetting()

    def _sweep(self, tick: Tick) -> None:
        self.sweeping(tick.swept)
        tick.put_off += tick.swept.put_off

    def _put_off_on_trouble(self, tick: Tick, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except AttuneError as trouble:
            tick.put_off.append(f"{what}: {trouble}")

    def _datasets(self) -> list[str]:
        known = [found.value.dataset for found in self.documents.find(manifests.known_datasets())]
        configured = [found.key.path[-1] for found in self.documents.find(manifests.configured_datasets())]
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
            return let_go(run, settings, self.documents, self.clock)
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
