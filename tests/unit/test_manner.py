"""The casing and punctuation that all transcripts of a dataset are written in."""

# ruff: noqa: RUF001 - letters that look alike are what writings are made of

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.finding import Severity
from attune.domain.manner import Casing, Manner, Punctuation, marks_in
from attune.domain.quality.limits import Limits
from attune.domain.transcript import Transcript, read_transcript

BARE = Manner(punctuation=Punctuation.REMOVE)
manners = st.builds(Manner, st.sampled_from(Casing), st.sampled_from(Punctuation))
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text(st.sampled_from("aB5 \n.,'-:/\"!%你ー，。ա՞א״ßİΣσΐ\u0301(«"), max_size=20),
)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Well, I don't know!", "Well I don't know"),
        ("“Rock ’n’ roll,” he said…", "Rock n roll he said"),
        ("the dogs' bowls are O'Neil's", "the dogs bowls are O'Neil's"),
        ("a well-known fact - or two — or–three", "a well-known fact or two or three"),
        ("it's 3.5 miles, 1,000 feet; at 10:30.", "it's 3.5 miles 1,000 feet at 10:30"),
        ("-5 degrees, .5 more, 1990-95 and 1/2.", "-5 degrees .5 more 1990-95 and 1/2"),
        ("wait--5 minutes... ok?", "wait 5 minutes ok"),
        ("$5.20 + 8 % = #1 @ AT&T!", "$5.20 + 8 % = #1 @ AT&T"),
        ("and/or km/h U.S.A.", "and or km h U S A"),
        ("hello,world(yes)no", "hello world yes no"),
        ("« Aujourd’hui, c’est l’été ! »", "Aujourd’hui c’est l’été"),
        ("¿Qué? ¡No!", "Qué No"),
        ("paral·lel", "paral·lel"),
        ("„So“, sagte sie: „ja!“", "So sagte sie ja"),
        ("Κάποιος ρώτησε: τι;", "Κάποιος ρώτησε τι"),
        ("ինչո՞ւ։ այո՛", "ինչու այո"),
        ('צה"ל ו־ג׳ירפה, צה״ל.', 'צה"ל ו־ג׳ירפה צה״ל'),
        ("نعم، حقًّا؟", "نعم حقًّا"),
        ("यह अच्छा है।", "यह अच्छा है"),
        ("བོད་སྐད།", "བོད་སྐད"),
        ("你好，世界。", "你好世界"),
        ("ジョン・スミス「はい」", "ジョンスミスはい"),
        ("我用Word，你用Excel；3.5", "我用Word你用Excel 3.5"),
        ("네, 그래요.", "네 그래요"),
        ("👍!👍", "👍 👍"),
        ("one\n—\n—\ntwo", "one\n\ntwo"),
        ("...", ""),
    ],
)
def test_punctuation_goes_but_what_belongs_to_words_and_figures_stays(text: str, bare: str) -> None:
    assert BARE.applied(text) == bare


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("It Says THIS.", "it says this.", "IT SAYS THIS."),
        ("Straße", "straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος", "ΟΔΟΣ"),
        ("İstanbul", "i\u0307stanbul", "İSTANBUL"),
        ("Мама", "мама", "МАМА"),
        ("ǰ", "ǰ", "J\u030c"),
        ("你好 नमस्ते", "你好 नमस्ते", "你好 नमस्ते"),
    ],
)
def test_letters_take_one_case(text: str, lower: str, upper: str) -> None:
    assert Manner(Casing.LOWER).applied(text) == lower
    assert Manner(Casing.UPPER).applied(text) == upper


def test_by_default_nothing_changes() -> None:
    assert Manner().applied("  As, it  IS…") == "  As, it  IS…"


@given(manners, texts)
def test_applying_it_again_changes_nothing(manner: Manner, text: str) -> None:
    once = manner.applied(text)
    assert manner.applied(once) == once


@given(manners, texts)
def test_what_it_leaves_has_nothing_to_repair(manner: Manner, text: str) -> None:
    read = read_transcript(text.replace("\0", "").encode(), Limits())
    if isinstance(read, Transcript):
        again = read_transcript(manner.applied(read.text).encode(), Limits())
        assert not isinstance(again, Transcript) or again.repairs == ()


@pytest.mark.parametrize("casing", [Casing.LOWER, Casing.UPPER])
def test_every_letter_there_is_has_settled_after_one_time(casing: Casing) -> None:
    manner = Manner(casing)
    letters = [letter for letter in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(letter)[0] == "L"]
    once = [manner.applied(letter) for letter in letters]
    assert [manner.applied(letter) for letter in once] == once


@pytest.mark.parametrize(
    ("manner", "text", "told"),
    [
        (Manner(Casing.LOWER), "It says THIS.", {"repaired_casing": "small letters"}),
        (Manner(Casing.UPPER), "no", {"repaired_casing": "capitals, as transcripts.casing asks: 2 places"}),
        (BARE, "Well, no.", {"repaired_punctuation": "in 2 places"}),
        (
            Manner(Casing.LOWER, Punctuation.REMOVE),
            "Well, no",
            {"repaired_casing": "one place", "repaired_punctuation": "one place"},
        ),
        (Manner(Casing.LOWER, Punctuation.REMOVE), "well no", {}),
        (Manner(), "Well, no.", {}),
    ],
)
def test_what_it_did_is_told(manner: Manner, text: str, told: dict[str, str]) -> None:
    repairs = manner.repairs(text, manner.applied(text))
    assert [repair.code for repair in repairs] == list(told)
    assert all(repair.severity is Severity.REPAIRED for repair in repairs)
    assert all(words in repair.sentence for repair, words in zip(repairs, told.values(), strict=True))


def test_where_the_text_was_kept_after_all_nothing_was_repaired() -> None:
    assert BARE.repairs("...", "...") == ()


def test_marks_are_counted_as_they_would_be_removed() -> None:
    assert marks_in("Well, I don't know: 3.5 %?!") == 4
    assert marks_in("well known") == 0


@given(texts)
def test_no_mark_is_left_where_they_were_removed(text: str) -> None:
    assert marks_in(BARE.applied(text)) == 0
