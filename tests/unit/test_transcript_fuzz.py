"""Whatever is uploaded gets a verdict, in bounded time: no bytes and no text make the rules on words fall over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.domain.finding import Finding
from attune.domain.manner import Casing, Manner, Punctuation
from attune.domain.quality.customs import Customs, style_of
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES
from attune.domain.quality.words import judge_words, words_digest
from attune.domain.task import Kind, Task
from attune.domain.transcript import Transcript, read_transcript
from attune.services.targets import read_target

LIMITS = Limits()
BARE = Manner(Casing.LOWER, Punctuation.REMOVE)
SCHEMA = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
TASKS = (
    Task("label", Kind.CLASSIFICATION, "p", ("a", "b")),
    Task("free", Kind.CLASSIFICATION, "p"),
    Task("any", Kind.JSON, "p"),
    Task("schema", Kind.JSON, "p", json_schema=SCHEMA),
)
PIECES = [
    *("a", " ", "\n", "\r", "\t", "1", ":", ".", ",", "<", ">", "[", "]", "(", ")", "{", "}", "\\", "*", "#", "&", ";"),
    *("-->", "00:01", "Speaker 1:", "<v Bob>", "&amp;", "[music]", "**", "'", "-", '"', "no ", "\u0301", "\u200d"),
    *("\u202e", "\ufeff", "\u05d0", "\u0430", "\u4f60", "\uff0c", "\u0e01", "\U0001f468", "\ufdfa", "\0", "\U000e0061"),
]
texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
)
files = st.one_of(st.binary(), texts.map(str.encode), texts.map(lambda text: text.encode("utf-16")))


@settings(max_examples=150)
@given(
    st.one_of(st.binary(), texts.map(str.encode), texts.map(lambda text: text.encode("utf-16"))), st.floats(0.001, 4000)
)
def test_any_bytes_get_a_verdict(data: bytes, seconds: float) -> None:
    assert codes(data, seconds) <= RULES.keys()


@settings(max_examples=100)
@given(texts, st.floats(0.001, 4000))
def test_any_text_gets_a_verdict_unread(text: str, seconds: float) -> None:
    assert judged(text, seconds) <= RULES.keys()


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), st.integers(2, 2_000))
def test_any_pattern_over_and_over_gets_a_verdict(pattern: str, times: int) -> None:
    assert codes((pattern * times).encode(), 1.0) <= RULES.keys()


# Regular expressions that look back and forth, a sort in the square of its length, a search for each match: what is
# not linear in its input takes minutes for one of these, and stops the test.
@pytest.mark.timeout(20)
@pytest.mark.parametrize("pattern", ["a", "no yes ", "[", "a<", "11:11 ", "\u0316\u0300"])
def test_a_megabyte_of_one_pattern_gets_a_verdict(pattern: str) -> None:
    assert told_of(pattern * (1_000_000 // len(pattern.encode()))) <= RULES.keys()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "pattern",
    [
        *("ab ", "(", "{\\", "[a", "(a ", "<", "<a ", "<a b=", "<a =", "<v ", "&#1", "&amp", '"', "{", "[[", '{"a":'),
        *("1:1", "1:11:11.", "11:11.1-->", "\n00:11 ", "(1:11", "a:\n", "A: ", "A B C:\n", "speaker ", "- ", "... "),
        *(
            "**a ",
            "\\N",
            "```",
            "*laughs ",
            "# ",
            "'",
            "a-",
            "1,",
            "\t\n",
            "\r",
            "\u00a0",
            "\ufeff",
            "\u200d",
            "\u202b",
        ),
        *("\u05d0\u200f", "\U000e0061", "\U0001f468\u200d", "\u0301", "a\u0316\u0300", "\u0f73\u0f71", "\uff9e\u0300"),
        *("e\u0301", "\u1100", "\ufdfa", "\u54c8", "\u4f60\uff0c", "\u0430b", "a\u055b", "\u0130", "\u03a3"),
    ],
)
def test_a_flood_of_any_pattern_gets_a_verdict(pattern: str) -> None:
    assert told_of(pattern * (50_000 // len(pattern))) <= RULES.keys()


@pytest.mark.timeout(20)
def test_very_many_words_get_a_verdict() -> None:
    words = " ".join(str(number) for number in range(140_000))
    assert told_of(words) == {"transcript_too_fast", "target_label", "target_not_json"}


def told_of(text: str) -> set[str]:
    """Each rule once, on what may be too much for it."""
    read = read_transcript(text.encode(), LIMITS)
    text = read.text if isinstance(read, Transcript) else text
    assert len(words_digest(text)) == 64
    findings = [*judge_words(text, 60.0, LIMITS), *Customs().against(style_of(BARE.applied(text)))]
    for task in TASKS:
        target = read_target(text, task)
        findings += [target] if isinstance(target, Finding) else target[1]
    return {finding.code for finding in findings}


def codes(data: bytes, seconds: float) -> set[str]:
    read = read_transcript(data, LIMITS)
    if isinstance(read, Finding):
        return {read.code}
    assert read_transcript(read.text.encode(), LIMITS) == Transcript(read.text)
    return {repair.code for repair in read.repairs} | judged(read.text, seconds)


def judged(text: str, seconds: float) -> set[str]:
    """Every rule's word on a text, as a transcript and as each kind of target."""
    written = BARE.applied(text)
    style = style_of(text)
    assert len(words_digest(text)) == 64
    findings = [*judge_words(text, seconds, LIMITS), *Customs.of([style] * 20).against(style_of(written))]
    findings += BARE.repairs(text, written)
    for task in TASKS:
        read = read_target(text, task)
        findings += [read] if isinstance(read, Finding) else read[1]
    return {finding.code for finding in findings}
