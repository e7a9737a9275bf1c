"""Answers by listening: the transcription, or what the training rows of the same prompt say of a similar recording."""

import json
from collections.abc import Mapping, Sequence

from attune_local.vertex.answers import Learnt, Memory, ModelKind, nothing_heard
from attune_local.vertex.content import Text
from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.hearing.booths import DeafError
from attune_local.vertex.hearing.ears import Ears
from attune_local.vertex.hearing.lexicon import Lesson, Lessons
from attune_local.vertex.hearing.overhearing import Prompts
from attune_local.vertex.hearing.phones import Phones, distance
from attune_local.vertex.hearing.text import spellings
from attune_local.vertex.media import Sound


class Attentive:
    """A listener that recognises speech; the package says how, and what a tuned model learns.

    It does not read prompts, but knows which rows had the same one (all rows, when none had): when few different
    answers, or JSON documents, stand beside them, it answers with that of the row that sounds nearest, and otherwise
    with the transcription. A base model always transcribes. A recording in which nothing is said has an empty answer.
    Of several recordings it hears the first; asked without one, it says nothing of use.
    """

    def __init__(self, ears: Ears, prompts: Prompts) -> None:
        self._ears = ears
        self._prompts = prompts

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        """The model's words; 500 when the recogniser fails."""
        sound = next((part for part in asked if isinstance(part, Sound)), None)
        if sound is None:
            return nothing_heard(asked)
        rows = self._rows(memory, asked) if kind is ModelKind.TUNED else ()
        try:
            return self._nearest(rows, sound) if _are_labels(rows) else self._transcription(rows, sound)
        except DeafError as error:
            raise ServiceError(Code.INTERNAL, f"The recording could not be recognised: {error}.") from error

    def _rows(self, memory: Memory, asked: Sequence[Text | Sound]) -> Memory:
        prompt = "".join(part.text for part in asked if isinstance(part, Text))
        return (
            tuple(row for row in memory if self._prompts.find((row.digest, row.transcript)) == prompt.strip()) or memory
        )

    def _transcription(self, rows: Memory, sound: Sound) -> str:
        written = spellings(row.transcript for row in rows)
        heard = self._ears.words(sound, self._lessons(rows))
        return " ".join(word for words, taught in heard for word in _written(words.words, written if taught else {}))

    def _lessons(self, rows: Memory) -> Lessons:
        return tuple(Lesson(row.transcript, self._ears.known_phones(row.digest)) for row in rows)

    def _nearest(self, rows: Memory, sound: Sound) -> str:
        heard = self._ears.phones(sound)
        return min(rows, key=lambda row: self._strangeness(row, sound, heard)).transcript

    def _strangeness(self, row: Learnt, sound: Sound, heard: Phones) -> tuple[bool, float]:
        """Least for the very recording; then by what is heard, a phone."""
        known = self._ears.known_phones(row.digest)
        return row.digest != sound.recording.digest, distance(known, heard) / max(len(known), len(heard), 1)


def _written(words: Sequence[str], spelling: Mapping[str, str]) -> list[str]:
    return [spelling.get(word, word) for word in words]


def _are_labels(rows: Memory) -> bool:
    """Whether answers are chosen from a few, or documents, so that no recording is heard to say them."""
    answers = [row.transcript for row in rows]
    return bool(rows) and (len(set(answers)) * 2 <= len(answers) or all(map(_is_document, answers)))


def _is_document(answer: str) -> bool:
    try:
        return isinstance(json.loads(answer), dict | list)
    except ValueError:
        return False
