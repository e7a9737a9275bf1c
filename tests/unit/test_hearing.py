"""The stand-in's recogniser, in its parts: words, language model, pronunciations."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune_local.vertex.hearing.language_model import arpa
from attune_local.vertex.hearing.letters import guess
from attune_local.vertex.hearing.lexicon import Lesson, learn
from attune_local.vertex.hearing.phones import distance
from attune_local.vertex.hearing.text import spellings, tokens

BOOK = {
    "tide": (("T", "AY", "D"),),
    "rising": (("R", "AY", "Z", "IH", "NG"),),
    "noon": (("N", "UW", "N"),),
}
SENTENCES = st.lists(st.lists(st.sampled_from(["tide", "rising", "noon", "over"]), max_size=6), min_size=1, max_size=8)


def grams(model: str) -> dict[tuple[str, ...], tuple[float, float]]:
    """Each gram's probability and what it leaves to shorter contexts."""
    found = {}
    for line in model.splitlines():
        cells = line.split("\t")
        if len(cells) > 1:
            left = float(cells[2]) if len(cells) == 3 else 0.0
            found[tuple(cells[1].split())] = (10 ** float(cells[0]), 10**left)
    return found


@given(SENTENCES.filter(any))
def test_after_every_context_the_probabilities_add_up_to_one(sentences: list[list[str]]) -> None:
    known = grams(arpa(sentences))
    words = {gram[0] for gram in known if len(gram) == 1} - {"<s>"}
    contexts = [(), *(gram for gram in known if len(gram) < 3 and gram[-1] != "</s>")]

    def probability(context: tuple[str, ...], word: str) -> float:
        if (*context, word) in known:
            return known[*context, word][0]
        return known.get(context, (0.0, 1.0))[1] * probability(context[1:], word)

    for context in contexts:
        assert math.isclose(sum(probability(context, word) for word in words), 1.0, abs_tol=1e-3)


def test_words_are_told_without_case_and_punctuation_and_written_as_they_mostly_are() -> None:
    assert tokens("Tide\u2019s rising, Noon!") == ["tide's", "rising", "noon"]
    assert spellings(["Heron", "Heron", "heron"]) == {"heron": "Heron"}


@pytest.mark.parametrize("word", ["brannoc", "kestrel", "quay"])
def test_a_word_of_no_dictionary_gets_a_pronunciation_from_its_letters(word: str) -> None:
    assert guess(word)


def test_what_is_heard_beside_a_word_becomes_a_way_to_say_it() -> None:
    heard = ("T", "OY", "D", "R", "AY", "Z", "IH", "N")
    ways = learn([Lesson("Tide rising.", heard)] * 3, lambda word: BOOK.get(word, ()))
    assert ("T", "OY", "D") in ways["tide"]
    assert BOOK["tide"][0] in ways["tide"]


def test_a_textbook_that_all_recordings_contradict_is_forgotten() -> None:
    ways = learn([Lesson("noon", ("K", "R", "EY", "SH"))] * 4, lambda word: BOOK.get(word, ()))
    assert BOOK["noon"][0] not in ways["noon"]


def test_a_row_that_nobody_listened_to_teaches_its_words_only() -> None:
    assert learn([Lesson("noon tide", ())], lambda word: BOOK.get(word, ())) == {
        "noon": BOOK["noon"],
        "tide": BOOK["tide"],
    }


phones = st.lists(st.sampled_from(["T", "AY", "D", "N"]), max_size=8).map(tuple)


@given(phones, phones, phones)
def test_the_distance_of_two_ways_to_say_something_is_a_distance(
    one: tuple[str, ...], two: tuple[str, ...], three: tuple[str, ...]
) -> None:
    assert distance(one, one) == 0
    assert distance(one, two) == pytest.approx(distance(two, one))
    assert distance(one, three) <= distance(one, two) + distance(two, three) + 1e-9


def test_nothing_is_kept_of_an_empty_corpus() -> None:
    assert learn([], lambda _: ()) == {}
