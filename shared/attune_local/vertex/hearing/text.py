"""Transcripts as words: the form the recogniser knows them by, and the form people write them in."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


def tokens(text: str) -> list[str]:
    """Its words, folded to lower case, without punctuation: what the dictionary and the language model hold."""
    return [_token(word) for word in _WORD.findall(text)]


def spellings(texts: Iterable[str]) -> Mapping[str, str]:
    """How each word is written most often, such as `Heron` for `heron`; the first in order of writing when equal."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in _WORD.findall(text):
            seen[_token(word)][word] += 1
    return {token: max(sorted(forms), key=forms.__getitem__) for token, forms in seen.items()}


def _token(word: str) -> str:
    return word.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
