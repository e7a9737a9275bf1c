"""HTTP/1.1 from one function to one service, each request judged on its way."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from urllib.parse import urlsplit

import orjson

from breaker.calls import Fate, Judge, Service
from breaker.proxies.http_calls import Asked, Reader
from breaker.proxies.http_wire import (
    PIECE_BYTES,
    CutError,
    Head,
    answer_body,
    answer_head,
    body_bytes,
    ends_by_closing,
    head_of,
    request_body,
)
from breaker.proxies.proxy import HOST, Bench, Kill, Proxy

_SMALL_BYTES = 64 * 1024
_PAUSES = 5
_PAUSE_SECONDS = 0.12
_REFUSED = {
    Fate.TOO_MANY: (429, "Too Many Requests", "RESOURCE_EXHAUSTED"),
    Fate.UNAVAILABLE: (503, "Service Unavailable", "UNAVAILABLE"),
    Fate.DENIED: (403, "Forbidden", "PERMISSION_DENIED"),
}
_CUT_BEFORE = frozenset({Fate.RESET, Fate.KILL_BEFORE})
_CUT_AFTER = frozenset({Fate.LOST, Fate.KILL_AFTER})
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing sends RST


def http_proxy(function: str, service: Service, upstream: str, judge: Judge, kill: Kill) -> Proxy:
    """A proxy in front of the server at host:port `upstream`, in plain text.

    Bodies are passed on as they come, and never held whole. A `Location` is rewritten to lead back here; the links
    within a resource's JSON (`mediaLink`) are not. A call that is cut is cut with RST.
    """
    return Proxy(lambda: _open(Bench(function, judge, kill), service, upstream))


@asynccontextmanager
async def _open(bench: Bench, service: Service, upstream: str) -> AsyncIterator[int]:
    door = _Door(bench, Reader(bench.function, service), upstream)
    server = await asyncio.start_server(door.serve, HOST, 0, limit=PIECE_BYTES)
    door.address = f"{HOST}:{server.sockets[0].getsockname()[1]}"
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await door.close()
        await server.wait_closed()


@dataclass(slots=True)
class _Door:
    """Takes the function's connections; each has one of its own to the service."""

    bench: Bench
    reader: Reader
    upstream: str
    address: str = ""
    _lines: dict[_Line, asyncio.Task[None] | None] = field(default_factory=dict)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serves a connection to its end. Where a side has gone there is nobody to tell: the other is cut, too."""
        line = _Line(self, reader, writer)
        self._lines[line] = asyncio.current_task()
        try:
            while await line.one():
                pass
        except (OSError, IncompleteReadError, LimitOverrunError):
            line.cut()
        finally:
            line.close()
            del self._lines[line]

    async def close(self) -> None:
        """Cuts all connections, and returns when nobody serves any."""
        serving = [task for task in self._lines.values() if task]
        for line in self._lines:
            line.cut()
        if serving:
            await asyncio.wait(serving)


@dataclass(eq=False, slots=True)
class _Line:
    """A connection of the function, and the one to the service that belongs to it, once there is one."""

    door: _Door
    reader: StreamReader
    writer: StreamWriter
    _up: tuple[StreamReader, StreamWriter] | None = None

    async def one(self) -> bool:
        """Serves one request; whether there may be another.

        Raises:
            OSError: the connection is to be cut here, or is.
        """
        head = await Head.read(self.reader)
        if head is None:
            return False
        asked = await self.door.reader.read(head, self.reader)
        fate = self.door.bench.fate(asked.call)
        if fate is Fate.KILL_BEFORE:
            await self.door.bench.execute()
        if fate in _CUT_BEFORE:
            raise CutError(fate)
        if fate in _REFUSED:
            return await self._refuse(fate, head, asked)
        return await self._pass(fate, head, asked)

    def close(self) -> None:
        """Ends both connections, when everything was said."""
        self.writer.close()
        if self._up:
            self._up[1].close()

    def cut(self) -> None:
        """Ends both connections at once, the function's with RST."""
        if not self.writer.is_closing():
            lingering = self.writer.get_extra_info("socket")
            lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.writer.transport.abort()
        if self._up:
            self._up[1].transport.abort()

    async def _refuse(self, fate: Fate, head: Head, asked: Asked) -> bool:
        """Hears the body out: a client that still sends would take an early answer for a broken connection."""
        await _heard(request_body(head, self.reader, asked.begun))
        code, words, status = _REFUSED[fate]
        said = orjson.dumps({"error": {"code": code, "message": "the proxy", "status": status}})
        about = [("content-type", "application/json"), ("content-length", str(len(said)))]
        self.writer.write(head_of(f"HTTP/1.1 {code} {words}", about).wire() + said)
        await self.writer.drain()
        return not head.last

    async def _pass(self, fate: Fate, head: Head, asked: Asked) -> bool:
        verb = head.line[0]
        reader, writer = await self._upstream()
        async with self._sending(head, asked, writer) as sending:
            answer = await answer_head(reader)
            if fate in _CUT_AFTER:
                await self._keep_back(fate, answer_body(verb, answer, reader))
            await self._answer(fate, self._led_back(answer, asked), verb, reader)
            all_sent = sending is None or sending.done()
        return all_sent and not (head.last or answer.last or ends_by_closing(verb, answer))

    async def _upstream(self) -> tuple[StreamReader, StreamWriter]:
        if self._up and not self._up[0].at_eof():
            return self._up
        if self._up:
            self._up[1].close()
        host, _, port = self.door.upstream.rpartition(":")
        self._up = await asyncio.open_connection(host, int(port), limit=PIECE_BYTES)
        return self._up

    @asynccontextmanager
    async def _sending(
        self, head: Head, asked: Asked, writer: StreamWriter
    ) -> AsyncIterator[asyncio.Task[None] | None]:
        """Sends the request on. A large body is sent beside, since its answer may come before its end."""
        first = head.with_header(b"host", self.door.upstream.encode()).wire()
        body = request_body(head, self.reader, asked.begun)
        if body_bytes(head) <= _SMALL_BYTES and not head.header(b"transfer-encoding"):
            writer.write(first + b"".join([piece async for piece in body]))
            await writer.drain()
            yield None
            return
        writer.write(first)
        sending = asyncio.create_task(_pour(body, writer))
        try:
            yield sending
        finally:
            sending.cancel()
            await asyncio.wait([sending])

    async def _keep_back(self, fate: Fate, body: AsyncIterator[bytes]) -> None:
        await _heard(body)
        if fate is Fate.KILL_AFTER:
            await self.door.bench.execute()
        raise CutError(fate)

    async def _answer(self, fate: Fate, answer: Head, verb: str, reader: StreamReader) -> None:
        pauses = repeat(_PAUSE_SECONDS, _PAUSES if fate is Fate.SLOW else 0)
        await _pause(pauses)
        self.writer.write(answer.wire())
        async for piece in answer_body(verb, answer, reader, _PAUSES if fate is Fate.SLOW else 0):
            await _pause(pauses)
            self.writer.write(piece)
            await self.writer.drain()
        await self.writer.drain()

    def _led_back(self, answer: Head, asked: Asked) -> Head:
        """The answer, with its `Location` here, and that remembered as a part of the same call."""
        location = answer.header(b"location").decode("latin-1")
        if not location:
            return answer
        path = urlsplit(location)._replace(scheme="", netloc="").geturl()
        self.door.reader.remember(asked.call, path)
        return answer.with_header(b"location", f"http://{self.door.address}{path}".encode("latin-1"))


async def _pour(body: AsyncIterator[bytes], writer: StreamWriter) -> None:
    """Sends a body on; when its own side is cut, the other is cut, too, where somebody waits for the answer."""
    try:
        async for piece in body:
            writer.write(piece)
            await writer.drain()
    except (OSError, IncompleteReadError, LimitOverrunError):
        writer.transport.abort()


async def _heard(body: AsyncIterator[bytes]) -> None:
    async for _ in body:
        pass


async def _pause(pauses: Iterator[float]) -> None:
    """The next pause, as long as there are any."""
    for seconds in pauses:
        await asyncio.sleep(seconds)
        break
