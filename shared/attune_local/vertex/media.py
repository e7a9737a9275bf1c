"""Fetches the audio of a part and measures it by the limits."""

import base64
import binascii
import hashlib
import math
from dataclasses import dataclass, field

from attune_local.vertex.audio import UndecodableError, seconds_of
from attune_local.vertex.content import FileData, InlineData
from attune_local.vertex.limits import AUDIO_MIME_TYPES, AUDIO_TOKENS_PER_SECOND, CHARACTERS_PER_TOKEN, ModelLimits
from attune_local.vertex.objects import Objects

_PLAIN = str.maketrans("-_", "+/")  # protobuf's JSON takes base64 for URLs, too, which is what google-genai sends


class UnusableError(Exception):
    """The audio of this part cannot be used; the message is a predicate: `has …`, `contains …`."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known of a recording once it was heard."""

    digest: str
    """SHA-256 of its bytes, in hex."""
    seconds: float

    @property
    def tokens(self) -> int:
        """32 a second, rounded up."""
        return math.ceil(self.seconds * AUDIO_TOKENS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording with its bytes."""

    mime_type: str
    content: bytes = field(repr=False)
    recording: Recording


def text_tokens(text: str) -> int:
    """About one token per four characters."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def hear(part: FileData | InlineData, objects: Objects, limits: ModelLimits) -> Sound:
    """The part's recording.

    Raises:
        UnusableError: unreadable, of a type that is not taken, too large, too long, or not audio.
    """
    mime_type = part.mime_type.lower()
    if mime_type not in AUDIO_MIME_TYPES:
        raise UnusableError(f"has an unsupported MIME type [{part.mime_type}]")
    content = _fetch(part, objects, limits) if isinstance(part, FileData) else _decode(part)
    _check_size(len(content), limits)
    return Sound(mime_type, content, _measured(content, mime_type, limits))


def _measured(content: bytes, mime_type: str, limits: ModelLimits) -> Recording:
    try:
        seconds = seconds_of(content, mime_type)
    except UndecodableError as error:
        raise UnusableError(f"contains an invalid audio file: {error}") from error
    if seconds > limits.audio_seconds:
        raise UnusableError(f"has audio of {seconds:.0f} s, over the limit of {limits.audio_seconds:.0f} s")
    return Recording(hashlib.sha256(content).hexdigest(), seconds)


def _fetch(part: FileData, objects: Objects, limits: ModelLimits) -> bytes:
    _check_uri(part.uri)
    size = objects.size(part.uri)
    if size is not None:
        _check_size(size, limits)
    content = None if size is None else objects.read(part.uri)
    if content is None:
        raise UnusableError(f"has a file that cannot be read: {part.uri}")
    return content


def _check_uri(uri: str) -> None:
    if not uri.startswith("gs://"):
        raise UnusableError("has a fileUri that is not a Cloud Storage URI")


def _decode(part: InlineData) -> bytes:
    try:
        return base64.b64decode(part.data.translate(_PLAIN), validate=True)
    except binascii.Error as error:
        raise UnusableError("has inline data that is not base64") from error


def _check_size(size: int, limits: ModelLimits) -> None:
    if size > limits.audio_bytes:
        raise UnusableError(f"has an audio file of {size} bytes, over the limit of {limits.audio_bytes}")
