"""The manner in which all transcripts of a dataset are written: their casing and punctuation, whoever wrote them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from attune.domain.finding import Finding
from attune.domain.quality.rules import found
from attune.domain.transcript import composed, places, tidied


class Casing(StrEnum):
    """What becomes of letters that have a case."""

    KEEP = "keep"
    LOWER = "lower"
    UPPER = "upper"


class Punctuation(StrEnum):
    """What becomes of punctuation."""

    KEEP = "keep"
    REMOVE = "remove"


_READ_ALOUD = frozenset("%\u2030\u2031\u066a&@#\u00a7*\uff05\uff06\uff20\uff03\uff0a")
_SPELLING = frozenset("\u05f3\u05f4\u0f0b\u0f0c")  # Hebrew geresh and gershayim, the Tibetan dot between syllables
_JOINERS = frozenset("'\u2018\u2019\uff07\u055a\u00b7-\u2010\u2011\u05be\u058a")  # apostrophes, l·l, hyphens
_IN_FIGURES = frozenset(".,:/'\u2019\u066b\u066c\u2013\uff0c\uff0e\uff1a\uff0f")
_BEFORE_FIGURES = frozenset("-.")  # a minus, the point of .5
_MAY_BELONG = _JOINERS | _IN_FIGURES | _BEFORE_FIGURES | {'"'}
_OVER_LETTERS = frozenset("\u055b\u055c\u055e")  # Armenian stress, exclamation and question marks stand within words
_GONE, _GONE_WITHIN = "\ud800", "\ud801"  # halves of characters, which no text has
_GAPS = re.compile(f"[{_GONE}{_GONE_WITHIN}]+")
# `re` takes milliseconds over so wide a range: it compiles this when a text first needs it, and keeps it.
_EAST_ASIAN = "[\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u31f0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"


@dataclass(frozen=True, slots=True)
class Manner:
    """A dataset's manner. It knows no language: a Turkish I becomes i as anywhere else, and ß becomes SS in capitals.

    Of punctuation (Unicode's categories P), what is part of a word or a figure stays: apostrophes and hyphens between
    letters (don't, well-known), and between digits what 3.5, 1,000, 10:30, 1/2 and 1990-95 are written with, a minus
    before them. So do signs that are read aloud (% & @ # § *) and all symbols: currency, + = < >, emoji. Where a mark
    stood between two words without a blank, a blank takes its place, unless one side is Chinese or Japanese.
    """

    # pydantic reads this: a field that is spelled wrong is an error, not one nobody set.
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    casing: Casing = Casing.KEEP
    punctuation: Punctuation = Punctuation.KEEP

    def applied(self, text: str) -> str:
        """The text in this manner, its blanks tidy; it can be empty. Applying it again changes nothing."""
        if self.punctuation is Punctuation.REMOVE:
            text = _without_punctuation(text)
        return text if self.casing is Casing.KEEP else composed(_cased(text, self.casing))

    def repairs(self, before: str, after: str) -> tuple[Finding, ...]:
        """What this manner did to a text, where it did: nothing, when `after` is `before`."""
        if before == after:
            return ()
        findings = (self._casing_repair(before), self._punctuation_repair(before))
        return tuple(finding for finding in findings if finding is not None)

    def _casing_repair(self, text: str) -> Finding | None:
        count = sum(_cased(character, self.casing) != character for character in text)
        if not count:
            return None
        kind = "small letters" if self.casing is Casing.LOWER else "capitals"
        return found(
            "repaired_casing", f"It is written in {kind}, as transcripts.casing asks: {places(count)} changed."
        )

    def _punctuation_repair(self, text: str) -> Finding | None:
        count = marks_in(text) if self.punctuation is Punctuation.REMOVE else 0
        if not count:
            return None
        sentence = f"Punctuation was taken out, as transcripts.punctuation asks, in {places(count)}."
        return found("repaired_punctuation", sentence)


def marks_in(text: str) -> int:
    """How many punctuation marks a text has, beside those that belong to its words and figures."""
    held = _held(text)
    return held.count(_GONE) + held.count(_GONE_WITHIN)


def _cased(text: str, casing: Casing) -> str:
    if casing is Casing.LOWER:
        return text.lower()
    return text.upper() if casing is Casing.UPPER else text


def _without_punctuation(text: str) -> str:
    held = _held(text)
    return text if held == text else composed(tidied(_GAPS.sub(_gap, held))[0])


def _held(text: str) -> str:
    """The text with a placeholder for each punctuation mark that is to go."""
    candidates = {mark for mark in set(text) if unicodedata.category(mark).startswith("P")} - _READ_ALOUD - _SPELLING
    if not candidates:
        return text
    return _any_of("".join(sorted(candidates))).sub(_held_mark, f"\n{text}\n")[1:-1]


def _held_mark(found: re.Match[str]) -> str:
    around, at, mark = found.string, found.start(), found.group()
    return mark if _belongs(around[at - 1], mark, around[at + 1]) else _placeholder(mark)


@lru_cache(maxsize=1024)
def _any_of(marks: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(marks)}]")


def _belongs(before: str, mark: str, after: str) -> bool:
    """Whether a mark is part of the word or the figure around it."""
    if mark not in _MAY_BELONG:
        return False
    if mark in _IN_FIGURES and _is_digit(before) and _is_digit(after):
        return True
    if mark in _JOINERS and _in_word(before) and _in_word(after):
        return True
    if mark == '"' and "\u05d0" <= before <= "\u05ea" and "\u05d0" <= after <= "\u05ea":
        return True  # typed for gershayim
    return mark in _BEFORE_FIGURES and _is_digit(after) and not _in_word(before) and before not in _BEFORE_FIGURES


def _gap(gone: re.Match[str]) -> str:
    """What takes the place of marks that are gone."""
    text = gone.string
    before, after = text[max(gone.start() - 1, 0) : gone.start()], text[gone.end() : gone.end() + 1]
    if not before.strip() or not after.strip():
        return ""
    within = set(gone.group()) == {_GONE_WITHIN} or _is_east_asian(before) or _is_east_asian(after)
    return "" if within and _in_word(before) and _in_word(after) else " "


def _is_east_asian(character: str) -> bool:
    return not character.isascii() and re.match(_EAST_ASIAN, character) is not None


def _placeholder(mark: str) -> str:
    return _GONE_WITHIN if mark in _OVER_LETTERS else _GONE


def _in_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _is_digit(character: str) -> bool:
    return character.isdigit()
