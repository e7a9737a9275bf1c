"""WAV and FLAC decoded by libsndfile, in blocks, into one small buffer."""

from __future__ import annotations

import io
from dataclasses import dataclass

_BLOCK_FRAMES = 16_384
_SAMPLE_BYTES = 2  # decoded to 16 bits, whatever it was


@dataclass(frozen=True, slots=True)
class Decoded:
    """What libsndfile made of a recording: `frames` decoded, `promised` by its header."""

    sample_rate: int
    channels: int
    promised: int
    frames: int


def decode(data: bytes, longest_seconds: float, most_channels: int) -> Decoded | None:
    """Decodes to the end, or a block past `longest_seconds`; None for what libsndfile cannot read.

    What has too many channels is not decoded at all: its frames could be of any size.
    """
    import soundfile  # noqa: PLC0415 - a third of a second that only ingest's first recording has to spend

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            rate, channels = sound.samplerate, sound.channels
            frames = _count(sound, longest_seconds) if channels <= most_channels else 0
            return Decoded(rate, channels, sound.frames, frames)
    except soundfile.LibsndfileError:
        return None


def _count(sound, longest_seconds: float) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001 - it has no types
    block = bytearray(_BLOCK_FRAMES * _SAMPLE_BYTES * sound.channels)
    most, total = longest_seconds * sound.samplerate, 0
    while total <= most and (read := sound.buffer_read_into(block, dtype="int16")):
        total += read
    return total
