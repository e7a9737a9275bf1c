"""Encode a row: the audio's base64 between parts rendered before. They are joined where they are stored, not here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import orjson
import pybase64

from attune.domain.pair import Row
from attune.domain.phrasing import Phrasing
from attune.domain.row import RowFormat, Template, Weight, row_digest, tokens_of
from attune.ports import Buffer, Objects, Parts

JSONL = "application/jsonl"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Copy:
    """Our copy of a recording, named by its content; `size` in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """A recording, as it was uploaded or as we keep it, and what is said in it, before the dataset's manner.

    `ending` and `mime_type` are the recording's.
    """

    audio: bytes | Copy
    ending: str
    mime_type: str
    seconds: float
    said: str


def store_row(utterance: Utterance, path: str, phrasing: Phrasing, key: str, objects: Objects) -> Row:
    """Writes the row's object, and before it our copies of what it needs. Doing it again changes nothing.

    `key` is the dataset's folder. Peak memory: the recording, and its base64 for `inline_data`.
    """
    task = phrasing.task_of(path)
    template = phrasing.template_of(task)
    text = written(utterance.said, template)
    text_sha256 = hashlib.sha256(utterance.said.encode()).hexdigest()
    audio_sha256, audio_bytes = _content(utterance.audio)
    original_name = None
    if text != utterance.said:
        original_name = text_name(key, audio_sha256, text_sha256)
        objects.put(original_name, utterance.said.encode(), TEXT)
    kept = recording_name(key, audio_sha256, utterance.ending)
    digest = row_digest(template.digest, utterance.mime_type, audio_sha256, text_sha256)
    audio_name, line = _line(utterance, text, template, kept, objects)
    stored = objects.put(row_name(key, digest), line, JSONL)
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
        tokens=tokens_of(utterance.seconds, len(text), template),
        weight=Weight(audio_bytes, len(_json_text(text)), len(text)),
        task=task.name,
        version=phrasing.version,
        original_name=original_name,
    )


def recording_name(key: str, audio_sha256: str, ending: str) -> str:
    """Where our copy of a recording lies; `key` is the dataset's folder."""
    return f"audio/{key}/{audio_sha256}{ending}"


def text_name(key: str, audio_sha256: str, text_sha256: str) -> str:
    """Where our copy of a text lies that was there before the dataset's manner: beside its recording's, not for all."""
    return f"texts/{key}/{audio_sha256}-{text_sha256}.txt"


def row_name(key: str, digest: str) -> str:
    """Where a row lies."""
    return f"rows/{key}/{digest}.jsonl"


def written(said: str, template: Template) -> str:
    """The text in the dataset's manner; as it is where the manner would leave nothing of it."""
    return template.manner.applied(said) or said


def point_at(uri: str, mime_type: str, text: str, template: Template) -> bytes:
    """A `file_uri` row, its line ending included."""
    head, middle, tail = _rendered(template, mime_type)
    return b"".join((head, _json_text(uri), middle, _json_text(text), tail))


def encode_inline(audio: bytes, mime_type: str, text: str, template: Template) -> tuple[bytes, bytes, bytes]:
    """An `inline_data` row, its line ending included, in three parts: before the base64, that, and behind it.

    To join them would take as long as to encode, and as much memory again.
    """
    before, middle, tail = _rendered(template, mime_type)
    return before, pybase64.b64encode(audio), b"".join((middle, _json_text(text), tail))


def _content(audio: bytes | Copy) -> tuple[str, int]:
    if isinstance(audio, Copy):
        return audio.sha256, audio.size
    return hashlib.sha256(audio).hexdigest(), len(audio)


def _line(
    utterance: Utterance, text: str, template: Template, copy_name: str, objects: Objects
) -> tuple[str | None, Buffer | Parts]:
    """Our copy's name, where the row points at one, and the row."""
    audio = utterance.audio
    if template.row_format is RowFormat.FILE_URI:
        if isinstance(audio, bytes):
            objects.put(copy_name, audio, utterance.mime_type)
        name = copy_name if isinstance(audio, bytes) else audio.name
        return name, point_at(objects.uri(name), utterance.mime_type, text, template)
    data = audio if isinstance(audio, bytes) else objects.read(audio.name)
    return None, encode_inline(data, utterance.mime_type, text, template)


@lru_cache(maxsize=64)
def _rendered(template: Template, mime_type: str) -> tuple[bytes, bytes, bytes]:
    return template.render(mime_type)


def _json_text(text: str) -> bytes:
    return orjson.dumps(text)[1:-1]
