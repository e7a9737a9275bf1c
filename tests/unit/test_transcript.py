"""What a transcript file says."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.pair import Reason
from attune.domain.transcript import read_transcript

SAID = "Grüße, “日本”\n— said twice."
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"), min_size=1).filter(str.strip)


@pytest.mark.parametrize(
    "data",
    [
        SAID.encode(),
        codecs.BOM_UTF8 + SAID.encode(),
        codecs.BOM_UTF16_LE + SAID.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + SAID.encode("utf-16-be"),
        SAID.replace("\n", "\r\n").encode(),
        SAID.replace("\n", "\r").encode(),
        f"  \n{SAID}\r\n\t ".encode(),
    ],
    ids=["plain", "utf-8 mark", "utf-16 little", "utf-16 big", "crlf", "cr", "space around"],
)
def test_the_same_text_however_it_was_saved(data: bytes) -> None:
    assert read_transcript(data) == SAID


@given(texts)
def test_every_text_survives_every_encoding(text: str) -> None:
    expected = text.strip()
    assert read_transcript(text.encode()) == expected
    assert read_transcript(codecs.BOM_UTF8 + text.encode()) == expected
    assert read_transcript(codecs.BOM_UTF16_LE + text.encode("utf-16-le")) == expected
    assert read_transcript(codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == expected


@pytest.mark.parametrize("data", [b"", b" \r\n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, "\u3000\u00a0".encode()])
def test_nothing_but_space_is_empty(data: bytes) -> None:
    assert _code(data) == "transcript_empty"


@pytest.mark.parametrize(
    "data",
    [
        "Grüße".encode("latin-1"),
        b"\xff\xfea",
        codecs.BOM_UTF16_LE + b"\x00\xd8",
        "hello".encode("utf-16-le"),
        "hello".encode("utf-16-be"),
        "hello".encode("utf-32"),
        b"ID3\x04\x00\x00\x00audio",
    ],
    ids=["latin-1", "half a character", "half a surrogate pair", "no mark", "no mark, big", "utf-32", "audio"],
)
def test_what_is_no_text_in_a_known_encoding_is_refused(data: bytes) -> None:
    assert _code(data) == "transcript_encoding"


def test_a_reason_says_what_to_do_and_never_what_was_said() -> None:
    found = read_transcript("geheim".encode("utf-16-le"))
    assert isinstance(found, Reason)
    assert "Save it as UTF-8" in found.sentence
    assert "geheim" not in found.sentence


def _code(data: bytes) -> str:
    found = read_transcript(data)
    assert isinstance(found, Reason)
    return found.code
