"""A row's fixed parts, its digest and its tokens."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attune.domain.manner import Casing, Manner, Punctuation
from attune.domain.row import RowFormat, Template, row_digest, tokens_of

PROMPT = "Transcribe this audio verbatim."
prompts = st.text(st.characters(exclude_categories=["Cs"]))


def _spliced(template: Template, mime_type: str = "audio/wav") -> Any:
    head, middle, tail = template.render(mime_type)
    assert tail.endswith(b"\n")
    return json.loads(head + b"AUDIO" + middle + b"TEXT" + tail)


def test_a_file_row_is_as_google_documents_it() -> None:
    assert _spliced(Template(RowFormat.FILE_URI, PROMPT), "audio/mpeg") == {
        "contents": [
            {
                "role": "user",
                "parts": [{"fileData": {"mimeType": "audio/mpeg", "fileUri": "AUDIO"}}, {"text": PROMPT}],
            },
            {"role": "model", "parts": [{"text": "TEXT"}]},
        ]
    }


def test_an_inline_row_is_as_the_recipe_has_it() -> None:
    assert _spliced(Template(RowFormat.INLINE_DATA, PROMPT), "audio/mpeg") == {
        "contents": [
            {
                "role": "user",
                "parts": [{"text": PROMPT}, {"inline_data": {"mime_type": "audio/mp3", "data": "AUDIO"}}],
            },
            {"role": "model", "parts": [{"text": "TEXT"}]},
        ]
    }


@pytest.mark.parametrize(
    ("row_format", "key"),
    [(RowFormat.FILE_URI, "systemInstruction"), (RowFormat.INLINE_DATA, "system_instruction")],
)
def test_a_system_instruction_is_written_in_the_formats_own_spelling(row_format: RowFormat, key: str) -> None:
    assert _spliced(Template(row_format, PROMPT, "Be brief."))[key] == {"parts": [{"text": "Be brief."}]}


@given(prompts, st.none() | prompts, st.sampled_from(RowFormat))
@example("a slot \\u0000 in words", None, RowFormat.FILE_URI)
@example("a slot \0 in fact", "\\\\u0000", RowFormat.INLINE_DATA)
def test_any_prompt_can_be_rendered(prompt: str, system: str | None, row_format: RowFormat) -> None:
    row = _spliced(Template(row_format, prompt, system))
    assert prompt in [part.get("text") for part in row["contents"][0]["parts"]]
    assert row["contents"][1]["parts"] == [{"text": "TEXT"}]


@given(prompts)
def test_a_row_is_one_line(prompt: str) -> None:
    head, middle, tail = Template(RowFormat.FILE_URI, prompt).render("audio/wav")
    assert (head + middle + tail).count(b"\n") == 1


def test_a_template_is_named_by_all_that_is_in_it() -> None:
    templates = [
        Template(row_format, prompt, system, Manner(casing, punctuation))
        for row_format in RowFormat
        for prompt in ("a", "b")
        for system in (None, "", "a")
        for casing in Casing
        for punctuation in Punctuation
    ]
    assert len({template.digest for template in templates}) == len(templates)
    assert Template(RowFormat.FILE_URI, PROMPT).digest == "bb5e7966f563caab"


def test_a_row_is_named_by_all_that_decides_its_bytes() -> None:
    one, two = Template(RowFormat.FILE_URI, "one"), Template(RowFormat.FILE_URI, "two")
    digests = {
        row_digest(one.digest, "audio/wav", "a", "b"),
        row_digest(two.digest, "audio/wav", "a", "b"),
        row_digest(one.digest, "audio/flac", "a", "b"),
        row_digest(one.digest, "audio/wav", "x", "b"),
        row_digest(one.digest, "audio/wav", "a", "x"),
    }
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("seconds", "characters", "system", "tokens"),
    [(1.0, 8, None, 32 + 1 + 2), (0.0, 0, None, 1), (60.01, 9, "yyy", 1921 + 2 + 3)],
)
def test_tokens_are_32_a_second_and_a_quarter_of_the_characters(
    seconds: float, characters: int, system: str | None, tokens: int
) -> None:
    assert tokens_of(seconds, characters, Template(RowFormat.FILE_URI, "four", system)) == tokens
