"""What the chunks of a WAV say, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

_RIFF_HEADER, _CHUNK_HEADER = 12, 8
_MOST_CHUNKS = 10_000  # honest files have fewer than twenty, and libsndfile gives up itself
_LARGEST_HONEST_CHUNK = 0x7FFF_0000  # what writes to a pipe puts a size near 2 or 4 GiB: "until the end"
_PADDING = 4_096  # bytes that some programs fill a file up with
_MPEG_TAGS = {0x0050, 0x0055}
_PRINTABLE = range(0x20, 0x7F)


_FORMAT = Struct("<HHIIHH")  # the tag, channels, frames a second, bytes a second, bytes a frame, bits a sample
_PCM, _PCM_BITS, _PCM_BYTES = 1, 16, 2


class Plain(NamedTuple):
    """Samples of 16 bits that lie in the file as they are: where they begin, in bytes, and how many frames."""

    rate: int
    channels: int
    at: int
    frames: int


def plain(data: bytes) -> Plain | None:
    """The samples of the commonest WAV there is, for which no decoder is needed; None for every other one."""
    found: dict[bytes, tuple[int, int]] = {}
    for name, at, size in _chunks(data):
        found.setdefault(name, (at, size))
        if name == b"data":
            break
    if b"fmt " not in found or b"data" not in found:
        return None
    (form, length), (at, size) = found[b"fmt "], found[b"data"]
    if length != _FORMAT.size or at + size > len(data):
        return None
    tag, channels, rate, _, frame_bytes, bits = _FORMAT.unpack_from(data, form)
    if (tag, bits, frame_bytes) != (_PCM, _PCM_BITS, channels * _PCM_BYTES) or not channels or not rate:
        return None
    return Plain(rate, channels, at, size // frame_bytes)


def holds_mpeg(data: bytes) -> bool:
    """Whether what is in it is MP3, which libsndfile must not get."""
    return any(
        name == b"fmt " and int.from_bytes(data[at : at + 2], "little") in _MPEG_TAGS for name, at, _ in _chunks(data)
    )


def length_fault(data: bytes) -> str | None:
    """How the size of the sound that the header promises is not what is there; None if it is."""
    sound = next(((at, size) for name, at, size in _chunks(data) if name == b"data"), None)
    if sound is None or sound[1] >= _LARGEST_HONEST_CHUNK:
        return None
    at, size = sound
    if at + size > len(data):
        return f"its header promises {size:,} bytes of sound, and {len(data) - at:,} are there"
    behind = len(data) - at - size
    if behind > _PADDING and not _is_padding_or_chunk(data, at + size):
        return f"its header promises {size:,} bytes of sound, and {behind:,} more are there"
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name, the start and the said size of each chunk."""
    at = _RIFF_HEADER
    for _ in range(_MOST_CHUNKS):
        if at + _CHUNK_HEADER > len(data):
            return
        size = int.from_bytes(data[at + 4 : at + _CHUNK_HEADER], "little")
        yield data[at : at + 4], at + _CHUNK_HEADER, size
        at += _CHUNK_HEADER + size + size % 2


def _is_padding_or_chunk(data: bytes, at: int) -> bool:
    names = (data[at : at + 4], data[at + 1 : at + 5])  # some programs leave out the byte behind an odd size
    return any(all(byte in _PRINTABLE for byte in name) for name in names) or data.count(0, at) == len(data) - at
