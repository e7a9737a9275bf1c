"""What an answer is worth: edits against the reference, as words, as characters and as written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Edits:
    """The least edits that turn a reference into an answer, in words or characters; `length` is the reference's."""

    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    length: int = 0

    @property
    def errors(self) -> int:
        """All edits."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float | None:
        """Errors a unit of the reference, which can be more than 1; None where the references are empty."""
        return self.errors / self.length if self.length else None

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.substitutions + other.substitutions,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.length + other.length,
        )


class Flaw(StrEnum):
    """What is wrong with an answer beyond its words."""

    FAILED = "failed"  # no answer, and there will not be one
    EMPTY = "empty"  # nothing, where something was said
    INSERTED = "inserted"  # words that nobody said, on a recording under two seconds
    RUNAWAY = "runaway"  # the same few words over and over
    OVERLONG = "overlong"  # far longer than what can be said in the time, and not by running away
    INVALID = "invalid"  # no JSON, or not of its schema, or not one of the labels


@dataclass(frozen=True, slots=True)
class Mark:
    """One answer, marked.

    `words` and `characters` are counted after normalisation; `casing` and `punctuation` are the words as written that
    differ in nothing else. A target that is no transcription has `exact` instead, and no edits.
    """

    words: Edits = Edits()
    characters: Edits = Edits()
    casing: int = 0
    punctuation: int = 0
    exact: bool | None = None
    flaws: tuple[Flaw, ...] = ()
