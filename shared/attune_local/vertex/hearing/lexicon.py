"""Learns from recordings heard as phones, and the transcripts beside them, how words are pronounced."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from attune_local.vertex.hearing.phones import Phones, alignment, distance
from attune_local.vertex.hearing.text import tokens

_CONTRADICTED = 0.5
"""Mean distance a phone between textbook and recordings above which the textbook is forgotten.

Seen with synthesised speech: 0.37 over true pairs, 0.59 over shuffled ones.
"""
_WAYS = 2
"""Ways of saying a word that are learnt from recordings."""
_MOST_HEARD = 24
"""Times a word is listened to; more take long and say nothing new."""

Pronunciations = tuple[Phones, ...]
Textbook = Callable[[str], Pronunciations]
"""The known pronunciations of a word, the usual one first; none when it cannot be said."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A training row: the transcript, and the phones heard in the recording (none: it was not listened to)."""

    transcript: str = field(repr=False)
    heard: Phones = field(repr=False)


Lessons = tuple[Lesson, ...]


def learn(lessons: Iterable[Lesson], textbook: Textbook) -> Mapping[str, Pronunciations]:
    """The pronunciations of every word of the transcripts that can be said."""
    heard: defaultdict[str, list[Phones]] = defaultdict(list)
    for lesson in lessons:
        for word, phones in _heard_words(lesson, textbook):
            heard[word].append(phones)
    return {word: _pronunciations(textbook(word), times[:_MOST_HEARD]) for word, times in heard.items()}


def _heard_words(lesson: Lesson, textbook: Textbook) -> Iterator[tuple[str, Phones]]:
    """Each word of the transcript with what was heard in its place.

    What was heard beside all words goes with the word before it.
    """
    said = [(word, textbook(word)[0]) for word in tokens(lesson.transcript) if textbook(word)]
    owners = _owners([phones for _, phones in said], lesson.heard)
    for number, (word, _) in enumerate(said):
        yield word, tuple(phone for phone, owner in zip(lesson.heard, owners, strict=True) if owner == number)


def _owners(said: Sequence[Phones], heard: Phones) -> list[int | None]:
    """For each phone heard, the number of the word it belongs to; None before the first."""
    expected = [(number, phone) for number, phones in enumerate(said) for phone in phones]
    owners: list[int | None] = []
    for index in alignment(tuple(phone for _, phone in expected), heard):
        last = owners[-1] if owners else None
        owners.append(last if index is None else expected[index][0])
    return owners


def _pronunciations(textbook: Pronunciations, heard: Sequence[Phones]) -> Pronunciations:
    if not any(heard):
        return textbook
    kept = () if _is_contradicted(textbook, heard) else textbook
    return tuple(dict.fromkeys((*kept, *_likeliest(heard))))


def _is_contradicted(textbook: Pronunciations, heard: Sequence[Phones]) -> bool:
    return fmean(min(distance(way, each) / len(way) for way in textbook) for each in heard) > _CONTRADICTED


def _likeliest(heard: Sequence[Phones]) -> list[Phones]:
    """What is nearest to everything heard; in order of name when equally near."""
    ways = sorted({each for each in heard if each})
    return sorted(ways, key=lambda way: sum(distance(way, each) for each in heard))[:_WAYS]
