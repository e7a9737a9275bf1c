"""Settle what others have of a pair's content: its side of the hold-out, and that no recording is in twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from attune.config import Settings
from attune.domain.content import Content, Holder, Known, Recording, Side, conflicts, side_known
from attune.domain.finding import Finding, Severity
from attune.domain.pair import Pair, PairState
from attune.domain.quality.rules import weighed
from attune.domain.quality.words import words_digest
from attune.domain.split import Split, group_of, split_of
from attune.domain.task import Kind
from attune.ports import Create, Documents, Key, Replace, Versioned, Write
from attune.services.manifests import of_pairs


@dataclass(frozen=True, slots=True)
class Standing:
    """The documents of a pair's content, as they were read."""

    recording: Versioned[Recording] | None = None
    words: Versioned[Side] | None = None
    group: Versioned[Side] | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The side, what the dataset's severities make of any conflict, and what is written together with the pair."""

    split: Split
    findings: tuple[Finding, ...]
    writes: tuple[Write, ...]


def content_of(path: str, audio_sha256: str, said: str, settings: Settings) -> Content:
    """What the pair at a path says, as others may."""
    task = settings.phrasing.task_of(path)
    words = words_digest(said) if task.kind is Kind.TRANSCRIPTION else None
    group = group_of(path, settings.group_by)
    by = group or (words if words and not settings.tasks else audio_sha256)
    return Content(task.name, audio_sha256, words, group, by)


def read_standing(dataset: str, content: Content, documents: Documents) -> Standing:
    """What stands of a content: one call."""
    keys: list[Key[Any]] = [of_pairs.recording(dataset, content.audio)]
    keys += [of_pairs.side(dataset, key) for key in (content.words_key, content.group_key) if key]
    recording, *sides = documents.get_all(keys)
    words = sides.pop(0) if content.words_key else None
    return Standing(recording, words, sides.pop(0) if content.group_key else None)


def settle(pair: Pair, content: Content, standing: Standing, settings: Settings, documents: Documents) -> Settled:
    """Settles a pair's content against what stands. It reads further only where the same recording has been in."""
    me = Holder(pair.id, pair.path)
    known = Known(
        _with_live_holders(pair.dataset, content.audio, standing.recording, me, documents),
        standing.words.value if standing.words else None,
        standing.group.value if standing.group else None,
    )
    split = side_known(content, known) or split_of(pair.dataset, content.by, settings.validation_fraction)
    findings = weighed(conflicts(me, content, split, known), settings.quality)
    if any(finding.severity is Severity.REFUSED for finding in findings):
        return Settled(split, findings, tuple(_refusal(me, standing, known)))
    return Settled(split, findings, tuple(_writes(pair.dataset, me, content, split, standing, known)))


def let_go(pair: Pair, documents: Documents) -> list[Holder]:
    """Lets go of the recordings that a pair has no more; returns who was refused one of them.

    Raises:
        ConflictError: somebody else wrote the recording at this moment.
    """
    me = Holder(pair.id, pair.path)
    found = documents.get_all([of_pairs.recording(pair.dataset, audio) for audio in pair.freed])
    changed = [(read, read.value.without(me)) for read in found if read is not None]
    documents.commit(*(Replace(read, after) for read, after in changed))
    return [holder for _, after in changed for holder in after.refused]


def _with_live_holders(
    dataset: str, audio: str, recording: Versioned[Recording] | None, me: Holder, documents: Documents
) -> Recording | None:
    """The recording without those who no longer have it: their file was replaced, taken away or refused."""
    if recording is None:
        return None
    others = recording.value.without(me).holders
    found = documents.get_all([of_pairs.pair(dataset, holder.pair) for holder in others.values()]) if others else []
    gone = {task for task, read in zip(others, found, strict=True) if read is None or not _has(read.value, audio)}
    kept = {task: holder for task, holder in recording.value.holders.items() if task not in gone}
    return replace(recording.value, holders=kept)


def _has(pair: Pair, audio: str) -> bool:
    return pair.state is PairState.ACCEPTED and pair.row is not None and pair.row.audio_sha256 == audio


def _refusal(me: Holder, standing: Standing, known: Known) -> Iterator[Write]:
    """Remembers who would have the recording. It is written even so: who lets go of it at this moment is not missed."""
    if standing.recording and known.recording:
        yield Replace(standing.recording, known.recording.refused_to(me))


def _writes(
    dataset: str, me: Holder, content: Content, split: Split, standing: Standing, known: Known
) -> Iterator[Write]:
    """The content's documents with this pair in them: all of them written at the same moment as the pair, or none."""
    recording = (known.recording or Recording(split)).held_by(me, content.task, split)
    if standing.recording:
        yield Replace(standing.recording, recording)
    else:
        yield Create(of_pairs.recording(dataset, content.audio), recording)
    if content.words_key and standing.words is None:
        yield Create(of_pairs.side(dataset, content.words_key), Side(split, me))
    if content.group_key and standing.group is None:
        yield Create(of_pairs.side(dataset, content.group_key), Side(split, me))
