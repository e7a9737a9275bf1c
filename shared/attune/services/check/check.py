"""Check a folder: every pair by the rules of its arrival, on all processors, and then against each other."""

from __future__ import annotations

import gc
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from attune.config import Settings
from attune.domain.content import Holder
from attune.domain.finding import Finding
from attune.domain.quality.customs import Customs, Style
from attune.domain.quality.rules import weighed
from attune.services.check.checked import Checked, Judged, State, Took, state_of
from attune.services.check.crew import Crew
from attune.services.check.folder import Couple, Listing, name_in
from attune.services.check.ledger import Ledger
from attune.services.check.look import Place, Seen, look
from attune.services.examine import uncustomary

_MOST_PAIRS, _MOST_BYTES = 64, 8_000_000  # of a chunk, which goes to a process in one message
_CHUNKS_A_JOB = 4  # at least, so that the processes end at about the same time
_DIED = "its process died over it, most likely for want of memory"


def check(listing: Listing, place: Place, jobs: int, told: Callable[[int], None]) -> Checked:
    """Judges all pairs of the listing; `told` hears how many have been looked at so far.

    The result does not depend on `jobs`, nor on which pair is done first.

    Raises:
        OSError: a repaired transcript cannot be written.
    """
    gc.freeze()  # what is imported is not garbage: no collection looks through it, here or in the processes to come
    started, used = time.perf_counter(), _processor_seconds()
    seen = _look_at_all(listing.couples, place, jobs, told)
    took = Took(jobs, time.perf_counter() - started, _processor_seconds() - used)
    judged = sorted(_judged(listing.couples, seen, place), key=lambda pair: pair.path)
    rest = (listing.waiting, listing.superseded, listing.ignored, listing.unread)
    return Checked(place.dataset, tuple(judged), *rest, took)


def _processor_seconds() -> float:
    """What this process has used, and those that it has started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _look_at_all(couples: Sequence[Couple], place: Place, jobs: int, told: Callable[[int], None]) -> dict[str, Seen]:
    crew: Crew[Couple, Seen] = Crew(partial(look, place=place), lambda _couple: Seen(fault=_DIED), jobs)
    seen: dict[str, Seen] = {}
    for couple, one in crew(_chunks(couples, jobs)):
        seen[couple.id] = one
        told(len(seen))
    return seen


def _chunks(couples: Sequence[Couple], jobs: int) -> Iterator[tuple[Couple, ...]]:
    """The pairs in portions: few messages where pairs are small, and no large one behind many others.

    They go by their names, as they most likely lie on the disk.
    """
    most = min(_MOST_PAIRS, math.ceil(len(couples) / (jobs * _CHUNKS_A_JOB)))
    chunk: list[Couple] = []
    size = 0
    for couple in sorted(couples, key=lambda couple: couple.path):
        if chunk and (len(chunk) == most or size + couple.audio.size > _MOST_BYTES):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(couple)
        size += couple.audio.size
    if chunk:
        yield tuple(chunk)


def _judged(couples: Sequence[Couple], seen: Mapping[str, Seen], place: Place) -> Iterator[Judged]:
    """The pairs held against each other, in the order of their ids: the first of two that say the same has it."""
    customs = Customs.of(_styles(seen.values()))
    ledger = Ledger(place.dataset, place.settings)
    for couple in couples:
        yield _judge(couple, seen[couple.id], place, customs, ledger)


def _styles(seen: Iterable[Seen]) -> Iterator[Style]:
    """How transcripts are written: those that may be in. Of the others a report knows nothing."""
    for one in seen:
        if one.material and one.measured and one.measured.style and state_of(one.findings) is not State.REFUSED:
            yield one.measured.style


def _judge(couple: Couple, seen: Seen, place: Place, customs: Customs, ledger: Ledger) -> Judged:
    findings = (*seen.findings, *_uncustomary(seen, customs, place.settings))
    state, split = State.UNREAD if seen.fault else state_of(findings), None
    if seen.material and state in {State.ACCEPTED, State.LOOK}:
        split, conflicts = ledger.settle(Holder(couple.id, couple.path), seen.material.content)
        findings = (*findings, *conflicts)
        state = state_of(findings)
    return Judged(
        id=couple.id,
        path=couple.path,
        ending=couple.ending,
        audio=name_in(place.dataset, couple.audio),
        transcript=name_in(place.dataset, couple.transcript),
        task=place.settings.phrasing.task_of(couple.path).name,
        state=state,
        findings=findings,
        measured=seen.measured,
        material=seen.material,
        split=None if state is State.REFUSED else split,
        fixed=seen.fixed,
        fault=seen.fault,
    )


def _uncustomary(seen: Seen, customs: Customs, settings: Settings) -> tuple[Finding, ...]:
    """What is written unlike the others here. On arrival, the others are those of the last report."""
    if seen.material is None or seen.measured is None or seen.measured.style is None:
        return ()
    return weighed(uncustomary(seen.measured.style, customs, settings.transcripts), settings.quality)
