"""Rows byte for byte: spliced around the audio, against the same row made the plain way."""

import base64
import json
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attune.domain.row import RowFormat, Template
from attune.services.encode import Utterance, encode_inline, point_at, store_row
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
    assert bytes(row) == plain_inline(audio, "audio/wav", text, template)


def test_a_file_row_is_the_official_sample_byte_for_byte() -> None:
    spoken = Utterance(b"", ".mp3", "audio/mpeg", 1.0, "Hello.")
    row = point_at("gs://bucket/audio.mp3", spoken, Template(RowFormat.FILE_URI, PROMPT))
    assert row == (
        b'{"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"audio/mpeg",'
        b'"fileUri":"gs://bucket/audio.mp3"}},{"text":"Transcribe this audio verbatim."}]},'
        b'{"role":"model","parts":[{"text":"Hello."}]}]}\n'
    )


def test_an_inline_row_is_the_recipes_byte_for_byte() -> None:
    row = encode_inline(b"abc", "audio/mpeg", "Hello.", INLINE)
    assert bytes(row) == (
        b'{"contents":[{"role":"user","parts":[{"text":"Transcribe this audio verbatim."},'
        b'{"inline_data":{"mime_type":"audio/mp3","data":"YWJj"}}]},'
        b'{"role":"model","parts":[{"text":"Hello."}]}]}\n'
    )


@given(texts)
@example(AWKWARD)
def test_a_file_row_holds_any_text_on_one_line(text: str) -> None:
    spoken = Utterance(b"", ".wav", "audio/wav", 1.0, text)
    row = point_at("gs://b/a b#%.wav", spoken, Template(RowFormat.FILE_URI, PROMPT))
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
    assert len(row) > 133_000_000
    assert peak + len(audio) <= 3 * len(audio)


@pytest.mark.parametrize("row_format", RowFormat)
def test_storing_a_row_again_changes_nothing(row_format: RowFormat) -> None:
    bucket = MemoryBucket("b")
    spoken = Utterance(b"sound", ".wav", "audio/wav", 1.0, "words")
    template = Template(row_format, PROMPT)
    first = store_row(spoken, template, "d", MemoryObjects(bucket))
    before = dict(bucket.live)
    assert store_row(spoken, template, "d", MemoryObjects(bucket)) == first
    assert bucket.live == before


def test_a_file_row_points_at_our_own_copy_named_by_its_content() -> None:
    bucket = MemoryBucket("b")
    spoken = Utterance(b"sound", ".wav", "audio/wav", 1.0, "words")
    row = store_row(spoken, Template(RowFormat.FILE_URI, PROMPT), "d", MemoryObjects(bucket))
    assert row.audio_name == f"audio/d/{row.audio_sha256}.wav"
    assert bucket.live[row.audio_name].data == b"sound"
    assert bucket.live[row.audio_name].content_type == "audio/wav"
    assert f"gs://b/{row.audio_name}".encode() in bucket.live[row.name].data


def test_the_same_recording_under_another_ending_is_another_copy_and_row() -> None:
    objects = MemoryObjects(MemoryBucket("b"))
    template = Template(RowFormat.FILE_URI, PROMPT)
    wav = store_row(Utterance(b"sound", ".wav", "audio/wav", 1.0, "words"), template, "d", objects)
    m4a = store_row(Utterance(b"sound", ".m4a", "audio/m4a", 1.0, "words"), template, "d", objects)
    assert wav.name != m4a.name
    assert wav.audio_name != m4a.audio_name
