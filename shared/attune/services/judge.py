"""Judge a pair whose halves are both there: read each at its generation, examine them, and store the row."""

from __future__ import annotations

from dataclasses import dataclass

from attune.config import Settings
from attune.domain.content import Content
from attune.domain.finding import Finding
from attune.domain.names import Candidate, classify, dataset_key
from attune.domain.pair import Half, Measured, Pair, Row
from attune.domain.quality.customs import Customs
from attune.errors import GoneError
from attune.ports import Ear, Intake, Objects
from attune.services.encode import store_row
from attune.services.examine import Brought, examine, too_large
from attune.services.settle import content_of
from attune.tracing import note, span


@dataclass(frozen=True, slots=True)
class Good:
    """The pair is good by itself: its row, what it says that others may say too, and what was found and measured."""

    row: Row
    content: Content
    remarks: tuple[Finding, ...]
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The pair is not, and why."""

    reasons: tuple[Finding, ...]
    remarks: tuple[Finding, ...] = ()
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Vanished:
    """These halves are no longer in the bucket at their generation: overwritten, or deleted."""

    halves: tuple[Half, ...]


Verdict = Good | Rejected | Vanished


def judge(pair: Pair, settings: Settings, customs: Customs, intake: Intake, objects: Objects, ear: Ear) -> Verdict:
    """The verdict on a complete pair; a good one's row is stored when this returns."""
    audio, transcript = pair.audio, pair.transcript
    if audio is None or transcript is None:
        raise ValueError(f"{pair.dataset}/{pair.path} is not complete")
    if reasons := too_large(audio, transcript, settings):
        return Rejected(reasons)
    sound, words = _read(audio, intake), _read(transcript, intake)
    if sound is None or words is None:
        return Vanished(tuple(half for half, data in ((audio, sound), (transcript, words)) if data is None))
    seen = examine(pair.path, Brought(sound, _ending(audio), words), settings, customs, ear)
    if seen.reasons or seen.utterance is None:
        return Rejected(seen.reasons, seen.remarks, seen.measured)
    with span("store row", dataset=pair.dataset, pair=pair.id):
        row = store_row(seen.utterance, pair.path, settings.phrasing, dataset_key(pair.dataset), objects)
        note(bytes=row.size, seconds=row.seconds, crc32c=row.crc32c)
    if pair.barred and pair.barred.is_about(row):
        return Rejected((pair.barred.finding,), seen.remarks, seen.measured)
    return Good(
        row, content_of(pair.path, row.audio_sha256, seen.utterance.said, settings), seen.remarks, seen.measured
    )


def _read(half: Half, intake: Intake) -> bytes | None:
    try:
        return intake.read(half.name, half.generation)
    except GoneError:
        return None


def _ending(audio: Half) -> str:
    candidate = classify(audio.name)
    if not isinstance(candidate, Candidate):
        raise TypeError(f"{audio.name} is no candidate")
    return candidate.ending
