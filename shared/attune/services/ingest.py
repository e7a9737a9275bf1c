"""Take in one object: keep its half of the pair, and when both halves are there judge the pair and keep its row."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from attune.domain.names import Candidate, Ignored, classify, pair_id
from attune.domain.pair import Due, Half, Pair, PairState
from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Create, Documents, Ear, Intake, Objects, Post, Replace, Versioned
from attune.services import manifests
from attune.services.judge import Accepted, Rejected, Vanished, Verdict, judge
from attune.services.settings import settings_in_force
from attune.services.threshold import consider_run

_ATTEMPTS = 5  # lost races against this pair's own other events; there are rarely two of them


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that was finalized: its name, generation and size in bytes."""

    name: str
    generation: int
    size: int


class Outcome(StrEnum):
    """What became of an arrival."""

    IGNORED = "ignored"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome, the pair as it stands where there is one, and why an object was ignored."""

    outcome: Outcome
    pair: Pair | None = None
    ignored: str | None = None


@dataclass(frozen=True, slots=True)
class Ingest:
    """The service, with its ports."""

    documents: Documents
    intake: Intake
    objects: Objects
    ear: Ear
    post: Post
    clock: Clock

    def __call__(self, arrival: Arrival) -> Taken:
        """Takes an arrival in, whatever came before, comes again, or comes at the same time.

        Raises:
            PassingError: a service did not answer, or other events of this pair kept winning.
        """
        found = classify(arrival.name)
        if isinstance(found, Ignored):
            return Taken(Outcome.IGNORED, ignored=found.reason)
        half = Half(found.kind, arrival.name, arrival.generation, arrival.size)
        if first := self._first(found, half):
            return Taken(Outcome.WAITING, first)
        for _ in range(_ATTEMPTS):
            try:
                return self._join(found, half)
            except ConflictError:
                continue
        raise BusyError(f"other events kept changing the pair of {arrival.name}; the event will come again")

    def _first(self, found: Candidate, half: Half) -> Pair | None:
        """Creates the pair, waiting for the other half, unless it is there: one conditional write."""
        now = self.clock()
        new = Pair(found.dataset, found.path, PairState.WAITING, now).with_half(half).waiting(now)
        try:
            self.documents.commit(Create(manifests.pair(new.dataset, new.id), new))
        except ConflictError:
            return None
        return new

    def _join(self, found: Candidate, half: Half) -> Taken:
        read = self.documents.get(manifests.pair(found.dataset, pair_id(found.dataset, found.path)))
        if read is None:
            raise ConflictError(f"the pair of {half.name} was there and is gone")
        if read.value.holds(half):
            return self._again(read.value, half)
        pair = read.value.with_half(half)
        if not pair.complete:
            return self._settle(read, pair.waiting(self.clock()))
        settings = settings_in_force(pair.dataset, self.documents)
        verdict = judge(pair, settings, self.intake, self.objects, self.ear)
        taken = self._settle(read, self._judged(pair, verdict))
        if taken.outcome is Outcome.ACCEPTED:
            consider_run(pair.dataset, settings, self.documents, self.post, self.clock())
        return taken

    def _again(self, pair: Pair, half: Half) -> Taken:
        """An event that came again, or late. Its first delivery may have died before it counted."""
        if half not in (pair.audio, pair.transcript):
            return Taken(Outcome.SUPERSEDED, pair)
        if pair.due is Due.ADD:
            settings = settings_in_force(pair.dataset, self.documents)
            consider_run(pair.dataset, settings, self.documents, self.post, self.clock())
        return Taken(Outcome(pair.state), pair)

    def _judged(self, pair: Pair, verdict: Verdict) -> Pair:
        now = self.clock()
        match verdict:
            case Accepted(row, split):
                return pair.accepted(row, split, now)
            case Rejected(reasons):
                return pair.rejected(reasons, now)
            case Vanished(halves):
                for half in halves:
                    pair = pair.without(half)
                return pair.waiting(now)

    def _settle(self, read: Versioned[Pair], pair: Pair) -> Taken:
        self.documents.commit(Replace(read, pair))
        return Taken(Outcome(pair.state), pair)
