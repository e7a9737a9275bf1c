"""What a transcript file says: its text, decoded and repaired, or why it cannot be one."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import ne

from attune.domain.finding import Finding
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import found

MOST_MARKS = 30  # on one letter: Unicode's stream-safe text format (UAX 15)
_BYTE_ORDER_MARK = "\ufeff"
_UTF_16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_LINE_ENDINGS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACING_MARKS = "\uff9e\uff9f"  # letters by category, but NFKC makes them combining marks


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript's text, and what was repaired to get at it. Reading the text again repairs nothing."""

    text: str
    repairs: tuple[Finding, ...] = ()


def over_size(size: int, limits: Limits) -> Finding | None:
    """What speaks against a transcript of that many bytes, before one of them is read."""
    most = limits.max_transcript_bytes
    if size <= most:
        return None
    return found("transcript_too_large", f"The transcript is {size:,} bytes; at most {most:,} are taken.")


def read_transcript(data: bytes, limits: Limits) -> Transcript | Finding:
    """A transcript: UTF-8 with or without a byte order mark, or UTF-16 with one.

    Always repaired, each with a finding: byte order marks are dropped, wherever they stand; UTF-16 becomes UTF-8;
    every line ending becomes LF; letters are composed (NFC); blanks are set right, see `tidied`. The one LF that a
    text file ends with is dropped without a word. Quotes, dashes, casing and all else are left to the dataset's manner.
    """
    if fault := over_size(len(data), limits):
        return fault
    try:
        text, findings = _decoded(data)
    except UnicodeDecodeError:
        return _unknown_encoding()
    if "\0" in text:
        return _unknown_encoding()  # UTF-16 without its mark, or UTF-32, passes for UTF-8 or UTF-16 full of zeros
    for repaired in _REPAIRS:
        text, finding = repaired(text)
        findings += [finding] if finding else []
    if all(unicodedata.category(character) in _UNSEEN for character in text):
        return found("transcript_empty", "The transcript has no text.")
    return Transcript(text, tuple(findings))


def tidied(text: str) -> tuple[str, int]:
    """The text with its blanks set right, and in how many places that was.

    Lines and the whole are trimmed; a run of blanks of any kind (tabs, no-break, wide and narrow spaces) is one space;
    several empty lines are one.
    """
    lines = text.split("\n")
    trimmed = [line.strip() for line in lines]
    joined, runs = _BLANKS.subn(" ", "\n".join(trimmed))
    joined, rows = _EMPTY_LINES.subn("\n\n", joined)
    tidy = joined.strip("\n")
    return tidy, sum(map(ne, lines, trimmed)) + runs + rows + (tidy != joined)


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC); as it is where there are too many marks on a letter.

    Sorting marks takes the square of their number: minutes for a file of nothing else.
    """
    if text.isascii() or unicodedata.is_normalized("NFC", text) or marks_in_a_row(text) > MOST_MARKS:
        return text
    return unicodedata.normalize("NFC", text)


def marks_in_a_row(text: str) -> int:
    """The most combining marks that stand on one letter; beyond `MOST_MARKS` nobody wrote them to be read."""
    return max(map(len, bytes(map(_is_mark, text)).split(b"\0")))


def places(number: int) -> str:
    """How findings count: “one place”, “3 places”."""
    return "one place" if number == 1 else f"{number:,} places"


def _decoded(data: bytes) -> tuple[str, list[Finding]]:
    for mark, encoding in _UTF_16:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding)
            return text, [found("repaired_encoding", "The file is UTF-16; its text is kept as UTF-8.")]
    return data.decode("utf-8"), []


def _unknown_encoding() -> Finding:
    return found("transcript_encoding", "The transcript is neither UTF-8 nor UTF-16 with a byte order mark.")


def _without_marks(text: str) -> tuple[str, Finding | None]:
    count = text.count(_BYTE_ORDER_MARK)
    if not count:
        return text, None
    sentence = f"A byte order mark was dropped in {places(count)}."
    return text.replace(_BYTE_ORDER_MARK, ""), found("repaired_mark", sentence)


def _with_line_endings(text: str) -> tuple[str, Finding | None]:
    text, count = _LINE_ENDINGS.subn("\n", text)
    sentence = f"Line endings became LF in {places(count)}."
    return text, found("repaired_line_endings", sentence) if count else None


def _with_whole_letters(text: str) -> tuple[str, Finding | None]:
    whole = composed(text)
    if whole == text:
        return text, None
    sentence = f"Unicode's composed form (NFC) was made: {len(text):,} code points became {len(whole):,}."
    return whole, found("repaired_unicode", sentence)


def _with_single_blanks(text: str) -> tuple[str, Finding | None]:
    tidy, count = tidied(text.removesuffix("\n"))
    return tidy, found("repaired_whitespace", f"Blanks were set right in {places(count)}.") if count else None


@cache
def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or character in _SPACING_MARKS


_REPAIRS: tuple[Callable[[str], tuple[str, Finding | None]], ...] = (
    _without_marks,
    _with_line_endings,
    _with_whole_letters,
    _with_single_blanks,
)
