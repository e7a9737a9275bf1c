"""Quarantine the pairs whose rows the tuning service left out or cut short: traced by their line, with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from attune.domain.pair import Due, Pair
from attune.domain.quality.rules import found
from attune.domain.run import Dropped
from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Documents, Replace
from attune.services.manifests import of_pairs

_ATTEMPTS = 5  # lost races against the pair's own events


@dataclass(frozen=True, slots=True)
class Traced:
    """A row that was left out: its pair, the content it was made of, and what is kept of it on the run."""

    pair: str
    audio_sha256: str
    text_sha256: str
    dropped: Dropped


def trace(dropped: Mapping[int, str], manifest: Sequence[bytes]) -> Iterator[Traced]:
    """The pairs behind lines of train.jsonl (1-based): its rows lead manifest.jsonl, in their order."""
    for number, reason in sorted(dropped.items()):
        if 1 <= number <= len(manifest):
            line = orjson.loads(manifest[number - 1])
            told = Dropped(number, line["pair"], reason)
            yield Traced(line["id"], line["audio"]["sha256"], line["transcript"]["sha256"], told)


def quarantine(dataset: str, run: str, traced: Sequence[Traced], documents: Documents, clock: Clock) -> None:
    """Takes each pair out of the next dataset, unless it has been replaced since. Doing it again changes nothing.

    Raises:
        BusyError: a pair's own events kept changing it; the next tick goes on.
    """
    for row in traced:
        for _ in range(_ATTEMPTS):
            try:
                _quarantine_one(dataset, run, row, documents, clock)
                break
            except ConflictError:
                continue
        else:
            raise BusyError(f"other events kept changing {dataset}/{row.dropped.path}, which the service left out")


def _quarantine_one(dataset: str, run: str, row: Traced, documents: Documents, clock: Clock) -> None:
    read = documents.get(of_pairs.pair(dataset, row.pair))
    if read is None or not _still_holds(read.value, row):
        return
    said = row.dropped.reason or "it gave no reason"
    sentence = f"The tuning service left the row out of {run} or cut it short: {said}"
    documents.commit(Replace(read, read.value.quarantined(found("service_dropped", sentence), clock())))


def _still_holds(pair: Pair, row: Traced) -> bool:
    if pair.row is None or pair.due is Due.REMOVE:
        return False
    return (pair.row.audio_sha256, pair.row.text_sha256) == (row.audio_sha256, row.text_sha256)
