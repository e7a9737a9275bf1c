"""Writes a trigram model of sentences in the ARPA format, smoothed after Witten and Bell.

The more different words followed a context, the more is left for others there (Witten and Bell, "The zero-frequency
problem", 1991, method C), shared out by the shorter context: P(w|c) = L(c) n(cw)/n(c) + (1 - L(c)) P(w|c'), where
L(c) = n(c) / (n(c) + the number of different words after c). Words outside the sentences have no place in it.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_ORDER = 3
_BEGIN, _END = "<s>", "</s>"
_NEVER = -99.0

Gram = tuple[str, ...]


@dataclass(slots=True)
class _Counts:
    """How often each word followed each context of up to two words."""

    after: defaultdict[Gram, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, sentence: Sequence[str]) -> None:
        padded = (_BEGIN, *sentence, _END)
        for end in range(1, len(padded)):
            for start in range(max(0, end - _ORDER + 1), end + 1):
                self.after[padded[start:end]][padded[end]] += 1

    def trust(self, context: Gram) -> float:
        """How much of the probability goes to what was seen after it."""
        followers = self.after[context]
        return followers.total() / (followers.total() + len(followers))

    def probability(self, gram: Gram) -> float:
        """Of the last word after the others; it was seen."""
        context, word = gram[:-1], gram[-1]
        seen = self.after[context][word] / self.after[context].total()
        if not context:
            return seen
        trust = self.trust(context)
        return trust * seen + (1 - trust) * self.probability(gram[1:])


def arpa(sentences: Iterable[Sequence[str]]) -> str:
    """The model of the sentences that have words; there is at least one."""
    counts = _Counts()
    for sentence in filter(None, sentences):
        counts.add(sentence)
    orders = [_lines(counts, length) for length in range(1, _ORDER + 1)]
    sizes = [f"ngram {length}={len(lines)}" for length, lines in enumerate(orders, start=1)]
    blocks = [["", f"\\{length}-grams:", *lines] for length, lines in enumerate(orders, start=1)]
    return "\n".join(("\\data\\", *sizes, *(line for block in blocks for line in block), "", "\\end\\", ""))


def _lines(counts: _Counts, length: int) -> list[str]:
    contexts = {context: words for context, words in counts.after.items() if len(context) == length - 1}
    grams = {gram: math.log10(counts.probability(gram)) for gram in _grams(contexts)}
    if length == 1:
        grams[_BEGIN,] = _NEVER
    return [_line(counts, gram, weight) for gram, weight in sorted(grams.items())]


def _grams(contexts: Mapping[Gram, Iterable[str]]) -> Iterator[Gram]:
    return ((*context, word) for context, words in contexts.items() for word in words)


def _line(counts: _Counts, gram: Gram, weight: float) -> str:
    """Probability, words, and what is left for shorter contexts: all, where nothing followed."""
    columns = f"{weight:.5f}\t{' '.join(gram)}"
    if len(gram) == _ORDER:
        return columns
    left = 1 - counts.trust(gram) if gram in counts.after else 1.0
    return f"{columns}\t{math.log10(left):.5f}"
