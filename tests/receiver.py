"""A web server on the loopback that keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Posted:
    """A request, its headers' names in small letters, and what it was answered."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    answered: int


@dataclass(slots=True)
class Receiver:
    """What was posted so far. `answers` are given in turn, and `then` once there are none left."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    then: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Keeps a request, and says what it is to be answered."""
        with self._lock:
            answer = self.answers.pop(0) if self.answers else self.then
            small = {name.lower(): value for name, value in headers.items()}
            self.posted.append(Posted(path, small, body, answer))
            return answer

    def taken(self) -> list[Posted]:
        """The requests that were answered with a 2xx."""
        return [each for each in self.posted if 200 <= each.answered < 300]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for as long as the block lasts."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(receiver.take(self.path, dict(self.headers.items()), body))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(receiver.body)))
            self.end_headers()
            with suppress(ConnectionError):  # nobody has to read the answer
                self.wfile.write(receiver.body)

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
