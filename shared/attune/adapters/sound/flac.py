"""What a FLAC says of itself before its first frame."""

from __future__ import annotations

from dataclasses import dataclass

from attune.adapters.sound.containers import behind_tags

_BLOCK_HEADER = 4
_STREAMINFO = 34  # bytes; https://www.rfc-editor.org/rfc/rfc9639#section-8.2
_LAST = 0x80
_MOST_BLOCKS = 10_000  # honest files have fewer than ten


@dataclass(frozen=True, slots=True)
class FlacHeader:
    """The stream's own description; `frames` is None where it was not known when it was written."""

    rate: int
    channels: int
    bits: int
    frames: int | None
    alone: bytes  # all of the metadata that a decoder needs
    sound_at: int


def read_header(data: bytes) -> FlacHeader | None:
    """The header of what begins with `fLaC`, an ID3 tag passed over; None where it cannot be followed."""
    start = behind_tags(data) + len(b"fLaC")
    at = _behind_metadata(data, start)
    streaminfo = data[start + _BLOCK_HEADER : start + _BLOCK_HEADER + _STREAMINFO]
    if at is None or at > len(data) or data[start] & ~_LAST or len(streaminfo) < _STREAMINFO:
        return None
    packed = int.from_bytes(streaminfo[10:18], "big")  # 20 bits of rate, 3 of channels, 5 of depth, 36 of length
    return FlacHeader(
        rate=packed >> 44,
        channels=(packed >> 41 & 0x7) + 1,
        bits=(packed >> 36 & 0x1F) + 1,
        frames=packed & 0xF_FFFF_FFFF or None,
        alone=b"fLaC" + bytes((_LAST, 0, 0, _STREAMINFO)) + streaminfo,
        sound_at=at,
    )


def _behind_metadata(data: bytes, at: int) -> int | None:
    for _ in range(_MOST_BLOCKS):
        header = data[at : at + _BLOCK_HEADER]
        if len(header) < _BLOCK_HEADER:
            return None
        at += _BLOCK_HEADER + int.from_bytes(header[1:], "big")
        if header[0] & _LAST:
            return at
    return None
