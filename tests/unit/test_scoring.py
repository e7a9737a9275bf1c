"""Answers are marked as jiwer counts them, after the normalisation that the language asks for."""

from dataclasses import replace
from importlib.metadata import version

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.adapters.scoring import LibraryScorer
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.task import Kind
from thoroughness import tries

SCHEMA = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
NESTED = {"$defs": {"list": {"type": "array", "items": {"$ref": "#/$defs/list"}}}, "$ref": "#/$defs/list"}


def an_example(reference: str, seconds: float = 10.0, kind: Kind = Kind.TRANSCRIPTION) -> Example:
    return Example("p", "calls/p", "rows/p", seconds, reference, kind)


def marked(reference: str, said: str, language: str = "en", seconds: float = 10.0) -> Mark:
    return LibraryScorer(language).mark(an_example(reference, seconds), Answer(said, 0.5))


# language, reference, answer, then by hand: substitutions, insertions, deletions, words of the reference
BY_HAND = [
    ("en", "the cat sat", "the cat sat", 0, 0, 0, 3),
    ("en", "the cat sat on the mat", "the cat sit on mat", 1, 0, 1, 6),
    ("en", "the cat sat", "the big cat sat down", 0, 2, 0, 3),
    ("en", "the cat sat", "", 0, 0, 3, 3),
    ("en", "", "hello there", 0, 2, 0, 0),
    ("en", "", "", 0, 0, 0, 0),
    ("en", "um", "uh", 0, 0, 0, 0),  # fillers are nothing in English
    ("en", "um", "hello", 0, 1, 0, 0),
    ("de", "um acht", "acht", 0, 0, 1, 2),  # and words elsewhere
    ("en", "The Cat Sat", "the cat sat", 0, 0, 0, 3),
    ("en", "The cat, it sat.", "the cat it sat", 0, 0, 0, 4),
    ("en", "twenty five dollars", "$25", 0, 0, 0, 1),
    ("en", "fifteen milligrams", "50 milligrams", 1, 0, 0, 2),
    ("en", "it's fine", "it is fine", 0, 0, 0, 3),
    ("en", "I won't go", "I will not go", 0, 0, 0, 4),
    ("en-GB", "the colour is grey", "the color is gray", 0, 0, 0, 4),
    ("en", "Mr. Smith left", "mister smith left", 0, 0, 0, 3),
    ("en", "hello", "[music] hello (laughs)", 0, 0, 0, 1),
    ("de", "eins zwei drei", "vier fünf sechs sieben", 3, 1, 0, 3),
    ("de", "Größe über alles", "Grösse uber alles", 2, 0, 0, 3),
    ("fr", "cafe\u0301", "caf\u00e9", 0, 0, 0, 1),  # the same letter, in two characters and in one
    ("es", "¿Qué tal?", "que tal", 1, 0, 0, 2),
    ("ru", "Привет, мир!", "привет мир", 0, 0, 0, 2),
    ("hi", "हिन्दी भाषा", "हिन्दी भासा", 1, 0, 0, 2),  # its vowels are marks, and stay
    ("zh", "今天天气很好。", "今天天汽好", 1, 0, 1, 6),
    ("cmn-Hans-CN", "今天天气很好。", "今天天汽好", 1, 0, 1, 6),
    ("ja", "こんにちは。", "こんにちわ", 1, 0, 0, 5),
    ("th", "ไม่", "ไม", 1, 0, 0, 2),  # a tone is part of its letter
]


@pytest.mark.parametrize(("language", "reference", "said", "substituted", "inserted", "deleted", "length"), BY_HAND)
def test_words_are_counted_as_by_hand(
    language: str, reference: str, said: str, substituted: int, inserted: int, deleted: int, length: int
) -> None:
    assert marked(reference, said, language).words == Edits(substituted, inserted, deleted, length)


@pytest.mark.parametrize(
    ("language", "reference", "said", "expected"),
    [
        ("en", "the cat", "the hat", Edits(1, 0, 0, 7)),  # jiwer counts the blank
        ("en", "ice cream", "icecream", Edits(0, 0, 1, 9)),
        ("en", "  cat! ", "cat", Edits(0, 0, 0, 3)),
        ("en", "cat", "", Edits(0, 0, 3, 3)),
        ("en", "", "cat", Edits(0, 3, 0, 0)),
        ("zh", "你好 世界", "你好世", Edits(0, 0, 1, 4)),  # there are no blanks to count
    ],
)
def test_characters_are_counted_as_by_hand(language: str, reference: str, said: str, expected: Edits) -> None:
    assert marked(reference, said, language).characters == expected


def test_the_figures_are_those_of_jiwers_own_documentation() -> None:
    """Its README's example, and that of `visualize_alignment`: substitutions=2 deletions=2 insertions=4, wer=88.89%."""
    assert marked("hello world", "hello duck").words.rate == 0.5
    first = marked("short one here", "shoe order one").words
    second = marked("quite a bit of longer sentence", "quite bit of an even longest sentence here").words
    both = first + second
    assert (both.substitutions, both.deletions, both.insertions) == (2, 2, 4)
    assert both.rate == pytest.approx(0.8889, abs=5e-5)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("the cat sat on the mat", "a cat sits at the mat"),
        ("quiet please", "quite pleased to"),
        ("one word", "oneword"),
    ],
)
def test_rates_are_jiwers_own_of_the_normalised_texts(reference: str, said: str) -> None:
    mark = marked(reference, said, "nl")
    assert mark.words.rate == jiwer.wer(reference, said)
    assert mark.characters.rate == jiwer.cer(reference, said)


def plain_distance(one: list[str], other: list[str]) -> int:
    row = list(range(len(other) + 1))
    for down, mine in enumerate(one, 1):
        above, row = row, [down]
        for across, its in enumerate(other, 1):
            row.append(min(above[across] + 1, row[-1] + 1, above[across - 1] + (mine != its)))
    return row[-1]


WORDS = st.lists(st.sampled_from(["ja", "nein", "haus", "maus", "laus", "x"]), max_size=12)


@given(WORDS, WORDS)
@settings(max_examples=tries(150, 3_000), deadline=None)
def test_edits_are_as_many_as_the_plain_edit_distance(reference: list[str], said: list[str]) -> None:
    mark = marked(" ".join(reference), " ".join(said), "de")
    for edits, one, other in (
        (mark.words, reference, said),
        (mark.characters, list(" ".join(reference)), list(" ".join(said))),
    ):
        assert edits.errors == plain_distance(one, other)
        assert edits.length == len(one)
        assert len(other) == len(one) + edits.insertions - edits.deletions


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["en", "de", "zh"]))
@settings(max_examples=tries(150, 3_000), deadline=None)
def test_any_answer_can_be_marked_and_the_reference_is_without_an_error(
    reference: str, said: str, language: str
) -> None:
    assert marked(reference, said, language).words.errors >= 0
    same = marked(reference, reference, language)
    assert (same.words.errors, same.characters.errors, same.casing, same.punctuation) == (0, 0, 0, 0)
    assert same.words.length == marked(reference, said, language).words.length


@pytest.mark.parametrize(
    ("reference", "said", "casing", "punctuation"),
    [
        ("Call Ann now.", "Call Ann now.", 0, 0),
        ("Call Ann now.", "call ann now.", 2, 0),
        ("Call Ann, now.", "Call Ann now", 0, 2),
        ("Call Ann now.", "call Ann now", 1, 1),
        ("Now.", "now", 1, 1),  # one word, both
        ("Call Ann now", "Call Bob now", 0, 0),  # another word is neither
        ("Call Ann now", "call dear Ann", 1, 0),  # counted along the alignment
        ("don't", "don\u2019t", 0, 1),
        ("Call", "", 0, 0),
        ("", "Call.", 0, 0),
        ("हिन्दी", "हिन्दा", 0, 0),  # a vowel is no punctuation
    ],
)
def test_casing_and_punctuation_are_counted_as_written_apart_from_words(
    reference: str, said: str, casing: int, punctuation: int
) -> None:
    mark = marked(reference, said)
    assert (mark.casing, mark.punctuation) == (casing, punctuation)


LONG = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    ("reference", "said", "seconds", "flaws"),
    [
        ("hello there", "hello there", 1.0, ()),
        ("hello there", "", 5.0, (Flaw.EMPTY,)),
        ("hello there", "um", 5.0, (Flaw.EMPTY,)),  # nothing after normalisation
        ("um", "", 5.0, ()),  # nothing was said
        ("hello", "hello there", 1.9, (Flaw.INSERTED,)),
        ("hello", "hello there", 2.0, ()),
        ("hello", "yellow", 1.0, ()),  # substituted, not inserted
        ("", "thanks for watching", 20.0, (Flaw.INSERTED,)),  # silence, however long
        ("yes", "no no no", 5.0, ()),
        ("yes", "no no no no", 5.0, (Flaw.RUNAWAY,)),
        ("oh yes", "this is that this is that this is that this is that", 9.0, (Flaw.RUNAWAY,)),
        ("no no no no", "no no no no", 5.0, ()),
        ("no no no no", "no no no no no no", 5.0, ()),
        ("no no no no", "no " * 9, 5.0, (Flaw.RUNAWAY,)),
        ("hello", LONG, 3.0, (Flaw.OVERLONG,)),
        ("hello", LONG, 10.0, ()),  # it can be said in ten seconds
        (LONG[:-40], LONG, 3.0, ()),  # not much longer than the reference
        ("yes", "no " * 200, 3.0, (Flaw.RUNAWAY,)),  # one flaw, not also too long
    ],
)
def test_flaws_are_found(reference: str, said: str, seconds: float, flaws: tuple[Flaw, ...]) -> None:
    assert marked(reference, said, seconds=seconds).flaws == flaws


def test_a_failed_answer_leaves_out_every_word() -> None:
    mark = LibraryScorer("en").mark(an_example("the cat sat"), Answer("", 1.0, failure="refused"))
    assert mark.words == Edits(0, 0, 3, 3)
    assert mark.flaws == (Flaw.FAILED,)
    assert mark.exact is None


@pytest.mark.parametrize(
    ("reference", "said", "labels", "exact", "flaws"),
    [
        ("billing", "billing", (), True, ()),
        ("billing", " billing\n", ("billing", "other"), True, ()),
        ("billing", "other", ("billing", "other"), False, ()),
        ("billing", "Billing", ("billing", "other"), False, (Flaw.INVALID,)),
        ("billing", "anything", (), False, ()),
        ("billing", " ", ("billing",), False, (Flaw.EMPTY,)),
    ],
)
def test_a_classification_is_right_or_wrong_as_a_whole(
    reference: str, said: str, labels: tuple[str, ...], *, exact: bool, flaws: tuple[Flaw, ...]
) -> None:
    example = replace(an_example(reference, kind=Kind.CLASSIFICATION), labels=labels)
    mark = LibraryScorer("en").mark(example, Answer(said, 0.5))
    assert mark == Mark(exact=exact, flaws=flaws)


@pytest.mark.parametrize(
    ("reference", "said", "exact", "flaws"),
    [
        ('{"n": 1}', '{"n": 1}', True, ()),
        ('{"n": 1, "m": 2}', ' {"m":2,"n":1} ', True, ()),
        ('{"n": 1}', '{"n": 1.0}', True, ()),
        ('{"n": 1}', '{"n": 2}', False, ()),
        ('{"n": 1, "m": 1}', '{"n": 1, "m": true}', False, ()),
        ('{"n": 1, "m": [1, 2]}', '{"n": 1, "m": [2, 1]}', False, ()),
        ('{"n": 1}', '{"n": "1"}', False, (Flaw.INVALID,)),
        ('{"n": 1}', '{"m": 1}', False, (Flaw.INVALID,)),
        ('{"n": 1}', '{"n": 1', False, (Flaw.INVALID,)),
        ('{"n": 1}', '```json\n{"n": 1}\n```', False, (Flaw.INVALID,)),
        ('{"n": 1}', "", False, (Flaw.EMPTY,)),
        ('{"n": 1}', "[" * 100_000, False, (Flaw.INVALID,)),
    ],
)
def test_a_document_is_compared_by_its_values(
    reference: str, said: str, *, exact: bool, flaws: tuple[Flaw, ...]
) -> None:
    example = replace(an_example(reference, kind=Kind.JSON), schema=SCHEMA)
    assert LibraryScorer("en").mark(example, Answer(said, 0.5)) == Mark(exact=exact, flaws=flaws)


def test_without_a_schema_any_document_is_valid() -> None:
    example = an_example('{"n": 1}', kind=Kind.JSON)
    assert LibraryScorer("en").mark(example, Answer("[]", 0.5)) == Mark(exact=False)


@pytest.mark.parametrize(("deep", "flaws"), [(10, ()), (900, (Flaw.INVALID,))])
def test_a_document_that_is_nested_too_deep_for_its_schema_is_not_valid(deep: int, flaws: tuple[Flaw, ...]) -> None:
    example = replace(an_example("[]", kind=Kind.JSON), schema=NESTED)
    mark = LibraryScorer("en").mark(example, Answer("[" * deep + "]" * deep, 0.5))
    assert mark == Mark(exact=False, flaws=flaws)


@pytest.mark.parametrize("kind", [Kind.CLASSIFICATION, Kind.JSON])
def test_a_failed_target_is_not_exact(kind: Kind) -> None:
    mark = LibraryScorer("en").mark(an_example("1", kind=kind), Answer("", 0.5, failure="blocked"))
    assert mark == Mark(exact=False, flaws=(Flaw.FAILED,))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "English (numbers"),
        ("EN-us", "English (numbers"),
        ("de", "basic (case"),
        ("zh-Hant", "each character a word"),
    ],
)
def test_the_normalisation_is_stated_with_its_libraries(language: str, words: str) -> None:
    stated = LibraryScorer(language).normalisation
    assert words in stated
    assert f"whisper-normalizer {version('whisper-normalizer')}" in stated
    assert f"jiwer {version('jiwer')}" in stated
