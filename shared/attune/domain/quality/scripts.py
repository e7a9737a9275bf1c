"""Scripts: which characters a writing has use for, and which letters share a word."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import chain

from attune.domain.finding import Finding
from attune.domain.quality.rules import found
from attune.domain.transcript import MOST_MARKS, marks_in_a_row, places

UNSPACED = (  # Thai, Lao, Tibetan, Myanmar, Khmer, kana, Chinese: written without blanks between words; for [classes]
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U00020000-\U0003ffff"
)
# Classes of wide ranges take `re` milliseconds; it compiles them when a text first needs them, and keeps them.
_UNSPACED_LETTER = f"[{UNSPACED}]"
_UNSEEN_IN_ASCII = re.compile("[\0-\x08\x0b-\x1f\x7f]")
# Unicode's Cc (but for LF and tab), Cf (but for the Arabic, Syriac and Kaithi signs that are seen), Co, Cs,
# noncharacters, and U+FFFD, which stands where a conversion lost something.
_UNSEEN = (
    "[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffd-\uffff"
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f\U000f0000-\U0010ffff]"
)
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069")
_RIGHT_TO_LEFT = "[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
_LATIN = "[\0-\u02ff\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff]"
_FLAG_TAG = "[\U0001f3f4\U000e0020-\U000e007e]"
_MONGOLIAN = "[\u1800-\u18af]"
_MOST_NAMED = 5

# Scripts that share no word. East Asian ones do; Arabic, Hebrew and Thai are joined to foreign names as they are.
_APART = frozenset(
    {
        *("LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "GEORGIAN", "CHEROKEE", "ETHIOPIC", "SINHALA"),
        *("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM"),
    }
)
_WIDTHS = frozenset({"FULLWIDTH", "HALFWIDTH"})
_UNITS = frozenset("\u03bc\u03a9")  # micro and ohm
_LETTERS = r"[^\W\d_]+"


def is_unspaced(text: str) -> bool:
    """Whether any of a text is written without blanks between words."""
    return not text.isascii() and re.search(_UNSPACED_LETTER, text) is not None


def control_characters(text: str) -> Finding | None:
    """Characters that are not seen, but for those that scripts need: joiners, directions, breaks, the tags of flags."""
    if (marks := 0 if text.isascii() else marks_in_a_row(text)) > MOST_MARKS:
        sentence = f"It has {marks:,} combining marks on one letter; no writing needs more than {MOST_MARKS}."
        return found("transcript_control_characters", sentence)
    found_in = _UNSEEN_IN_ASCII.finditer(text) if text.isascii() else re.finditer(_UNSEEN, text)
    unseen = Counter(match.group() for match in found_in if not _has_its_place(match))
    for character in unseen.keys() & _needed(text) if unseen else ():
        del unseen[character]
    if not unseen:
        return None
    named = [f"U+{ord(character):04X} in {places(count)}" for character, count in unseen.most_common(_MOST_NAMED)]
    more = [f"{len(unseen) - _MOST_NAMED} others"] if len(unseen) > _MOST_NAMED else []
    sentence = f"It has characters that are neither seen nor said: {', '.join(named + more)}."
    return found("transcript_control_characters", sentence)


def _needed(text: str) -> frozenset[str]:
    """The unseen characters that scripts in a text need anywhere."""
    directions = _DIRECTIONS if re.search(_RIGHT_TO_LEFT, text) else frozenset[str]()
    return directions | {"\u200b"} if is_unspaced(text) else directions


def _has_its_place(unseen: re.Match[str]) -> bool:
    """Whether an unseen character does what its script needs it for, after the character it stands behind."""
    character, before = unseen.group(), unseen.string[max(unseen.start() - 1, 0) : unseen.start()]
    if character in "\u200c\u200d":
        return before != "" and unicodedata.category(before)[0] in "LMS" and not re.match(_LATIN, before)
    if character == "\u180e":
        return re.match(_MONGOLIAN, before) is not None
    return "\U000e0020" <= character <= "\U000e007f" and re.match(_FLAG_TAG, before) is not None


def mixed_scripts(text: str) -> Finding | None:
    """Words with letters of several scripts: mostly of one that looks the same on another keyboard."""
    if text.isascii() or len(_scripts(text)) <= 1:
        return None
    mixed = [scripts for word in re.findall(_LETTERS, text) if len(scripts := _scripts(word)) > 1]
    if not mixed:
        return None
    named = ", ".join(sorted(script.title() for script in set(chain(*mixed))))
    sentence = f"In {places(len(mixed))} one word has letters of several scripts: {named}."
    return found("transcript_mixed_scripts", sentence)


def _scripts(text: str) -> set[str]:
    """The scripts in a text that share no word with others."""
    return {script for script in map(_script, set(text) - _UNITS) if script}


@cache
def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    words = unicodedata.name(character, "").split()
    script = next((word for word in words if word not in _WIDTHS), "")
    return script if script in _APART else None
