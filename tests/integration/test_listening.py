"""The stand-in's models on synthesised speech: true rows teach, and false ones do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np
import pytest

from attune.adapters.scoring import LibraryScorer
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits
from attune_local.corpus.making import make_corpus
from attune_local.vertex.answers import Learnt, Memory, ModelKind
from attune_local.vertex.hearing.booths import Booths
from attune_local.vertex.hearing.ears import Ears
from attune_local.vertex.hearing.listener import Attentive
from attune_local.vertex.hearing.overhearing import Prompts
from attune_local.vertex.media import Recording, Sound

MIME_TYPES = {".wav": "audio/wav", ".flac": "audio/flac", ".mp3": "audio/mpeg"}
TAUGHT, HELD_OUT = 16, 4
Spoken = tuple[Sound, str]


def sound(content: bytes, mime_type: str, seconds: float) -> Sound:
    return Sound(mime_type, content, Recording(hashlib.sha256(content).hexdigest(), seconds))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Spoken]:
    pairs = make_corpus(tmp_path_factory.mktemp("corpus"), TAUGHT + HELD_OUT, seed=1)
    return [(sound(pair.audio.read_bytes(), MIME_TYPES[pair.audio.suffix], pair.seconds), pair.text) for pair in pairs]


class Room:
    def __init__(self, booths: Booths) -> None:
        self.ears = Ears(booths)
        self.listener = Attentive(self.ears, Prompts())

    def taught(self, pairs: Sequence[Spoken]) -> Memory:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda pair: self.ears.phones(pair[0]), pairs))
        return tuple(Learnt(heard.recording.digest, heard.recording.seconds, text) for heard, text in pairs)

    def answers(self, memory: Memory, asked: Sequence[Spoken]) -> list[str]:
        kind = ModelKind.TUNED if memory else ModelKind.BASE
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda pair: self.listener.answer(kind, memory, [pair[0]]), asked))

    def wer(self, memory: Memory, asked: Sequence[Spoken]) -> float:
        scorer, edits = LibraryScorer("en"), Edits()
        for (heard, text), said in zip(asked, self.answers(memory, asked), strict=True):
            example = Example("p", "p", "r", heard.recording.seconds, text)
            edits += scorer.mark(example, Answer(said, 0.0)).words
        return edits.rate or 0.0


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with Booths() as booths:
        yield Room(booths)


@pytest.mark.thorough  # a third of a minute, of what every demo shows, too
def test_a_domain_corpus_improves_the_model_and_a_shuffled_one_does_not(room: Room, spoken: list[Spoken]) -> None:
    taught, held_out = spoken[:TAUGHT], spoken[TAUGHT:]
    shuffled = [(heard, text) for (heard, _), (_, text) in zip(taught, chain(taught[7:], taught[:7]), strict=True)]
    base = room.wer((), held_out)
    good, poisoned = (room.wer(room.taught(rows), held_out) for rows in (taught, shuffled))
    assert good < 0.6 * base
    assert good < 0.6 * poisoned


@pytest.mark.thorough
def test_the_same_recording_is_answered_the_same_by_another_process(room: Room, spoken: list[Spoken]) -> None:
    asked = spoken[TAUGHT : TAUGHT + 2]
    memory = room.taught(spoken[:8])
    before = room.answers(memory, asked)
    with Booths(number=1) as booths:
        other = Room(booths)
        assert other.answers(other.taught(spoken[:8]), asked[::-1])[::-1] == before


def test_nothing_is_heard_in_silence(room: Room) -> None:
    silence = sound(np.zeros(32_000, np.int16).tobytes(), "audio/pcm", 2.0)
    assert room.answers((), [(silence, "")]) == [""]
