"""Customs: how a dataset's transcripts are cased and punctuated as a rule, and which are written otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from attune.domain.finding import Finding
from attune.domain.manner import marks_in
from attune.domain.quality.rules import found

LEAST_SEEN = 20  # transcripts, before anything is called a custom
LEAST_SHARE = 0.9  # of them, to be one
_WITH, _WITHOUT = "with", "without"
_SHORT = 2  # words: too few to need any punctuation
_SHOUTED = 4  # capitals: fewer may be a name's initials
_TITLED = 3  # words: fewer may be a name
# `re` takes milliseconds over wide ranges: it compiles these when a text first needs them, and keeps them.
_UNPUNCTUATED = "[\u0e00-\u0eff]"  # Thai and Lao are written without
_EAST_ASIAN = "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_NO_ASCII_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha())
_NO_ASCII_CAPITALS = bytes(byte for byte in range(128) if not chr(byte).isupper())
_SIGNS_A_WORD = 2  # of Chinese and Japanese, about


class Cased(StrEnum):
    """How a text uses small letters and capitals; `none`: it has no such letters, or too few to tell."""

    LOWER = "lower"
    UPPER = "upper"
    SENTENCE = "sentence"
    TITLE = "title"
    MIXED = "mixed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Style:
    """How one transcript is written; `punctuated` is None where it is too short to need any."""

    casing: Cased
    punctuated: bool | None = None


_WRITTEN = {
    Cased.LOWER: "in lower case",
    Cased.UPPER: "in capitals",
    Cased.SENTENCE: "like sentences",
    Cased.TITLE: "with a capital on every word",
    Cased.MIXED: "with small letters and capitals mixed",
}


@dataclass(frozen=True, slots=True)
class Customs:
    """How many transcripts are written how; those that show nothing are not counted.

    `casing` counts by `Cased`, `punctuation` by `with` and `without`.
    """

    casing: Mapping[str, int] = field(default_factory=dict)
    punctuation: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, styles: Iterable[Style]) -> Customs:
        """The customs of these transcripts."""
        casing, punctuation = Counter[str](), Counter[str]()
        for style in styles:
            if style.casing is not Cased.NONE:
                casing[style.casing.value] += 1
            if mark := _mark(style):
                punctuation[mark] += 1
        return cls(_sorted(casing), _sorted(punctuation))

    def plus(self, other: Customs) -> Customs:
        """The customs of both together, in whatever order they are added."""
        return Customs(
            _sorted(Counter(self.casing) + Counter(other.casing)),
            _sorted(Counter(self.punctuation) + Counter(other.punctuation)),
        )

    def against(self, style: Style) -> tuple[Finding, ...]:
        """Where a transcript is written otherwise than most of at least twenty."""
        findings = (self._against_casing(style.casing), self._against_punctuation(_mark(style)))
        return tuple(finding for finding in findings if finding is not None)

    def inconsistencies(self) -> tuple[str, ...]:
        """What is written now this way, now that, on the whole: for a report."""
        subjects = {"casing": self.casing, "punctuation": self.punctuation}
        return tuple(
            f"{subject}: {_shares(counts)}: decide on one, or set transcripts.{subject}"
            for subject, counts in subjects.items()
            if sum(counts.values()) >= LEAST_SEEN and _custom(counts) is None
        )

    def _against_casing(self, casing: Cased) -> Finding | None:
        custom = _custom(self.casing)
        if custom is None or casing is Cased.NONE or custom in {casing, Cased.MIXED}:
            return None
        others = f"{_share(self.casing, custom)} are written {_WRITTEN[Cased(custom)]}"
        return found("transcript_casing", f"It is written {_WRITTEN[casing]}, while {others}.")

    def _against_punctuation(self, mark: str | None) -> Finding | None:
        custom = _custom(self.punctuation)
        if custom is None or mark is None or custom == mark:
            return None
        others = f"{_share(self.punctuation, custom)} are written {custom} it"
        return found("transcript_punctuation", f"It is written {mark} punctuation, while {others}.")


def style_of(text: str) -> Style:
    """How a transcript is written, whatever its language.

    Scripts without case have none, and so has a text mostly in one of them. A text that begins with a figure and has
    no capitals may be a sentence or not. Punctuation is what `transcripts.punctuation: remove` would take out; a text
    of one or two words can do without, and so can Thai and Lao.
    """
    return Style(_casing_of(text), _punctuated(text))


def _casing_of(text: str) -> Cased:
    letters, capitals, cased = _letters_of(text)
    if not cased or cased * 2 < letters:
        return Cased.NONE
    if not capitals:
        return Cased.NONE if _begins_with_figure(text) else Cased.LOWER
    if capitals == cased:
        return Cased.UPPER if capitals >= _SHOUTED else Cased.NONE
    starts = [letter for word in text.split() if (letter := _first_letter(word))]
    if starts[0].islower() or capitals * 2 > cased:
        return Cased.MIXED
    titled = len(starts) >= _TITLED and not any(map(str.islower, starts))
    return Cased.TITLE if titled else Cased.SENTENCE


def _letters_of(text: str) -> tuple[int, int, int]:
    """How many letters there are, how many of them capitals, and how many of either case."""
    if text.isascii():
        written = text.encode()
        letters = len(written.translate(None, _NO_ASCII_LETTERS))
        return letters, len(written.translate(None, _NO_ASCII_CAPITALS)), letters
    letters_in = [character for character in text if character.isalpha()]
    capitals = sum(map(str.isupper, letters_in))
    return len(letters_in), capitals, capitals + sum(map(str.islower, letters_in))


def _punctuated(text: str) -> bool | None:
    if marks_in(text):
        return True
    words = len(text.split())
    if text.isascii():
        return None if words <= _SHORT else False
    words += len(re.findall(_EAST_ASIAN, text)) // _SIGNS_A_WORD
    return None if words <= _SHORT or re.search(_UNPUNCTUATED, text) else False


def _begins_with_figure(text: str) -> bool:
    return next((character.isnumeric() for character in text if character.isalnum()), False)


def _first_letter(word: str) -> str:
    return next(filter(str.isalpha, word), "")


def _custom(counts: Mapping[str, int]) -> str | None:
    """What nearly all of enough transcripts have in common."""
    total = sum(counts.values())
    most = max(counts, key=lambda name: counts[name], default=None)
    return most if most and total >= LEAST_SEEN and counts[most] >= LEAST_SHARE * total else None


def _share(counts: Mapping[str, int], name: str) -> str:
    total = sum(counts.values())
    return f"{100 * counts[name] // total} % of {total:,} transcripts"


def _shares(counts: Mapping[str, int]) -> str:
    """Every share, the largest first."""
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{100 * count / total:.0f} % {name}" for name, count in ordered)


def _mark(style: Style) -> str | None:
    if style.punctuated is None:
        return None
    return _WITH if style.punctuated else _WITHOUT


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
