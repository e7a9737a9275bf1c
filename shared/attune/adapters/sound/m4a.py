"""Whether an M4A's index is one that FFmpeg may be given: it reserves memory, and works, for what an index claims."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

_MOST_FRAMES = 1_000_000  # an hour in the shortest frames of AAC at 96,000 samples a second has 360,000
_MOST_WORDS = 10_000  # of metadata; each is compared with all before it
_COUNTED = {b"stsz": 12, b"stz2": 12, b"trun": 8}  # boxes that count frames, and how far behind the name
_UNBOUNDED = (b"cmvd",)  # a compressed index: QuickTime's, of thirty years ago
_HEADER, _LONG_HEADER = 8, 16
_MOST_BOXES = 100_000  # side by side; an hour in fragments of a second has 7,200


def overclaims(data: bytes) -> bool:
    """Whether the boxes around the sound are, or claim to hold, more than a recording has.

    They are looked for anywhere outside of the sound, not where they belong: FFmpeg is lenient, too.
    """
    parts = _around_sound(data)
    if parts is None or any(data.find(name, *part) >= 0 for part in parts for name in _UNBOUNDED):
        return True
    if sum(data.count(b"data", *part) for part in parts) > _MOST_WORDS:
        return True
    frames = 0
    for count in _counts(data, parts):
        frames += 1 + count
        if frames > _MOST_FRAMES:
            return True
    return False


def _around_sound(data: bytes) -> list[tuple[int, int]] | None:
    """The parts of the file that are not the contents of a `mdat` box; past a broken box, all there is.

    None where there are too many boxes side by side.
    """
    parts, begun = [], 0
    for number, (name, at, size) in enumerate(_boxes(data)):
        if number == _MOST_BOXES:
            return None
        if name == b"mdat":
            parts.append((begun, at))
            begun = at + size
    return [*parts, (begun, len(data))]


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name, the place and the size of each box, up to the first that is none."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + _HEADER : at + _LONG_HEADER], "big")
        elif size == 0:
            size = len(data) - at  # it reaches to the end
        if size < _HEADER:
            return
        yield data[at + 4 : at + _HEADER], at, size
        at += size


def _counts(data: bytes, parts: list[tuple[int, int]]) -> Iterator[int]:
    for (start, end), (name, behind) in product(parts, _COUNTED.items()):
        at = data.find(name, start, end)
        while at >= 0:
            yield int.from_bytes(data[at + behind : at + behind + 4], "big")
            at = data.find(name, at + 4, end)
