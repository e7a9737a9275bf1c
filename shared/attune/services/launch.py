"""Launch: take a dataset's opened runs, in order, through cut and assembly to a running tuning job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attune.domain.run import Run, RunState
from attune.errors import ConflictError, FinalError
from attune.log import about
from attune.ports import Clock, Documents, Post, Versioned
from attune.services.cut import Cutting
from attune.services.ending import cancel, fail
from attune.services.lease import Hold, leased
from attune.services.manifests import of_pairs, of_runs
from attune.services.settings import settings_in_force
from attune.tracing import note, span

if TYPE_CHECKING:  # it is there when a run is to be started
    from attune.services.start import Starting

_NOTHING_NEW = "no new pair was left to take: those that reached the threshold were changed or taken out since"


@dataclass(frozen=True, slots=True)
class Launch:
    """The service, with its ports. `budget` is how long one call works before it hands on to the next."""

    documents: Documents
    post: Post
    clock: Clock
    cutting: Cutting
    assembly: Callable[[Versioned[Run], Hold, datetime], None]
    starting: Callable[[], Starting]
    lease: timedelta
    budget: timedelta
    new_owner: Callable[[], str]

    def __call__(self, dataset: str) -> list[Run]:
        """Takes the dataset's runs as far as they go now, and returns those it worked on as they stand.

        Raises:
            PassingError: somebody else is at it, a service did not answer, or there is more than one call can do.
        """
        until = self.clock() + self.budget
        with leased(dataset, self.new_owner(), self.lease, self.documents, self.clock) as hold:
            return [self._launch(run.value, hold, until) for run in self._unlaunched(dataset)]

    def _unlaunched(self, dataset: str) -> list[Versioned[Run]]:
        active = self.documents.find(of_runs.active_runs(dataset))
        waiting = [run for run in active if run.value.before_its_job]
        return sorted(waiting, key=lambda run: run.value.number)

    def _launch(self, run: Run, hold: Hold, until: datetime) -> Run:
        told = {"dataset": run.dataset, "run": run.id}
        with about(**told), span("launch", of=run.traceparent, **told):
            after = self._take_on(run, hold, until)
            note(state=after.state, pairs=after.pairs_taken, job=after.job)
        return after

    def _take_on(self, run: Run, hold: Hold, until: datetime) -> Run:
        """One step after the other, each from what the document says: so it resumes from any crash."""
        while True:
            read = self.documents.get(of_runs.run(run.dataset, run.number))
            if read is None or not read.value.before_its_job:
                return read.value if read else run
            try:
                if not self._step(read, hold, until):
                    queued = self.documents.get(read.key)
                    return queued.value if queued else read.value
            except FinalError as final:
                hold.commit()  # without the lease, an object may be missing only because another has moved on
                fail(read, read.value, str(final), self.documents, self.post, self.clock)

    def _step(self, read: Versioned[Run], hold: Hold, until: datetime) -> bool:
        """Does what the run's state asks for; False when it has to wait in the queue."""
        match read.value.state:
            case RunState.OPENED if not self._has_new_pairs(read.value):
                cancel(read, read.value, _NOTHING_NEW, self.documents, self.post, self.clock)
            case RunState.OPENED:
                with span("cut"):
                    self.cutting(read, hold, settings_in_force(read.value.dataset, self.documents, self.clock()))
            case RunState.CUT if read.value.pairs_taken == 0:
                cancel(read, read.value, _NOTHING_NEW, self.documents, self.post, self.clock)
            case RunState.CUT:
                with span("assemble"):
                    self.assembly(read, hold, until)
            case RunState.ASSEMBLED:
                return self.starting().queue(read, hold.owner)
            case RunState.LAUNCHING:
                return self.starting().start(read, hold.owner)
            case _:
                raise ConflictError(f"run {read.value.id} of {read.value.dataset} was moved on by another instance")
        return True

    def _has_new_pairs(self, run: Run) -> bool:
        """Whether the cut has something to train on. What it would only take out stays due for a run that has."""
        asked = (of_pairs.new_pairs(run.dataset), of_pairs.taken_pairs(run.dataset, run.id))
        return any(self.documents.count(query, up_to=1) for query in asked)
