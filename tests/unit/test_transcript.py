"""What a transcript file says, and what is repaired on the way."""

# ruff: noqa: RUF001 - letters that look alike are what writings are made of

import codecs
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.finding import Finding, Severity
from attune.domain.quality.limits import Limits
from attune.domain.transcript import Transcript, composed, marks_in_a_row, over_size, read_transcript, tidied

LIMITS = Limits()
SAID = "Grüße, “日本”\n— said twice."
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.parametrize(
    "data",
    [
        SAID.encode(),
        f"{SAID}\n".encode(),
        codecs.BOM_UTF8 + SAID.encode(),
        codecs.BOM_UTF16_LE + SAID.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + SAID.encode("utf-16-be"),
        SAID.replace("\n", "\r\n").encode(),
        SAID.replace("\n", "\r").encode(),
        SAID.replace("\n", "\u2028").encode(),
        f"  \n{SAID}\r\n\t ".encode(),
        unicodedata.normalize("NFD", SAID).encode(),
        SAID.replace(" ", " \u00a0\t").encode(),
    ],
    ids=[
        *("plain", "a last line ending", "utf-8 mark", "utf-16 little", "utf-16 big", "crlf", "cr", "line separator"),
        *("blanks around", "accents apart", "blanks of all kinds"),
    ],
)
def test_the_same_text_however_it_was_saved(data: bytes) -> None:
    assert transcript(data).text == SAID


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (codecs.BOM_UTF8 + b"yes", "repaired_mark", "A byte order mark was dropped in one place."),
        ("\ufeffyes\n\ufeffno".encode(), "repaired_mark", "A byte order mark was dropped in 2 places."),
        (codecs.BOM_UTF16_LE + "yes".encode("utf-16-le"), "repaired_encoding", "UTF-16"),
        (b"yes\r\nno\r\n", "repaired_line_endings", "Line endings became LF in 2 places."),
        (b"yes\rno", "repaired_line_endings", "in one place"),
        ("yes\u2029no".encode(), "repaired_line_endings", "in one place"),
        (b" yes", "repaired_whitespace", "Blanks were set right in one place."),
        (b"yes\n\n", "repaired_whitespace", "in one place"),
        (b"yes  it\tis", "repaired_whitespace", "in 2 places"),
        ("vraiment\u202f?".encode(), "repaired_whitespace", "in one place"),
        ("はい\u3000どうぞ".encode(), "repaired_whitespace", "in one place"),
        (b"yes \nno\n\n\n\nyes", "repaired_whitespace", "in 2 places"),
        ("cafe\u0301".encode(), "repaired_unicode", "5 code points became 4"),
    ],
)
def test_every_repair_is_told_with_its_figures(data: bytes, code: str, sentence: str) -> None:
    (repair,) = transcript(data).repairs
    assert (repair.code, repair.severity) == (code, Severity.REPAIRED)
    assert sentence in repair.sentence


def test_several_repairs_are_told_apart() -> None:
    data = codecs.BOM_UTF16_BE + "\ufeffcafe\u0301 \r\n".encode("utf-16-be")
    assert [repair.code for repair in transcript(data).repairs] == [
        *("repaired_encoding", "repaired_mark", "repaired_line_endings", "repaired_unicode", "repaired_whitespace")
    ]
    assert transcript(data).text == "café"


@pytest.mark.parametrize("data", [SAID.encode(), f"{SAID}\n".encode(), b"one\n\ntwo"])
def test_a_tidy_file_is_left_alone_without_a_word(data: bytes) -> None:
    assert transcript(data).repairs == ()


def test_quotes_dashes_and_joiners_are_left_to_others() -> None:
    kept = "« Ça — c’est “ça” », می\u200cخواهم"
    assert transcript(kept.encode()) == Transcript(kept)


@given(texts)
def test_repairing_twice_changes_nothing(text: str) -> None:
    once = read_transcript(text.encode(), LIMITS)
    if isinstance(once, Transcript):
        assert read_transcript(once.text.encode(), LIMITS) == Transcript(once.text)


@given(texts)
def test_it_is_the_same_text_in_every_encoding(text: str) -> None:
    plain, marked = read_transcript(text.encode(), LIMITS), read_transcript(codecs.BOM_UTF8 + text.encode(), LIMITS)
    little = read_transcript(codecs.BOM_UTF16_LE + text.encode("utf-16-le"), LIMITS)
    big = read_transcript(codecs.BOM_UTF16_BE + text.encode("utf-16-be"), LIMITS)
    assert outcome(plain) == outcome(marked) == outcome(little) == outcome(big)


@given(texts)
def test_only_blanks_marks_and_forms_change(text: str) -> None:
    read = read_transcript(text.encode(), LIMITS)
    if isinstance(read, Transcript):
        assert "".join(read.text.split()) == "".join(composed(text.replace("\ufeff", "")).split())


@pytest.mark.parametrize(
    "data",
    [b"", b" \r\n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, "\u3000\u00a0".encode(), "\u200b\u200e".encode(), b"\x1b"],
)
def test_nothing_that_can_be_seen_is_empty(data: bytes) -> None:
    assert finding(data).code == "transcript_empty"


@pytest.mark.parametrize(
    "data",
    [
        "Grüße".encode("latin-1"),
        b"\xff\xfea",
        codecs.BOM_UTF16_LE + b"\x00\xd8",
        b"\xed\xa0\x80",
        "hello".encode("utf-16-le"),
        "hello".encode("utf-16-be"),
        "hello".encode("utf-32"),
        b"ID3\x04\x00\x00\x00audio",
    ],
    ids=[
        *("latin-1", "half a character", "half a surrogate pair", "the same as utf-8", "no mark", "no mark, big"),
        *("utf-32", "audio"),
    ],
)
def test_what_is_no_text_in_a_known_encoding_is_refused(data: bytes) -> None:
    assert finding(data).code == "transcript_encoding"


def test_a_finding_says_what_to_do_and_never_what_was_said() -> None:
    found = finding("geheim".encode("utf-16-le"))
    assert "Save it as UTF-8" in found.fix
    assert "geheim" not in found.sentence


def test_a_transcript_over_the_limit_is_refused_by_its_size_alone() -> None:
    limits = Limits(max_transcript_bytes=1_000)
    fault = over_size(1_001, limits)
    assert fault is not None
    assert (fault.code, fault.sentence) == (
        "transcript_too_large",
        "The transcript is 1,001 bytes; at most 1,000 are taken.",
    )
    assert over_size(1_000, limits) is None
    assert read_transcript(b"a" * 1_001, limits) == fault
    assert isinstance(read_transcript(b"a" * 1_000, limits), Transcript)


@pytest.mark.parametrize("flood", ["\u0316\u0300", "\u0f73\u0f71", "\uff9e\u0300"])
def test_a_flood_of_marks_on_one_letter_is_left_as_it_is(flood: str) -> None:
    text = "a" + flood * 20
    assert marks_in_a_row(text) == 40
    assert composed(text) == text
    assert transcript(text.encode()).text == text


def test_blanks_are_counted_where_they_change() -> None:
    assert tidied("a b\n\nc") == ("a b\n\nc", 0)
    assert tidied(" a  b \n\n\n c ") == ("a b\n\nc", 4)


def transcript(data: bytes) -> Transcript:
    read = read_transcript(data, LIMITS)
    assert isinstance(read, Transcript)
    return read


def finding(data: bytes) -> Finding:
    read = read_transcript(data, LIMITS)
    assert isinstance(read, Finding)
    return read


def outcome(read: Transcript | Finding) -> str:
    return read.text if isinstance(read, Transcript) else read.code
