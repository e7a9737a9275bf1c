"""How long a recording is, read from its container and not from what it claims to be."""

import io

import av
import soundfile

_SNDFILE_TYPES = frozenset(
    {"audio/wav", "audio/flac", "audio/mp3", "audio/mpeg", "audio/mpga", "audio/mpa", "audio/ogg"}
)
_PCM_BYTES_PER_SECOND = 16_000 * 2
"""Headerless audio is 16-bit mono at 16 kHz (multimodal/audio-understanding, input format)."""


class UndecodableError(Exception):
    """The bytes are not a recording of the kind they are said to be, or hold no sound."""


def seconds_of(content: bytes, mime_type: str) -> float:
    """The recording's length in seconds, more than zero.

    Raises:
        UndecodableError: it cannot be opened, or is empty.
    """
    seconds = _measure(content, mime_type)
    if seconds <= 0:
        raise UndecodableError("the recording holds no sound")
    return seconds


def _measure(content: bytes, mime_type: str) -> float:
    if mime_type == "audio/pcm":
        return len(content) / _PCM_BYTES_PER_SECOND
    if mime_type in _SNDFILE_TYPES:
        return _by_header(content)
    return _by_packets(content)


def _by_header(content: bytes) -> float:
    try:
        return float(soundfile.info(io.BytesIO(content)).duration)
    except soundfile.LibsndfileError as error:
        raise UndecodableError("the recording cannot be decoded") from error


def _by_packets(content: bytes) -> float:
    """Adds up packets: an ADTS stream has no length in its header, and FFmpeg's estimate is off by whole seconds."""
    try:
        with av.open(io.BytesIO(content), mode="r") as container:
            if not container.streams.audio:
                raise UndecodableError("there is no audio in the file")
            stream = container.streams.audio[0]
            ticks = sum(packet.duration or 0 for packet in container.demux(stream))
            return float(ticks * (stream.time_base or 0))
    except av.FFmpegError as error:
        raise UndecodableError("the recording cannot be decoded") from error
