"""Marks answers with jiwer, after Whisper's normalisation of both texts: for English its own, elsewhere the basic one.

Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), appendix C. Languages written
without blanks have their words counted character by character, as there. Unlike there, the basic one keeps marks: they
are vowels in the scripts of India and tones in Thai.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from itertools import groupby

import jiwer
import jsonschema
from referencing import Registry
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.task import Kind

_WITHOUT_BLANKS = (
    "zh",
    "ja",
    "th",
    "lo",
    "my",
    "km",
    "yue",
    "cmn",
)  # Whisper's own list, Khmer, and Mandarin by its other name
_SHORT_SECONDS = 2.0
_SAID_A_SECOND = 35.0  # characters: what domain.quality.limits refuses a transcript above
_OVERLONG = 2.0  # times the reference's length, above which an answer that cannot be said in the time is too long
_RUNAWAY = 4  # times at least that the same words stand one after the other, and more than twice the reference's
_GRAM = 8  # words at most that are looked at as repeated
_NO_JSON = object()


class LibraryScorer:
    """The port `Scorer`, for utterances of a language (BCP 47)."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._normalised = _normaliser(language)

    @property
    def normalisation(self) -> str:
        """What is done to both texts before words are compared, in words, with the library that does it."""
        primary = _primary(self._language)
        kind = (
            "English (numbers, contractions, spelling, fillers)"
            if primary == "en"
            else "basic (case, punctuation; marks are kept)"
        )
        split = ", each character a word" if _is_split(self._language) else ""
        versions = f"whisper-normalizer {version('whisper-normalizer')}, jiwer {version('jiwer')}"
        return f"Whisper's {kind} normalisation{split} ({versions})"

    def mark(self, example: Example, answer: Answer) -> Mark:
        """What the answer is worth."""
        if example.kind is not Kind.TRANSCRIPTION:
            return _target(example, answer)
        reference, said = self._normalised(example.reference).split(), self._normalised(answer.text).split()
        between = "" if _is_split(self._language) else " "
        words = _edits(reference, said)
        casing, punctuation = _as_written(example.reference, answer.text)
        return Mark(
            words=words,
            characters=_edits(list(between.join(reference)), list(between.join(said))),
            casing=casing,
            punctuation=punctuation,
            flaws=tuple(_flaws(example, answer, reference, said, words)),
        )


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()


def _is_split(language: str) -> bool:
    """Whether each character of the language counts as a word. The blanks between them are no characters then."""
    return _primary(language) in _WITHOUT_BLANKS


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    if _primary(language) == "en":
        return EnglishTextNormalizer()  # type: ignore[no-any-return]  # it has no types
    return BasicTextNormalizer(split_letters=_is_split(language), preserve_marks=True)  # type: ignore[no-any-return]  # as above


def _edits(reference: Sequence[str], said: Sequence[str]) -> Edits:
    """What jiwer counts; of tokens, whatever they are, by standing each for one word of its own."""
    found = jiwer.process_words(_numbered(reference, said), _numbered(said, reference))
    return Edits(found.substitutions, found.insertions, found.deletions, len(reference))


def _numbered(tokens: Sequence[str], others: Sequence[str]) -> str:
    """The tokens as words that jiwer splits nowhere else: their places among all tokens in use."""
    places = {token: str(place) for place, token in enumerate(sorted({*tokens, *others}))}
    return " ".join(places[token] for token in tokens)


def _as_written(reference: str, said: str) -> tuple[int, int]:
    """The words that differ from the reference's as they are written: in case alone, and in punctuation alone.

    A word that differs in both counts in both.
    """
    one, other = reference.split(), said.split()
    bare = ([_bare(word) for word in one], [_bare(word) for word in other])
    if not one or not other:
        return 0, 0
    casing = punctuation = 0
    aligned = jiwer.process_words(_numbered(bare[0], bare[1]), _numbered(bare[1], bare[0]))
    for chunk in aligned.alignments[0]:
        if chunk.type == "equal":
            for mine, its in zip(
                one[chunk.ref_start_idx : chunk.ref_end_idx],
                other[chunk.hyp_start_idx : chunk.hyp_end_idx],
                strict=True,
            ):
                casing += _spelled(mine) != _spelled(its)
                punctuation += mine.casefold() != its.casefold()
    return casing, punctuation


def _bare(word: str) -> str:
    return _spelled(word).casefold() or word


def _spelled(word: str) -> str:
    """Without punctuation and symbols."""
    return "".join(each for each in word if unicodedata.category(each)[0] not in "PS")


def _flaws(
    example: Example, answer: Answer, reference: Sequence[str], said: Sequence[str], words: Edits
) -> Iterator[Flaw]:
    if answer.failure is not None:
        yield Flaw.FAILED
    elif not said and reference:
        yield Flaw.EMPTY
    if words.insertions and (example.seconds < _SHORT_SECONDS or not reference):
        yield Flaw.INSERTED
    length = len(answer.text)
    if _repeats(said) >= max(_RUNAWAY, 2 * _repeats(reference) + 1):
        yield Flaw.RUNAWAY
    elif length > _SAID_A_SECOND * max(example.seconds, 1.0) and length > _OVERLONG * len(example.reference):
        yield Flaw.OVERLONG


def _repeats(words: Sequence[str]) -> int:
    """How often the same up to eight words stand one after the other, at most."""
    most = 1
    for size in range(1, min(_GRAM, len(words) // 2) + 1):
        same = [words[place] == words[place + size] for place in range(len(words) - size)]
        runs = [len(list(run)) for alike, run in groupby(same) if alike]
        most = max([most, *(run // size + 1 for run in runs)])
    return most


def _target(example: Example, answer: Answer) -> Mark:
    flaws = [Flaw.FAILED] if answer.failure is not None else []
    said = answer.text.strip()
    if not said and not flaws:
        flaws.append(Flaw.EMPTY)
    if example.kind is Kind.CLASSIFICATION:
        if said and example.labels and said not in example.labels:
            flaws.append(Flaw.INVALID)
        return Mark(exact=said == example.reference.strip(), flaws=tuple(flaws))
    document, expected = _parsed(said), _parsed(example.reference)
    if said and (document is _NO_JSON or not _is_valid(document, example.schema)):
        flaws.append(Flaw.INVALID)
    return Mark(exact=document is not _NO_JSON and _same(document, expected), flaws=tuple(flaws))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the latter of an answer that opens brackets without end
        return _NO_JSON


def _same(document: object, expected: object) -> bool:
    """Equal as JSON: the order of names is nothing, 1 is 1.0, and true is not 1."""
    if isinstance(document, dict) and isinstance(expected, dict):
        return document.keys() == expected.keys() and all(_same(document[key], expected[key]) for key in document)
    if isinstance(document, list) and isinstance(expected, list):
        return len(document) == len(expected) and all(map(_same, document, expected))
    return isinstance(document, bool) is isinstance(expected, bool) and document == expected


def _is_valid(document: object, schema: Mapping[str, object] | None) -> bool:
    try:
        return not schema or jsonschema.Draft202012Validator(schema, registry=Registry()).is_valid(document)
    except RecursionError:  # of a schema that refers to itself, and a document that is nested as deep
        return False
