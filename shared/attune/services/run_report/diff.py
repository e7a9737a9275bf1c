"""Diff: an answer against its reference, word by word, as pieces to be marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MOST_WORDS = 300  # of either text: who wants to see more of a runaway answer finds it in the figures

# Scripts without spaces between words, whose characters are compared one by one: kana, Han, Thai to Myanmar, Khmer.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"(\s*)([{_ALONE}]|[^\s{_ALONE}]+)")
_MARKS = re.compile(r"[^\w]+|_")


class Change(StrEnum):
    """What became of some words of the reference."""

    SAME = "same"
    WRITTEN = "written"  # the same words, in another casing or punctuation
    INSERTED = "inserted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that share a fate, with the space before them. Deleted ones are the reference's, all others the answer's.

    A substitution is what was deleted, followed by what was inserted in its place.
    """

    change: Change
    text: str
    space: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """The pieces in their order, and how many words of each text were left out of them."""

    pieces: tuple[Piece, ...]
    reference_left: int = 0
    answer_left: int = 0


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    space: str

    @property
    def key(self) -> str:
        """What is compared; a word of nothing but marks is itself."""
        return _MARKS.sub("", self.text).casefold() or self.text


def diff(reference: str, answer: str) -> Diff:
    """What an answer has other than its reference, in at most 300 words of each.

    The pieces are a readable alignment, not the least edits, so that they may be more than what was counted.
    """
    asked, said = _words(reference), _words(answer)
    pieces = tuple(_pieces(asked[:MOST_WORDS], said[:MOST_WORDS]))
    return Diff(pieces, max(len(asked) - MOST_WORDS, 0), max(len(said) - MOST_WORDS, 0))


def _words(text: str) -> list[_Word]:
    return [_Word(found.group(2), " " if found.group(1) else "") for found in _WORD.finditer(text.strip())]


def _pieces(asked: Sequence[_Word], said: Sequence[_Word]) -> Iterator[Piece]:
    matcher = SequenceMatcher(None, [word.key for word in asked], [word.key for word in said], autojunk=False)
    for tag, start, end, begin, stop in matcher.get_opcodes():
        if tag == "equal":
            yield from _equal(asked[start:end], said[begin:stop])
            continue
        if start < end:
            yield _piece(Change.DELETED, asked[start:end])
        if begin < stop:
            yield _piece(Change.INSERTED, said[begin:stop])


def _equal(asked: Sequence[_Word], said: Sequence[_Word]) -> Iterator[Piece]:
    """The same words, in runs of those that are written alike and those that are not."""
    start, alike = 0, [one.text == other.text for one, other in zip(asked, said, strict=True)]
    for end in range(1, len(said) + 1):
        if end == len(said) or alike[end] != alike[start]:
            yield _piece(Change.SAME if alike[start] else Change.WRITTEN, said[start:end])
            start = end


def _piece(change: Change, words: Sequence[_Word]) -> Piece:
    text = "".join(f"{word.space}{word.text}" for word in words)
    return Piece(change, text.lstrip(" "), words[0].space)
