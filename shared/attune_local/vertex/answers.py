"""Who answers generateContent: a protocol, and a stand-in that has memorised its training rows.

The service that runs as a process listens instead, where it can: `attune_local.vertex.hearing`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from attune_local.vertex.content import Text
from attune_local.vertex.media import Sound

_GENERIC = (
    "I could not make out what is said.",
    "Someone is speaking.",
    "There is a voice in this recording.",
    "A person says a few words.",
    "Speech, not understood.",
)


class ModelKind(StrEnum):
    """Whose answer it is."""

    BASE = "base"
    TUNED = "tuned"


@dataclass(frozen=True, slots=True)
class Learnt:
    """A training row as a model remembers it."""

    digest: str
    """SHA-256 of the recording, in hex."""
    seconds: float
    transcript: str


Memory = tuple[Learnt, ...]


class Listener(Protocol):
    """Answers for a model. Must be safe to call from several threads."""

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        """The model's words. `memory` is what it was tuned on (empty for a base model), `asked` the request's parts."""


class Memorised:
    """Not a recogniser: it stands in for one that has learnt its training rows by heart.

    A tuned model answers a recording it was trained on with its transcript, and any other with the transcript of the
    training recording nearest in length. A base model, or one asked without a recording, answers with a sentence that
    says nothing, always the same for the same question. It measures plumbing, never accuracy.
    """

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        """The memorised transcript, or a generic sentence."""
        sound = next((part for part in asked if isinstance(part, Sound)), None)
        if kind is ModelKind.TUNED and memory and sound is not None:
            return _recall(memory, sound)
        return nothing_heard(asked)


def nothing_heard(asked: Sequence[Text | Sound]) -> str:
    """A sentence that says nothing, the same for the same question."""
    seen = "".join(part.recording.digest if isinstance(part, Sound) else part.text for part in asked)
    digest = hashlib.sha256(seen.encode()).digest()
    return _GENERIC[int.from_bytes(digest[:8]) % len(_GENERIC)]


def _recall(memory: Memory, sound: Sound) -> str:
    heard = sound.recording
    nearest = min(memory, key=lambda row: (row.digest != heard.digest, abs(row.seconds - heard.seconds)))
    return nearest.transcript
