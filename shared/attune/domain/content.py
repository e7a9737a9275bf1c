"""Who has which content: a recording belongs to one pair a task, and words to one side of the hold-out, for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from attune.domain.finding import Finding
from attune.domain.quality.rules import found
from attune.domain.split import Split

_MOST_REFUSED = 50  # a document has an end; who comes before the last so many is judged when it is uploaded again


@dataclass(frozen=True, slots=True)
class Holder:
    """A pair that was accepted with a content."""

    pair: str
    path: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording's document, under the digest of its bytes: its side of the hold-out, and its pair in each task.

    `refused` are the latest pairs that were refused because another has it: they may have it when that one lets go.
    """

    split: Split
    holders: Mapping[str, Holder] = field(default_factory=dict)
    refused: tuple[Holder, ...] = ()

    def held_by(self, me: Holder, task: str, split: Split) -> Recording:
        """The recording with this pair as its task's."""
        return Recording(split, {**self.without(me).holders, task: me}, self.without(me).refused)

    def refused_to(self, me: Holder) -> Recording:
        """The recording with this pair among those that wait for it."""
        others = self.without(me)
        return replace(others, refused=(*others.refused, me)[-_MOST_REFUSED:])

    def without(self, me: Holder) -> Recording:
        """The recording as it is to everybody else."""
        holders = {task: holder for task, holder in self.holders.items() if holder != me}
        return replace(self, holders=holders, refused=tuple(holder for holder in self.refused if holder != me))


@dataclass(frozen=True, slots=True)
class Side:
    """The side of the hold-out that the same words, or a group's recordings, were first put on. It never changes."""

    split: Split
    first: Holder


@dataclass(frozen=True, slots=True)
class Content:
    """What a pair says, as far as others may say the same: digests of its recording, words and group.

    `words` is None for what is no transcription: the same label stands on both sides. `by` names what the side is the
    hash of: the group where there is one, else the words, or in a dataset of several tasks the recording, which each
    of them may have.
    """

    task: str
    audio: str
    words: str | None
    group: str | None
    by: str

    @property
    def words_key(self) -> str | None:
        """The document of the words' side."""
        return f"words-{self.words}" if self.words else None

    @property
    def group_key(self) -> str | None:
        """The document of the group's side."""
        return f"group-{hashlib.sha256(self.group.encode()).hexdigest()}" if self.group else None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pair's content from others: those of its recording's holders that still have it."""

    recording: Recording | None = None
    words: Side | None = None
    group: Side | None = None


def side_known(content: Content, known: Known) -> Split | None:
    """The side that is settled already; None where nobody came before."""
    if content.group is not None:
        return known.group.split if known.group else None
    if content.by == content.words and content.words is not None:
        return known.words.split if known.words else None
    return known.recording.split if known.recording else None


def conflicts(me: Holder, content: Content, split: Split, known: Known) -> tuple[Finding, ...]:
    """What speaks against taking this pair in on that side."""
    return tuple(
        finding
        for finding in (_same_recording(me, content, split, known.recording), _same_words(me, split, known.words))
        if finding is not None
    )


def _same_recording(me: Holder, content: Content, split: Split, recording: Recording | None) -> Finding | None:
    others = recording.without(me).holders if recording else {}
    if twin := others.get(content.task):
        return found("audio_duplicate", f"The very same recording is in the dataset as {twin.path}.")
    if recording is not None and others and recording.split is not split:
        other = min(holder.path for holder in others.values())
        sentence = f"The same recording is on the other side of the hold-out ({recording.split}), as {other}."
        return found("audio_across_hold_out", sentence)
    return None


def _same_words(me: Holder, split: Split, words: Side | None) -> Finding | None:
    if words is None or (words.first == me and words.split is split):
        return None
    if words.split is split:
        return found("transcript_duplicate", f"The same words are in the dataset as {words.first.path}.")
    sentence = f"The same words are on the other side of the hold-out ({words.split}), first as {words.first.path}."
    return found("transcript_across_hold_out", sentence)
