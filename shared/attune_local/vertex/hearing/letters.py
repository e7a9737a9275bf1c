"""Guesses how an English word sounds that no dictionary has, by a few rules of spelling.

The guess is rough: a tuned model corrects it by what it hears. Digits are read one by one; letters of other scripts are
silent, so that a word without Latin letters cannot be said at all.
"""

import re
import unicodedata

from attune_local.vertex.hearing.phones import Phones

_DIGITS = ("Z IY R OW", "W AH N", "T UW", "TH R IY", "F AO R", "F AY V", "S IH K S", "S EH V AH N", "EY T", "N AY N")
_RULES = {
    r"tion": "SH AH N",
    r"sion": "ZH AH N",
    r"ture(?!.)": "CH ER",
    r"eigh": "EY",
    r"igh": "AY",
    r"tch": "CH",
    r"dge": "JH",
    r"ee|ea|ie": "IY",
    r"oo|ew|ue": "UW",
    r"ai|ay|ei": "EY",
    r"au|aw": "AO",
    r"oi|oy": "OY",
    r"ou": "AW",
    r"oa|ow": "OW",
    r"ey(?!.)|y(?!.)": "IY",
    r"ar": "AA R",
    r"or": "AO R",
    r"er|ir|ur": "ER",
    r"a(?=[^aeiou]e(?!.))": "EY",
    r"e(?=[^aeiou]e(?!.))": "IY",
    r"i(?=[^aeiou]e(?!.))": "AY",
    r"o(?=[^aeiou]e(?!.))|o(?!.)": "OW",
    r"u(?=[^aeiou]e(?!.))": "UW",
    r"(?<=[^aeiou])e(?!.)": "",
    r"a(?!.)": "AH",
    r"ch": "CH",
    r"sh": "SH",
    r"th": "TH",
    r"ph": "F",
    r"wh": "W",
    r"qu": "K W",
    r"ck": "K",
    r"ng": "NG",
    r"gh": "G",
    r"(?<!.)kn": "N",
    r"(?<!.)wr": "R",
    r"(?<!.)y": "Y",
    r"c(?=[eiy])": "S",
    r"([bcdfgklmnprstvz])(?=\1)": "",
    r"x": "K S",
    **dict(zip("aeiouy", ("AE", "EH", "IH", "AA", "AH", "IH"), strict=True)),
    **dict(zip("bcdfghjklm", ("B", "K", "D", "F", "G", "HH", "JH", "K", "L", "M"), strict=True)),
    **dict(zip("npqrstvwz", ("N", "P", "K", "R", "S", "T", "V", "W", "Z"), strict=True)),
    **{str(digit): said for digit, said in enumerate(_DIGITS)},
}
_COMPILED = tuple((re.compile(pattern), tuple(said.split())) for pattern, said in _RULES.items())


def guess(word: str) -> Phones:
    """Its phones; none when nothing of it can be said."""
    spelt = unicodedata.normalize("NFKD", word.casefold())
    said: list[str] = []
    at = 0
    while at < len(spelt):
        at, phones = _next(spelt, at)
        said += phones
    return tuple(said)


def _next(spelt: str, at: int) -> tuple[int, Phones]:
    for pattern, phones in _COMPILED:
        found = pattern.match(spelt, at)
        if found:
            return found.end(), phones
    return at + 1, ()
