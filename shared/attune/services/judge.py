"""Judge a pair whose halves are both there: read each at its generation, listen, decode, and encode the row."""

from __future__ import annotations

from dataclasses import dataclass

from attune.config import Settings
from attune.domain.names import AUDIO_ENDINGS, Candidate, classify, dataset_key
from attune.domain.pair import Half, Pair, Reason, Row
from attune.domain.split import Split, group_of, split_of
from attune.domain.transcript import LARGEST_TRANSCRIPT_BYTES, read_transcript
from attune.errors import GoneError
from attune.ports import Ear, Heard, Intake, Objects
from attune.services.encode import Utterance, store_row


@dataclass(frozen=True, slots=True)
class Accepted:
    """The pair is good: its row, and its side of the hold-out."""

    row: Row
    split: Split


@dataclass(frozen=True, slots=True)
class Rejected:
    """The pair is not, and why."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Vanished:
    """These halves are no longer in the bucket at their generation: overwritten, or deleted."""

    halves: tuple[Half, ...]


Verdict = Accepted | Rejected | Vanished


def judge(pair: Pair, settings: Settings, intake: Intake, objects: Objects, ear: Ear) -> Verdict:
    """The verdict on a complete pair; an accepted one's row is stored when this returns."""
    audio, transcript = pair.audio, pair.transcript
    if audio is None or transcript is None:
        raise ValueError(f"{pair.dataset}/{pair.path} is not complete")
    if reasons := _over_size(audio, transcript, settings):
        return Rejected(reasons)
    sound, words = _read(audio, intake), _read(transcript, intake)
    if sound is None or words is None:
        return Vanished(tuple(half for half, data in ((audio, sound), (transcript, words)) if data is None))
    ending = _ending(audio)
    heard, text = ear.listen(sound, ending), read_transcript(words)
    if isinstance(heard, Reason) or isinstance(text, Reason):
        return Rejected(tuple(found for found in (heard, text) if isinstance(found, Reason)))
    if heard.seconds > settings.max_audio_seconds:
        return Rejected((_too_long(heard, settings),))
    utterance = Utterance(sound, ending, AUDIO_ENDINGS[ending], heard.seconds, text)
    template = settings.recipe(pair.dataset).template
    row = store_row(utterance, template, dataset_key(pair.dataset), objects)
    return Accepted(row, split_of(pair.dataset, group_of(pair.path, settings.group_by), settings.validation_fraction))


def _over_size(audio: Half, transcript: Half, settings: Settings) -> tuple[Reason, ...]:
    found = []
    if audio.size > settings.max_audio_bytes:
        limit = settings.max_audio_bytes / 1e6
        sentence = f"The recording has {audio.size / 1e6:.1f} MB; at most {limit:g} MB are taken. Split or compress it."
        found.append(Reason("audio_too_large", sentence))
    if transcript.size > LARGEST_TRANSCRIPT_BYTES:
        sentence = (
            f"The transcript has {transcript.size} bytes; at most {LARGEST_TRANSCRIPT_BYTES} are taken. Split it."
        )
        found.append(Reason("transcript_too_large", sentence))
    return tuple(found)


def _too_long(heard: Heard, settings: Settings) -> Reason:
    return Reason(
        "audio_too_long",
        f"The recording lasts {heard.seconds:.0f} s; at most {settings.max_audio_seconds:g} s are taken. Split it.",
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
