"""What the words of a transcript tell: all the rules on them, their pace, and whether two say the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from functools import cache
from operator import eq

from attune.domain.finding import Finding
from attune.domain.quality.leftovers import markup, speaker_tags, timestamps
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import found
from attune.domain.quality.scripts import UNSPACED, control_characters, is_unspaced, mixed_scripts
from attune.domain.transcript import MOST_MARKS, marks_in_a_row

_LONGEST_REPEAT = 8  # words
_LONGEST_UNSPACED_REPEAT = 24  # characters of a script without blanks: about as much
# Classes of wide ranges take `re` milliseconds; it compiles them when a text first needs them, and keeps them.
_UNSPACED_BLANK = f"(?<=[{UNSPACED}]) +(?=[{UNSPACED}])"
_TOKEN = rf"[{UNSPACED}]|[^\s{UNSPACED}]+"
_DROPPED = {ord(mark): None if mark == "'" else " " for mark in map(chr, range(128)) if not mark.isalnum()}
_APOSTROPHES = frozenset("'\u2018\u2019\u02bc\u055a\u05f3\u05f4")
_SELECTORS = "[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
_ASCII_OTHERS = bytes(byte for byte in range(128) if not chr(byte).isalnum())


def judge_words(text: str, seconds: float, limits: Limits) -> tuple[Finding, ...]:
    """Everything that is wrong with what a transcript says, held against the length of its recording."""
    findings = (
        control_characters(text),
        markup(text),
        timestamps(text),
        speaker_tags(text),
        _pace(text, seconds, limits),
        _repeats(text, limits),
        mixed_scripts(text),
    )
    return tuple(finding for finding in findings if finding is not None)


def characters_per_second(text: str, seconds: float) -> float:
    """The pace of a transcript: its letters and digits a second, 0 where there is no recording.

    Wide ones (Unicode's East Asian width) count twice, so that one scale serves: a sign or a syllable of Chinese,
    Japanese or Korean takes about as long to say as two letters of an alphabet.
    """
    return _letters(text) / seconds if seconds > 0 else 0.0


def said(text: str) -> str:
    """What is compared to tell whether two transcripts say the same.

    Compatible forms are one (NFKC), and so are small letters and capitals. Apostrophes are left out; other
    punctuation, symbols and all blanks are one space between words, none between signs of scripts without blanks.
    Where nothing is left, it is the text itself with single blanks.
    """
    words = " ".join(_words_alone(text).split())
    return (words if words.isascii() else re.sub(_UNSPACED_BLANK, "", words)) or " ".join(text.split())


def words_digest(text: str) -> str:
    """Names what a transcript says: the SHA-256 of `said`, in hexadecimal."""
    return hashlib.sha256(said(text).encode(errors="surrogatepass")).hexdigest()


def _pace(text: str, seconds: float, limits: Limits) -> Finding | None:
    if seconds <= 0:
        return None
    letters = _letters(text)
    pace = letters / seconds
    figures = f"It has {letters:,} letters and digits for {seconds:,.1f} seconds, {pace:,.1f} a second"
    if pace > limits.max_characters_per_second:
        return found("transcript_too_fast", f"{figures}; nobody says more than {limits.max_characters_per_second:g}.")
    if pace < limits.advised_characters_per_second:
        return found("transcript_too_slow", f"{figures}; speech has at least {limits.advised_characters_per_second:g}.")
    return None


def _letters(text: str) -> int:
    if text.isascii():
        return len(text.encode().translate(None, _ASCII_OTHERS))
    return sum(count * _width(character) for character, count in Counter(text).items())


def _repeats(text: str, limits: Limits) -> Finding | None:
    """Finds what stands too often in a row, shortest first, in one pass over the text for each length."""
    most = limits.max_repeats
    tokens = said(text).split()
    unspaced = is_unspaced(text)
    if unspaced:
        tokens = re.findall(_TOKEN, " ".join(tokens))
    if not tokens or max(Counter(tokens).values()) <= most:
        return None
    for size in range(1, (_LONGEST_UNSPACED_REPEAT if unspaced else _LONGEST_REPEAT) + 1):
        same = bytes(map(eq, tokens, tokens[size:]))
        times = max(map(len, same.split(b"\0"))) // size + 1
        if times > most:
            return found("transcript_repeats", _repeated(size, times, unspaced=unspaced))
    return None


def _repeated(size: int, times: int, *, unspaced: bool) -> str:
    unit = "character" if unspaced else "word"
    what = f"{unit} stands" if size == 1 else f"{size} {unit}s stand"
    return f"The same {what} there {times:,} times, one after the other."


@cache
def _width(character: str) -> int:
    if not character.isalnum():
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _words_alone(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_DROPPED)
    return "".join(map(_kept, _compatible(text).casefold()))


@cache
def _kept(character: str) -> str:
    """What is left of a character in `said`."""
    if character in _APOSTROPHES or re.match(_SELECTORS, character):
        return ""
    category = unicodedata.category(character)
    if category[0] in "PSZ" or category == "Cc":
        return " "
    return "" if category[0] == "C" or category == "Me" else character


def _compatible(text: str) -> str:
    """The text in Unicode's compatible form (NFKC), unless it has too many marks on a letter: see `composed`."""
    if unicodedata.is_normalized("NFKC", text) or marks_in_a_row(text) > MOST_MARKS:
        return text
    return unicodedata.normalize("NFKC", text)
