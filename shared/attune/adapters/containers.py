"""Which container a recording really is, by its first bytes, and what its header promises."""

from __future__ import annotations

from enum import StrEnum

_ID3_HEADER = 10
_LARGEST_HONEST_CHUNK = 0x7FFF_0000  # what writes to a pipe puts a size near 2 or 4 GiB: "until the end"
_XING_WITHIN = 64  # a frame's header, its side information (at most 36 bytes), then the tag
_SYNC = 0xE0
_LAYER = 0x06


class Container(StrEnum):
    """Containers, by the name people know them under."""

    WAV = "WAV"
    FLAC = "FLAC"
    MP3 = "MP3"
    AAC = "AAC"
    M4A = "M4A"
    OGG = "Ogg"
    AIFF = "AIFF"
    CAF = "CAF"
    MATROSKA = "WebM or Matroska"
    ASF = "WMA"
    AMR = "AMR"


_MARKS: tuple[tuple[int, bytes, Container], ...] = (
    (8, b"WAVE", Container.WAV),
    (0, b"fLaC", Container.FLAC),
    (4, b"ftyp", Container.M4A),
    (0, b"OggS", Container.OGG),
    (8, b"AIF", Container.AIFF),
    (0, b"caff", Container.CAF),
    (0, b"\x1a\x45\xdf\xa3", Container.MATROSKA),
    (0, b"\x30\x26\xb2\x75", Container.ASF),
    (0, b"#!AMR", Container.AMR),
    (0, b"ADIF", Container.AAC),
)


def container_of(data: bytes) -> Container | None:
    """The container that the bytes begin with, an ID3 tag passed over; None where none is known."""
    start = _after_tag(data)
    for offset, mark, container in _MARKS:
        if data.startswith(mark, start + offset):
            return container
    # A tag with something else behind it is what players call MP3.
    return _mpeg(data[start : start + 2]) or (Container.MP3 if start else None)


def is_wav_cut(data: bytes) -> bool:
    """Whether a WAV's data chunk is said to be longer than what is there."""
    at = 12
    while at + 8 <= len(data):
        name = data[at : at + 4]
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"data":
            return at + size > len(data) and size < _LARGEST_HONEST_CHUNK
        at += size + size % 2
    return False


def counts_its_frames(data: bytes) -> bool:
    """Whether an MP3 says in its first frame how many follow; else any length told of it is a guess."""
    start = _after_tag(data)
    first = data[start : start + _XING_WITHIN]
    return b"Xing" in first or b"Info" in first or b"VBRI" in first


def _after_tag(data: bytes) -> int:
    """Where the recording starts: behind an ID3v2 tag, whose size is in four bytes of seven bits."""
    if not data.startswith(b"ID3") or len(data) < _ID3_HEADER:
        return 0
    size = 0
    for byte in data[6:_ID3_HEADER]:
        size = size << 7 | byte & 0x7F
    return _ID3_HEADER + size


def _mpeg(head: bytes) -> Container | None:
    """MPEG audio has eleven bits of sync and a layer; ADTS, which carries AAC, has twelve and layer 0."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & _SYNC != _SYNC:  # noqa: PLR2004 - the two bytes themselves
        return None
    if head[1] & _LAYER:
        return Container.MP3
    return Container.AAC if head[1] & 0xF0 == 0xF0 else None  # noqa: PLR2004 - the same
