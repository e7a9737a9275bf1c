"""How a dataset's transcripts are written as a rule, and which are not."""

# ruff: noqa: RUF001 - letters that look alike are what writings are made of

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.adapters.codec import decode, encode
from attune.domain.finding import Severity
from attune.domain.quality.customs import Cased, Customs, Style, style_of

LOWER, SENTENCE = Style(Cased.LOWER, punctuated=False), Style(Cased.SENTENCE, punctuated=True)
styles = st.builds(Style, st.sampled_from(Cased), st.sampled_from([True, False, None]))


@pytest.mark.parametrize(
    ("text", "casing"),
    [
        ("and mister john dashwood", Cased.LOWER),
        ("it's 3.5 miles", Cased.LOWER),
        ("ΟΔΟΣ ΚΑΙ", Cased.UPPER),
        ("TEN OF CLUBS", Cased.UPPER),
        ("YES!", Cased.NONE),
        ("Ten of clubs.", Cased.SENTENCE),
        ("Hello", Cased.SENTENCE),
        ("¿Qué es la NASA?", Cased.SENTENCE),
        ("« Là-bas »", Cased.SENTENCE),
        ("Der Hund läuft über die Straße.", Cased.SENTENCE),
        ("Мама мыла раму.", Cased.SENTENCE),
        ("John Smith", Cased.SENTENCE),
        ("10 Downing Street is near", Cased.SENTENCE),
        ("Ten Of Clubs", Cased.TITLE),
        ("iPhone at the ready", Cased.MIXED),
        ("he was at NASA", Cased.MIXED),
        ("NASA IS big", Cased.MIXED),
        ("3 men came", Cased.NONE),
        ("OK", Cased.NONE),
        ("I", Cased.NONE),
        ("123", Cased.NONE),
        ("...", Cased.NONE),
        ("", Cased.NONE),
        ("你好，世界！", Cased.NONE),
        ("我用iPhone手机打电话给你", Cased.NONE),
        ("नमस्ते", Cased.NONE),
        ("שלום", Cased.NONE),
        ("ภาษาไทย", Cased.NONE),
        ("네, PDF를 열어요.", Cased.NONE),
    ],
)
def test_the_casing_of_a_text(text: str, casing: Cased) -> None:
    assert style_of(text).casing is casing


@pytest.mark.parametrize(
    ("text", "punctuated"),
    [
        ("Ten of clubs.", True),
        ("Yes!", True),
        ("yes it is", False),
        ("i don't know a well-known one", False),
        ("3.5 % of 1,000", False),
        ("ten clubs", None),
        ("yes", None),
        ("你好，世界", True),
        ("今天天气很好我们去公园", False),
        ("你好", None),
        ("ภาษาไทย ง่าย มาก จริง", None),
        ("नमस्ते दुनिया।", True),
        ("نعم هذا هو", False),
        ("", None),
    ],
)
def test_a_text_of_one_or_two_words_says_nothing_of_punctuation(text: str, punctuated: bool | None) -> None:  # noqa: FBT001 - a table's column
    assert style_of(text).punctuated is punctuated


@pytest.mark.parametrize(
    ("others", "style", "expected"),
    [
        ([LOWER] * 20, SENTENCE, ["transcript_casing", "transcript_punctuation"]),
        ([LOWER] * 20, LOWER, []),
        ([LOWER] * 19, SENTENCE, []),
        ([LOWER] * 18 + [SENTENCE] * 2, SENTENCE, ["transcript_casing", "transcript_punctuation"]),
        ([LOWER] * 17 + [SENTENCE] * 3, SENTENCE, []),
        ([LOWER] * 20, Style(Cased.NONE, punctuated=None), []),
        ([LOWER] * 20, Style(Cased.TITLE, punctuated=None), ["transcript_casing"]),
        ([Style(Cased.NONE, punctuated=True)] * 50, LOWER, ["transcript_punctuation"]),
        ([Style(Cased.MIXED)] * 50, LOWER, []),
        ([LOWER] * 20 + [Style(Cased.NONE)] * 500, SENTENCE, ["transcript_casing", "transcript_punctuation"]),
        ([], SENTENCE, []),
    ],
)
def test_a_custom_is_what_nine_in_ten_of_twenty_do(others: list[Style], style: Style, expected: list[str]) -> None:
    findings = Customs.of(others).against(style)
    assert [finding.code for finding in findings] == expected
    assert all(finding.severity is Severity.LOOK for finding in findings)


def test_a_finding_tells_what_the_others_do() -> None:
    casing, punctuation = Customs.of([LOWER] * 294 + [SENTENCE] * 18).against(SENTENCE)
    assert casing.sentence == "It is written like sentences, while 94 % of 312 transcripts are written in lower case."
    assert punctuation.sentence == (
        "It is written with punctuation, while 94 % of 312 transcripts are written without it."
    )


def test_nearly_all_is_never_called_all() -> None:
    (casing, _) = Customs.of([LOWER] * 999 + [SENTENCE]).against(SENTENCE)
    assert "99 % of 1,000" in casing.sentence


def test_a_dataset_of_two_minds_is_told_so() -> None:
    customs = Customs.of([SENTENCE] * 61 + [Style(Cased.LOWER, punctuated=True)] * 39)
    assert customs.inconsistencies() == ("casing: 61 % sentence, 39 % lower: decide on one, or set transcripts.casing",)
    both = Customs.of([SENTENCE] * 10 + [LOWER] * 10)
    assert [line.split(":")[0] for line in both.inconsistencies()] == ["casing", "punctuation"]


@pytest.mark.parametrize(
    "seen", [[], [LOWER] * 9 + [SENTENCE] * 10, [LOWER] * 18 + [SENTENCE] * 2, [Style(Cased.NONE)] * 99]
)
def test_few_transcripts_and_settled_customs_are_no_inconsistency(seen: list[Style]) -> None:
    assert Customs.of(seen).inconsistencies() == ()


@given(st.lists(st.lists(styles, max_size=5), max_size=5))
def test_customs_add_up_in_any_order(parts: list[list[Style]]) -> None:
    whole = Customs.of(style for part in parts for style in part)
    assert reduce(Customs.plus, map(Customs.of, parts), Customs()) == whole
    assert reduce(Customs.plus, map(Customs.of, reversed(parts)), Customs()) == whole


@given(st.lists(styles))
def test_customs_are_stored_as_they_are(seen: list[Style]) -> None:
    customs = Customs.of(seen)
    assert decode(Customs, encode(customs)) == customs
    assert all(decode(Style, encode(style)) == style for style in seen)


@given(st.text(), styles)
def test_no_text_is_without_a_style_and_no_style_without_an_answer(text: str, style: Style) -> None:
    customs = Customs.of([style] * 20)
    assert len(customs.against(style_of(text))) <= 2
    assert style_of(text) == style_of(text)
