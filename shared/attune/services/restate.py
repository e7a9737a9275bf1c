"""Render a stored row anew under another phrasing, from what the bucket holds: nothing has to be uploaded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import orjson
import pybase64

from attune.domain.names import AUDIO_ENDINGS, dataset_key, inline_mime_type
from attune.domain.phrasing import Phrasing
from attune.domain.shard import Member
from attune.ports import Objects
from attune.services.encode import Copy, Utterance, store_row
from attune.services.shards import original_of, path_of, with_row


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a stored row says: its recording, as our copy or in bytes, and its text as it is written there."""

    mime_type: str
    audio: Copy | bytes
    text: str


def restate(member: Member, dataset: str, phrasing: Phrasing, objects: Objects) -> Member:
    """The member with its row under this phrasing. The recording is read only where the row's format asks for it."""
    if member.version == phrasing.version:
        return member
    path = path_of(member)
    task = phrasing.task_of(path)
    if (member.template, member.task) == (phrasing.template_of(task).digest, task.name):
        return replace(member, version=phrasing.version)
    spoken = _parse(objects.read(member.row.name), member, objects)
    original = original_of(member)
    said = objects.read(original).decode() if original else spoken.text
    ending = _ending(spoken.mime_type)
    utterance = Utterance(spoken.audio, ending, AUDIO_ENDINGS[ending], member.seconds, said)
    return with_row(member, store_row(utterance, path, phrasing, dataset_key(dataset), objects))


def _parse(row: bytes, member: Member, objects: Objects) -> _Spoken:
    user, model = orjson.loads(row)["contents"]
    text = model["parts"][0]["text"]
    for part in _parts(user):
        if "fileData" in part:
            data = part["fileData"]
            name = data["fileUri"].removeprefix(objects.uri(""))
            copy = Copy(name, PurePosixPath(name).stem, member.weight.audio_bytes)
            return _Spoken(data["mimeType"], copy, text)
        if "inline_data" in part:
            data = part["inline_data"]
            return _Spoken(data["mime_type"], pybase64.b64decode(data["data"], validate=True), text)
    raise ValueError("a row without audio")


def _parts(turn: dict[str, list[dict[str, dict[str, str]]]]) -> Iterator[dict[str, dict[str, str]]]:
    yield from turn["parts"]


def _ending(mime_type: str) -> str:
    return next(at for at, known in AUDIO_ENDINGS.items() if mime_type in (known, inline_mime_type(known)))
