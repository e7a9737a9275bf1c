"""Phones of English as the dictionary names them, and how far apart two strings of them are."""

from collections.abc import Sequence
from itertools import pairwise

Phones = tuple[str, ...]
"""Names of ARPAbet without stress, such as `("B", "ER", "TH")`."""

_GAP = 0.6
"""The price of a phone that only one side has."""
_KIN, _FOREIGN, _OPPOSITE = 0.5, 1.0, 1.2
"""The price of a phone in another's place: of its own manner, of another, a vowel for a consonant."""
_VOWEL = "vowel"
_MANNERS = {
    _VOWEL: "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW",
    "stop": "P B T D K G",
    "fricative": "F V TH DH S Z SH ZH HH CH JH",
    "nasal": "M N NG",
    "glide": "L R W Y",
}
_MANNER = {phone: manner for manner, phones in _MANNERS.items() for phone in phones.split()}


def is_phone(name: str) -> bool:
    """Whether it is a sound of speech, and not a pause or a noise."""
    return name in _MANNER


def distance(expected: Phones, heard: Phones) -> float:
    """How far it is from one to the other; about 0.6 a phone for what has nothing to do with each other."""
    return _table(expected, heard)[-1][-1]


def alignment(expected: Phones, heard: Phones) -> list[int | None]:
    """For each phone heard, the index of the expected one it stands for, or None."""
    table = _table(expected, heard)
    stands_for: list[int | None] = [None] * len(heard)
    row, column = len(expected), len(heard)
    while row and column:
        if table[row][column] == table[row - 1][column - 1] + _price(expected[row - 1], heard[column - 1]):
            row, column = row - 1, column - 1
            stands_for[column] = row
        elif table[row][column] == table[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1
    return stands_for


def _table(expected: Phones, heard: Phones) -> list[list[float]]:
    """Distances of all beginnings of one from all beginnings of the other."""
    table = [[column * _GAP for column in range(len(heard) + 1)]]
    for phone in expected:
        table.append(_next_row(phone, heard, table[-1]))
    return table


def _next_row(phone: str, heard: Phones, above: Sequence[float]) -> list[float]:
    row = [above[0] + _GAP]
    for other, (diagonal, up) in zip(heard, pairwise(above), strict=True):
        row.append(min(diagonal + _price(phone, other), up + _GAP, row[-1] + _GAP))
    return row


def _price(one: str, other: str) -> float:
    if one == other:
        return 0.0
    manners = _MANNER[one], _MANNER[other]
    if manners[0] == manners[1]:
        return _KIN
    return _OPPOSITE if _VOWEL in manners else _FOREIGN
