"""Rows byte for byte: the parts around the audio, against the same row made the plain way."""

import base64
import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attune.domain.manner import Casing, Manner
from attune.domain.phrasing import Phrasing
from attune.domain.row import RowFormat, Template, Weight, row_size
from attune.services.encode import Copy, Utterance, encode_inline, point_at, store_row
from attune_local.twins.objects import MemoryBucket, MemoryObjects

PROMPT = "Transcribe this audio verbatim."
BLOCK = 3 << 16  # what is encoded at a time
INLINE = Template(RowFormat.INLINE_DATA, PROMPT)
AWKWARD = 'say "hi"\n\\ \u2028\u2029 \x00\x1f\x7f ünï 日本 🎤 </script>'
texts = st.text(st.characters(exclude_categories=["Cs"]))
sizes = st.integers(0, 9) | st.builds(
    lambda blocks, more: max(0, blocks * BLOCK + more), st.integers(0, 3), st.integers(-4, 4)
)


def plain_inline(audio: bytes, mime_type: str, text: str, template: Template) -> bytes:
    data = {"mime_type": mime_type, "data": base64.b64encode(audio).decode()}
    user = [{"text": template.prompt}, {"inline_data": data}]
    row: dict[str, object] = {
        "contents": [{"role": "user", "parts": user}, {"role": "model", "parts": [{"text": text}]}]
    }
    if template.system_instruction is not None:
        row = {"system_instruction": {"parts": [{"text": template.system_instruction}]}, **row}
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


@settings(max_examples=60, deadline=None)
@given(sizes, texts, texts, st.none() | texts)
@example(BLOCK, AWKWARD, AWKWARD, AWKWARD)
@example(0, AWKWARD, "", None)
def test_an_inline_row_is_the_plain_one_byte_for_byte(size: int, text: str, prompt: str, system: str | None) -> None:
    audio = (bytes(range(256)) * (size // 256 + 1))[:size]
    template = Template(RowFormat.INLINE_DATA, prompt, system)
    row = encode_inline(audio, "audio/wav", text, template)
    assert b"".join(row) == plain_inline(audio, "audio/wav", text, template)


def test_a_file_row_is_the_official_sample_byte_for_byte() -> None:
    row = point_at("gs://bucket/audio.mp3", "audio/mpeg", "Hello.", Template(RowFormat.FILE_URI, PROMPT))
    assert row == (
        b'{"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"audio/mpeg",'
        b'"fileUri":"gs://bucket/audio.mp3"}},{"text":"Transcribe this audio verbatim."}]},'
        b'{"role":"model","parts":[{"text":"Hello."}]}]}\n'
    )


def test_an_inline_row_is_the_recipes_byte_for_byte() -> None:
    row = encode_inline(b"abc", "audio/mpeg", "Hello.", INLINE)
    assert b"".join(row) == (
        b'{"contents":[{"role":"user","parts":[{"text":"Transcribe this audio verbatim."},'
        b'{"inline_data":{"mime_type":"audio/mp3","data":"YWJj"}}]},'
        b'{"role":"model","parts":[{"text":"Hello."}]}]}\n'
    )


@given(texts)
@example(AWKWARD)
def test_a_file_row_holds_any_text_on_one_line(text: str) -> None:
    row = point_at("gs://b/a b#%.wav", "audio/wav", text, Template(RowFormat.FILE_URI, PROMPT))
    assert row.count(b"\n") == 1
    read = json.loads(row)["contents"]
    assert read[0]["parts"][0]["fileData"]["fileUri"] == "gs://b/a b#%.wav"
    assert read[1]["parts"][0]["text"] == text


def test_encoding_a_hundred_megabytes_takes_at_most_three_times_their_memory() -> None:
    audio = bytes(100_000_000)
    tracemalloc.start()
    try:
        row = encode_inline(audio, "audio/wav", "hello", INLINE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(map(len, row)) > 133_000_000
    assert peak + len(audio) <= 3 * len(audio)


@pytest.mark.parametrize("row_format", RowFormat)
def test_storing_a_row_again_changes_nothing(row_format: RowFormat) -> None:
    bucket = MemoryBucket("b")
    spoken = Utterance(b"sound", ".wav", "audio/wav", 1.0, "words")
    phrasing = Phrasing(row_format, PROMPT)
    first = store_row(spoken, "a", phrasing, "d", MemoryObjects(bucket))
    before = dict(bucket.live)
    assert store_row(spoken, "a", phrasing, "d", MemoryObjects(bucket)) == first
    assert bucket.live == before


def test_a_file_row_points_at_our_own_copy_named_by_its_content() -> None:
    bucket = MemoryBucket("b")
    spoken = Utterance(b"sound", ".wav", "audio/wav", 1.0, "words")
    row = store_row(spoken, "a", Phrasing(RowFormat.FILE_URI, PROMPT), "d", MemoryObjects(bucket))
    assert row.audio_name == f"audio/d/{row.audio_sha256}.wav"
    assert bucket.live[row.audio_name].data == b"sound"
    assert bucket.live[row.audio_name].content_type == "audio/wav"
    assert f"gs://b/{row.audio_name}".encode() in bucket.live[row.name].data


def test_the_same_recording_under_another_ending_is_another_copy_and_row() -> None:
    objects = MemoryObjects(MemoryBucket("b"))
    phrasing = Phrasing(RowFormat.FILE_URI, PROMPT)
    wav = store_row(Utterance(b"sound", ".wav", "audio/wav", 1.0, "words"), "a", phrasing, "d", objects)
    m4a = store_row(Utterance(b"sound", ".m4a", "audio/m4a", 1.0, "words"), "a", phrasing, "d", objects)
    assert wav.name != m4a.name
    assert wav.audio_name != m4a.audio_name


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RowFormat), texts, texts, st.none() | texts, st.integers(0, 7))
@example(RowFormat.INLINE_DATA, AWKWARD, AWKWARD, AWKWARD, 3)
def test_a_rows_size_is_known_without_rendering_it(
    row_format: RowFormat, text: str, prompt: str, system: str | None, size: int
) -> None:
    phrasing = Phrasing(row_format, prompt, system)
    objects = MemoryObjects(MemoryBucket("b"))
    row = store_row(Utterance(b"x" * size, ".mp3", "audio/mpeg", 1.0, text), "a", phrasing, "d", objects)
    uri_bytes = len(objects.uri(row.audio_name)) if row.audio_name else 0
    assert row.size == row_size(phrasing.template_at("a"), row.mime_type, row.weight, uri_bytes)
    assert row.weight == Weight(size, row.weight.text_bytes, len(text))


def test_a_row_from_our_copy_is_the_one_from_the_bytes() -> None:
    bucket = MemoryBucket("b")
    objects = MemoryObjects(bucket)
    first = store_row(
        Utterance(b"sound", ".wav", "audio/wav", 1.0, "words"), "a", Phrasing(RowFormat.FILE_URI, "one"), "d", objects
    )
    copy = Copy(str(first.audio_name), first.audio_sha256, 5)
    for row_format in RowFormat:
        phrasing = Phrasing(row_format, "two")
        fresh = store_row(Utterance(b"sound", ".wav", "audio/wav", 1.0, "words"), "a", phrasing, "d", objects)
        assert store_row(Utterance(copy, ".wav", "audio/wav", 1.0, "words"), "a", phrasing, "d", objects) == fresh


def test_what_the_manner_changes_is_in_the_row_and_the_original_beside_it() -> None:
    bucket = MemoryBucket("b")
    phrasing = Phrasing(RowFormat.INLINE_DATA, PROMPT, None, Manner(casing=Casing.LOWER))
    row = store_row(Utterance(b"s", ".wav", "audio/wav", 1.0, "These Words"), "a", phrasing, "d", MemoryObjects(bucket))
    assert b"these words" in bucket.live[row.name].data
    assert row.original_name is not None
    assert bucket.live[row.original_name].data == b"These Words"
