"""HTTP/1.1 as it lies on the wire: heads are parsed, bodies are only measured, and passed on in pieces as they come."""

from __future__ import annotations

import re
from asyncio import IncompleteReadError, StreamReader
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Self

PIECE_BYTES = 256 * 1024
_END = b"\r\n\r\n"
_NEVER_A_BODY = frozenset({204, 304})
_INTERIM = range(100, 200)


class CutError(ConnectionError):
    """The other side is gone, or says what is no HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """A request's or an answer's first line and headers, without the empty line at their end."""

    raw: bytes

    @classmethod
    async def read(cls, reader: StreamReader) -> Self | None:
        """The next head; None at the end of the connection."""
        try:
            return cls((await reader.readuntil(_END)).removesuffix(_END))
        except IncompleteReadError as ended:
            if ended.partial:
                raise CutError("cut within a head") from ended
            return None

    @property
    def line(self) -> list[str]:
        """The first line's three parts; the last may be empty."""
        words = self.raw.partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
        return [*words, *[""] * (3 - len(words))]

    def header(self, name: bytes) -> bytes:
        """A header's value; nothing where there is none. The name is in small letters."""
        found = re.search(rb"(?i)\r\n" + re.escape(name) + rb":[ \t]*([^\r\n]*)", self.raw)
        return found.group(1).rstrip() if found else b""

    def with_header(self, name: bytes, value: bytes) -> Self:
        """The same with the header at another value, if it is there."""
        pattern = rb"(?i)(\r\n" + re.escape(name) + rb":)[^\r\n]*"
        return type(self)(re.sub(pattern, lambda found: bytes(found.group(1)) + b" " + value, self.raw))

    @property
    def last(self) -> bool:
        """Whether whoever says this closes the connection behind it."""
        return self.header(b"connection").lower() == b"close"

    def wire(self) -> bytes:
        """As it is sent."""
        return self.raw + _END


async def answer_head(reader: StreamReader) -> Head:
    """The head of the next answer that is not an interim one."""
    while True:
        head = await Head.read(reader)
        if head is None:
            raise CutError("no answer")
        if int(head.line[1]) not in _INTERIM:
            return head


async def request_body(head: Head, reader: StreamReader, begun: bytes = b"") -> AsyncIterator[bytes]:
    """A request's body, of which `begun` has been read, piece by piece, as it lies on the wire."""
    if begun:
        yield begun
    if head.header(b"transfer-encoding"):
        pieces = _chunks(reader)
    else:
        pieces = _counted(reader, body_bytes(head) - len(begun), PIECE_BYTES)
    async for piece in pieces:
        yield piece


async def answer_body(verb: str, head: Head, reader: StreamReader, at_least: int = 0) -> AsyncIterator[bytes]:
    """An answer's body as it lies on the wire, in at least so many pieces where its length is known and allows it."""
    if verb == "HEAD" or int(head.line[1]) in _NEVER_A_BODY:
        return
    if head.header(b"transfer-encoding"):
        pieces = _chunks(reader)
    elif head.header(b"content-length"):
        size = body_bytes(head)
        pieces = _counted(reader, size, min(PIECE_BYTES, size // max(at_least, 1) + 1))
    else:
        pieces = _until_closed(reader)
    async for piece in pieces:
        yield piece


def body_bytes(head: Head) -> int:
    """How long the body is, by its head; 0 where that does not say."""
    return int(head.header(b"content-length") or 0)


def ends_by_closing(verb: str, head: Head) -> bool:
    """Whether an answer has no other end than the connection's."""
    told = head.header(b"transfer-encoding") or head.header(b"content-length")
    return not told and verb != "HEAD" and int(head.line[1]) not in _NEVER_A_BODY


def head_of(line: str, headers: Iterable[tuple[str, str]]) -> Head:
    """A head of one's own."""
    return Head("\r\n".join([line, *(f"{name}: {value}" for name, value in headers)]).encode("latin-1"))


async def _counted(reader: StreamReader, size: int, most: int) -> AsyncIterator[bytes]:
    while size:
        piece = await reader.read(min(size, most))
        if not piece:
            raise CutError("cut within a body")
        size -= len(piece)
        yield piece


async def _chunks(reader: StreamReader) -> AsyncIterator[bytes]:
    """RFC 9112, 7.1: each chunk with its line of size, and the trailer, with the empty line that ends it."""
    size = -1
    while size:
        line = await _line(reader)
        size = int(line.partition(b";")[0], 16)
        if not size:
            yield line
            break
        yield line + await reader.readexactly(size + 2)
    while (line := await _line(reader)) != b"\r\n":
        yield line
    yield line


async def _line(reader: StreamReader) -> bytes:
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise CutError("cut within a body")
    return line


async def _until_closed(reader: StreamReader) -> AsyncIterator[bytes]:
    while piece := await reader.read(PIECE_BYTES):
        yield piece
