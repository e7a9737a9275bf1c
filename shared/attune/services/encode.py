"""Encode a row: the audio's base64 spliced between parts rendered before, in one buffer, without a second copy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import orjson
import pybase64

from attune.domain.pair import Row
from attune.domain.row import RowFormat, Template, row_digest, tokens_of
from attune.ports import Buffer, Objects

_BLOCK = 3 << 16  # a multiple of 3 bytes, so that blocks of base64 join without padding between them
JSONL = "application/jsonl"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording and what is said in it, as they were uploaded; `ending` and `mime_type` are the recording's."""

    audio: bytes
    ending: str
    mime_type: str
    seconds: float
    text: str


def store_row(utterance: Utterance, template: Template, key: str, objects: Objects) -> Row:
    """Writes the row's object, and for `file_uri` our copy of the recording before it. Doing it again changes nothing.

    `key` is the dataset's folder. Peak memory: the recording, its base64 for `inline_data`, and a block of 192 KiB.
    """
    audio_sha256 = hashlib.sha256(utterance.audio).hexdigest()
    text_sha256 = hashlib.sha256(utterance.text.encode()).hexdigest()
    audio_name = None
    if template.row_format is RowFormat.FILE_URI:
        audio_name = f"audio/{key}/{audio_sha256}{utterance.ending}"
        objects.put(audio_name, utterance.audio, utterance.mime_type)
        line: Buffer = point_at(objects.uri(audio_name), utterance, template)
    else:
        line = encode_inline(utterance.audio, utterance.mime_type, utterance.text, template)
    digest = row_digest(template, utterance.mime_type, audio_sha256, text_sha256)
    stored = objects.put(f"rows/{key}/{digest}.jsonl", line, JSONL)
    return Row(
        name=stored.name,
        size=stored.size,
        crc32c=stored.crc32c,
        template=template.digest,
        audio_name=audio_name,
        mime_type=utterance.mime_type,
        audio_sha256=audio_sha256,
        text_sha256=text_sha256,
        seconds=utterance.seconds,
        tokens=tokens_of(utterance.seconds, utterance.text, template),
    )


def point_at(uri: str, utterance: Utterance, template: Template) -> bytes:
    """A `file_uri` row, its line ending included."""
    head, middle, tail = template.render(utterance.mime_type)
    return b"".join((head, _json_text(uri), middle, _json_text(utterance.text), tail))


def encode_inline(audio: bytes, mime_type: str, text: str, template: Template) -> bytearray:
    """An `inline_data` row, its line ending included."""
    head, middle, tail = template.render(mime_type)
    before = head
    after = b"".join((middle, _json_text(text), tail))
    row = bytearray(len(before) + _base64_size(len(audio)) + len(after))
    row[: len(before)] = before
    _fill_base64(row, len(before), audio)
    row[len(row) - len(after) :] = after
    return row


def _fill_base64(row: bytearray, at: int, audio: bytes) -> None:
    source, target = memoryview(audio), memoryview(row)
    for start in range(0, len(audio), _BLOCK):
        block = pybase64.b64encode(source[start : start + _BLOCK])
        target[at : at + len(block)] = block
        at += len(block)


def _base64_size(size: int) -> int:
    return (size + 2) // 3 * 4


def _json_text(text: str) -> bytes:
    return orjson.dumps(text)[1:-1]
