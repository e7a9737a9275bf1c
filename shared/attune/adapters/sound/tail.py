"""The end of some bytes as a file, as FFmpeg reads one, without a copy of them."""

from __future__ import annotations

import os


class Tail:
    """The bytes behind `start`, and a short head before them.

    It may be sent anywhere, as damaged indexes do, and has nothing to read there.
    """

    def __init__(self, data: bytes, start: int, head: bytes = b"") -> None:
        """Nothing of it is read yet."""
        self._head, self._bytes, self._at = head, memoryview(data)[start:], 0

    def read(self, size: int) -> bytes:
        """The next bytes, no more than `size`."""
        at, end = self._at - len(self._head), self._at - len(self._head) + size
        piece = self._head[self._at : self._at + size] + self._bytes[max(at, 0) : max(end, 0)]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes there, or to the beginning if that is before it."""
        size = len(self._head) + len(self._bytes)
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Where it is read next."""
        return self._at
