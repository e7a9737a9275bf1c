"""Render a stored row anew under another template, from what the bucket holds: a changed prompt needs no new upload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

import orjson
import pybase64

from attune.domain.names import AUDIO_ENDINGS, dataset_key, inline_mime_type
from attune.domain.row import RowFormat, Template, row_digest, tokens_of
from attune.domain.shard import Member, Part
from attune.ports import Objects
from attune.services.encode import JSONL, Utterance, point_at, store_row
from attune.services.shards import with_row


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a stored row says: its audio as our copy's name or in bytes, and its text."""

    mime_type: str
    audio_name: str | None
    audio: bytes | None
    text: str


def restate(member: Member, dataset: str, template: Template, objects: Objects) -> Member:
    """The member with its row under this template. The recording is read only where the row's format asks for it."""
    if member.template == template.digest:
        return member
    spoken = _parse(objects.read(member.row.name), objects)
    key = dataset_key(dataset)
    if template.row_format is RowFormat.FILE_URI and spoken.audio_name is not None:
        part = _point_anew(spoken.audio_name, spoken, template, key, objects)
        tokens = tokens_of(member.seconds, spoken.text, template)
        return with_row(member, part, template.digest, tokens)
    audio = spoken.audio if spoken.audio is not None else objects.read(str(spoken.audio_name))
    ending = _ending(spoken.mime_type)
    utterance = Utterance(audio, ending, AUDIO_ENDINGS[ending], member.seconds, spoken.text)
    row = store_row(utterance, template, key, objects)
    return with_row(member, Part(row.name, row.size, row.crc32c), template.digest, row.tokens)


def _point_anew(name: str, spoken: _Spoken, template: Template, key: str, objects: Objects) -> Part:
    utterance = Utterance(b"", "", spoken.mime_type, 0.0, spoken.text)
    line = point_at(objects.uri(name), utterance, template)
    text_sha256 = sha256(spoken.text.encode()).hexdigest()
    digest = row_digest(template, spoken.mime_type, PurePosixPath(name).stem, text_sha256)
    stored = objects.put(f"rows/{key}/{digest}.jsonl", line, JSONL)
    return Part(stored.name, stored.size, stored.crc32c)


def _parse(row: bytes, objects: Objects) -> _Spoken:
    user, model = orjson.loads(row)["contents"]
    text = model["parts"][0]["text"]
    for part in _parts(user):
        if "fileData" in part:
            data = part["fileData"]
            return _Spoken(data["mimeType"], data["fileUri"].removeprefix(objects.uri("")), None, text)
        if "inline_data" in part:
            data = part["inline_data"]
            return _Spoken(data["mime_type"], None, pybase64.b64decode(data["data"], validate=True), text)
    raise ValueError("a row without audio")


def _parts(turn: dict[str, list[dict[str, dict[str, str]]]]) -> Iterator[dict[str, dict[str, str]]]:
    yield from turn["parts"]


def _ending(mime_type: str) -> str:
    return next(at for at, known in AUDIO_ENDINGS.items() if mime_type in (known, inline_mime_type(known)))
