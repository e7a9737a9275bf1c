"""Take in one object: keep its half of the pair, and when both halves are there judge the pair and keep its row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from attune.config import Settings
from attune.domain.arrival import Arrival
from attune.domain.content import Holder
from attune.domain.finding import Severity
from attune.domain.names import Candidate, Ignored, classify, pair_id
from attune.domain.pair import Due, Half, Pair, PairState
from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Create, Documents, Ear, Intake, Objects, Post, Replace, Versioned, Write
from attune.services.judge import Good, Rejected, Vanished, Verdict, judge
from attune.services.manifests import of_pairs
from attune.services.settings import in_force, settings_in_force
from attune.services.settle import Standing, let_go, read_standing, settle
from attune.services.threshold import consider_run

_ATTEMPTS = 6  # lost races against this pair's own other events, and others that say the same; rarely two of them


class Outcome(StrEnum):
    """What became of an arrival."""

    IGNORED = "ignored"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome, the pair as it stands where there is one, and why an object was ignored."""

    outcome: Outcome
    pair: Pair | None = None
    ignored: str | None = None


@dataclass(slots=True)
class _Trial:
    """What the attempts of one arrival share: the verdict on two halves, and that a write was lost to somebody."""

    lost: bool = False
    of: tuple[Half | None, Half | None] = (None, None)
    verdict: tuple[Verdict, Settings] | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """A pair as it is to stand, and what is written at the same moment or not at all."""

    pair: Pair
    also: tuple[Write, ...] = ()


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
        trial = _Trial()
        for _ in range(_ATTEMPTS):
            try:
                return self._join(found, half, trial)
            except ConflictError:
                trial.lost = True
        raise BusyError(f"other events kept changing the pair of {arrival.name}; the event will come again")

    def hand_on(self, pair: Pair | None) -> None:
        """Judges those again who were refused a recording that this pair has no more.

        Raises:
            PassingError: a service did not answer, or other events kept winning.
        """
        if pair is None or not pair.freed:
            return
        for holder in let_go(pair, self.documents):
            self._judge_again(pair.dataset, holder)
        read = self.documents.get(of_pairs.pair(pair.dataset, pair.id))
        if read is not None:
            left = tuple(audio for audio in read.value.freed if audio not in pair.freed)
            self.documents.commit(Replace(read, replace(read.value, freed=left)))

    def _first(self, found: Candidate, half: Half) -> Pair | None:
        """Creates the pair, waiting for the other half, unless it is there: one conditional write."""
        now = self.clock()
        new = Pair(found.dataset, found.path, PairState.WAITING, now).with_half(half).waiting(now)
        try:
            self.documents.commit(Create(of_pairs.pair(new.dataset, new.id), new))
        except ConflictError:
            return None
        return new

    def _join(self, found: Candidate, half: Half, trial: _Trial) -> Taken:
        read = self.documents.get(of_pairs.pair(found.dataset, pair_id(found.dataset, found.path)))
        if read is None:
            raise ConflictError(f"the pair of {half.name} was there and is gone")
        if read.value.has_erased(half):
            return Taken(Outcome.ERASED, read.value)
        if read.value.holds(half):
            return self._again(read.value, half)
        pair = read.value.with_half(half)
        if not pair.complete:
            taken = self._write(read, _Change(pair.waiting(self.clock())))
            self.hand_on(taken.pair)
            return taken
        verdict, settings = self._verdict(pair, trial)
        taken = self._write(read, self._judged(pair, verdict, settings, trial))
        if taken.outcome is Outcome.ACCEPTED:
            consider_run(pair.dataset, settings, self.documents, self.post, self.clock())
        self.hand_on(taken.pair)
        return taken

    def _judge_again(self, dataset: str, holder: Holder) -> None:
        trial = _Trial(lost=True)
        for _ in range(_ATTEMPTS):
            read = self.documents.get(of_pairs.pair(dataset, holder.pair))
            if read is None or read.value.state is not PairState.REJECTED or not read.value.complete:
                return
            try:
                verdict, settings = self._verdict(read.value, trial)
                taken = self._write(read, self._judged(read.value, verdict, settings, trial))
            except ConflictError:
                continue
            if taken.outcome is Outcome.ACCEPTED:
                consider_run(dataset, settings, self.documents, self.post, self.clock())
            return
        raise BusyError(f"other events kept changing {dataset}/{holder.path}; the event will come again")

    def _verdict(self, pair: Pair, trial: _Trial) -> tuple[Verdict, Settings]:
        """The verdict on these halves, which a lost race does not change."""
        if trial.of != (pair.audio, pair.transcript) or trial.verdict is None:
            known = in_force(pair.dataset, self.documents, self.clock())
            verdict = judge(pair, known.settings, known.customs, self.intake, self.objects, self.ear)
            trial.of, trial.verdict = (pair.audio, pair.transcript), (verdict, known.settings)
        return trial.verdict

    def _again(self, pair: Pair, half: Half) -> Taken:
        """An event that came again, or late. Its first delivery may have died before it counted."""
        self.hand_on(pair)
        if half not in (pair.audio, pair.transcript):
            return Taken(Outcome.SUPERSEDED, pair)
        if pair.due is Due.ADD:
            settings = settings_in_force(pair.dataset, self.documents, self.clock())
            consider_run(pair.dataset, settings, self.documents, self.post, self.clock())
        return Taken(Outcome(pair.state), pair)

    def _judged(self, pair: Pair, verdict: Verdict, settings: Settings, trial: _Trial) -> _Change:
        """The pair after its verdict, and what is written with it."""
        match verdict:
            case Good():
                return self._settled(pair, verdict, settings, trial)
            case Rejected(reasons, remarks, measured):
                return _Change(pair.rejected(reasons, self.clock(), remarks, measured))
            case Vanished(halves):
                for half in halves:
                    pair = pair.without(half)
                return _Change(pair.waiting(self.clock()))

    def _settled(self, pair: Pair, good: Good, settings: Settings, trial: _Trial) -> _Change:
        """Nobody is expected to have said the same, so that is not asked before a first write says otherwise.

        A group is: all but its first pair would find it there.
        """
        ask = trial.lost or good.content.group is not None
        standing = read_standing(pair.dataset, good.content, self.documents) if ask else Standing()
        settled = settle(pair, good.content, standing, settings, self.documents)
        refusals = tuple(finding for finding in settled.findings if finding.severity is Severity.REFUSED)
        remarks = (*good.remarks, *(finding for finding in settled.findings if finding not in refusals))
        now = self.clock()
        if refusals:
            return _Change(pair.rejected(refusals, now, remarks, good.measured), settled.writes)
        return _Change(pair.accepted(good.row, settled.split, now, remarks, good.measured), settled.writes)

    def _write(self, read: Versioned[Pair], change: _Change) -> Taken:
        self.documents.commit(Replace(read, change.pair), *change.also)
        return Taken(Outcome(change.pair.state), change.pair)
