"""A row of a tuning file: one JSON object on a line, rendered around the audio and the text that change."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from enum import StrEnum

from attune.domain.manner import Manner
from attune.domain.names import inline_mime_type

AUDIO_TOKENS_PER_SECOND = 32  # Gemini's audio understanding page
CHARACTERS_PER_TOKEN = 4  # Gemini's token page, for English: an estimate
_SLOT = "\ud800"  # stands where a value is spliced in: half a character, which no stored text can hold


class RowFormat(StrEnum):
    """How a row carries its audio: a URI, as Google's tuning page has it, or base64, as the recipe has it."""

    FILE_URI = "file_uri"
    INLINE_DATA = "inline_data"


@dataclass(frozen=True, slots=True)
class Weight:
    """What a row's size is made of: the recording's bytes, the text's as JSON (unquoted), and its characters."""

    audio_bytes: int
    text_bytes: int
    characters: int


@dataclass(frozen=True, slots=True)
class Template:
    """What is the same in every row of a task."""

    row_format: RowFormat
    prompt: str
    system_instruction: str | None = None
    manner: Manner = field(default_factory=Manner)

    @property
    def digest(self) -> str:
        """Names the template: rows with another digest are rendered anew before they go into one file."""
        manner = [self.manner.casing, self.manner.punctuation]
        parts = json.dumps([self.row_format, self.prompt, self.system_instruction, *manner])
        return hashlib.sha256(parts.encode()).hexdigest()[:16]

    def render(self, mime_type: str) -> tuple[bytes, bytes, bytes]:
        """The row's three fixed parts: before the audio's value, between it and the text's value, after that."""
        body = json.dumps(self._object(mime_type), ensure_ascii=False, separators=(",", ":"))
        head, middle, tail = body.split(_SLOT)
        return head.encode(), middle.encode(), f"{tail}\n".encode()

    def _object(self, mime_type: str) -> dict[str, object]:
        inline = self.row_format is RowFormat.INLINE_DATA
        user = self._inline_parts(mime_type) if inline else self._file_parts(mime_type)
        model = [{"text": _SLOT}]
        contents = [{"role": "user", "parts": user}, {"role": "model", "parts": model}]
        if self.system_instruction is None:
            return {"contents": contents}
        key = "system_instruction" if inline else "systemInstruction"
        return {key: {"parts": [{"text": self.system_instruction}]}, "contents": contents}

    def _inline_parts(self, mime_type: str) -> list[dict[str, object]]:
        data = {"mime_type": inline_mime_type(mime_type), "data": _SLOT}
        return [{"text": self.prompt}, {"inline_data": data}]

    def _file_parts(self, mime_type: str) -> list[dict[str, object]]:
        return [{"fileData": {"mimeType": mime_type, "fileUri": _SLOT}}, {"text": self.prompt}]


def row_digest(template: str, mime_type: str, audio_sha256: str, text_sha256: str) -> str:
    """The row's own digest: of all that decides its bytes (`template` by its digest), so the large are hashed once."""
    return hashlib.sha256(f"{template}\n{mime_type}\n{audio_sha256}\n{text_sha256}".encode()).hexdigest()


def tokens_of(seconds: float, characters: int, template: Template) -> int:
    """Tokens of one example, input and output: 32 for each second of audio, a quarter of the text's characters.

    `characters` are those of the answer; input and output are rounded up apart, as they are counted apart.
    """
    asked = len(template.prompt) + len(template.system_instruction or "")
    text = math.ceil(asked / CHARACTERS_PER_TOKEN) + math.ceil(characters / CHARACTERS_PER_TOKEN)
    return math.ceil(seconds * AUDIO_TOKENS_PER_SECOND) + text


def row_size(template: Template, mime_type: str, weight: Weight, uri_bytes: int) -> int:
    """The bytes of a row, its line ending included, without rendering it; `uri_bytes` is for rows that point."""
    inline = template.row_format is RowFormat.INLINE_DATA
    audio = base64_size(weight.audio_bytes) if inline else uri_bytes
    return sum(map(len, template.render(mime_type))) + audio + weight.text_bytes


def base64_size(size: int) -> int:
    """The characters that so many bytes become."""
    return (size + 2) // 3 * 4
