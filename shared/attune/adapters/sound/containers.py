"""Which container a recording really is, by its first bytes."""

from __future__ import annotations

import re
from enum import StrEnum

_ID3_HEADER = 10
_ID3_FOOTER = 0x10
_MOST_TAGS = 100  # one before the other; a file has one, or two
_XING_WITHIN = 64  # a frame's header, its side information (at most 36 bytes), then the tag
_GAP = 2 << 20  # bytes; among as many of a picture in a tag there are some that could begin a frame
_SYNC = 0xE0
_ADTS_SYNC = 0xF0
_LAYER = 0x06
_LAYERS_2_AND_3 = {0x04, 0x02}


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


TAKEN = {
    ".wav": Container.WAV,
    ".flac": Container.FLAC,
    ".mp3": Container.MP3,
    ".aac": Container.AAC,
    ".m4a": Container.M4A,
}

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
_FRAME_BEGINS = {
    Container.FLAC: re.compile(rb"\xff[\xf8\xf9]"),
    Container.MP3: re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
    Container.AAC: re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"),
}


def container_of(data: bytes) -> Container | None:
    """The container that the bytes begin with, ID3 tags passed over; None where none is known."""
    start = behind_tags(data)
    for offset, mark, container in _MARKS:
        if data.startswith(mark, start + offset):
            return container
    # A tag with something else behind it is what players call MP3.
    return _mpeg(data[start : start + 2]) or (Container.MP3 if start else None)


def behind_tags(data: bytes) -> int:
    """Where the recording starts: behind its ID3v2 tags, whose size is in four bytes of seven bits."""
    start = 0
    for _ in range(_MOST_TAGS):
        header = data[start : start + _ID3_HEADER]
        if len(header) < _ID3_HEADER or not header.startswith(b"ID3"):
            break
        size = 0
        for byte in header[6:]:
            size = size << 7 | byte & 0x7F
        start += _ID3_HEADER + size + (_ID3_HEADER if header[5] & _ID3_FOOTER else 0)
    return start


def counts_its_frames(data: bytes) -> bool:
    """Whether an MP3 says in its first frame how many follow; else any length told of it is a guess."""
    start = behind_tags(data)
    first = data[start : start + _XING_WITHIN]
    return b"Xing" in first or b"Info" in first or b"VBRI" in first


def has_gap(data: bytes, container: Container, start: int) -> bool:
    """Whether behind `start` far more than a frame of sound passes without what a frame begins with.

    A zero-filled hole, say. FFmpeg would keep all of it three times over, in search of the frame's end.
    """
    begins = _FRAME_BEGINS[container]
    return any(not begins.search(data, at, at + _GAP) for at in range(start, len(data) - _GAP + 1, _GAP))


def _mpeg(head: bytes) -> Container | None:
    """MPEG audio has eleven bits of sync and a layer; ADTS, which carries AAC, has twelve and layer 0.

    Layer I is left out: nobody has it, and text in UTF-16 begins like it.
    """
    if len(head) < 2 or head[0] != 0xFF or head[1] & _SYNC != _SYNC:  # noqa: PLR2004 - the two bytes themselves
        return None
    if head[1] & _LAYER in _LAYERS_2_AND_3:
        return Container.MP3
    return Container.AAC if head[1] & _ADTS_SYNC == _ADTS_SYNC and not head[1] & _LAYER else None
