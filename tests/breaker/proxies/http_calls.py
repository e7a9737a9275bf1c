"""What an HTTP request to object storage or to Vertex AI touches, read from its first line and the body's beginning."""

from __future__ import annotations

import re
from asyncio import StreamReader
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

import orjson

from breaker.calls import Call, Service
from breaker.proxies.http_wire import Head, body_bytes

_STORAGE = re.compile(r"/(?:download/)?storage/v1/b/(?P<bucket>[^/]+)(?:/o(?:/(?P<name>[^/]+)(?:/(?P<verb>.+))?)?)?")
_UPLOAD = re.compile(r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_VERTEX = re.compile(r"/v1(?:beta1)?/(?P<name>[^:]+)(?::(?P<verb>\w+))?")
_COLLECTIONS = frozenset({"tuningJobs", "endpoints", "models"})
_BOUNDARY = re.compile(rb'boundary="?([^";]+)"?')
_MOST_METADATA = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and its body as far as it had to be read."""

    call: Call
    begun: bytes = b""


@dataclass(slots=True)
class Reader:
    """Reads what is asked of one service for one function; it remembers which upload each resumable session is."""

    function: str
    service: Service
    _sessions: dict[str, Call] = field(default_factory=dict)

    async def read(self, head: Head, body: StreamReader) -> Asked:
        """The call."""
        verb, target, _ = head.line
        parts = urlsplit(target)
        if self.service is not Service.STORAGE:
            return Asked(self._vertex(verb, parts.path))
        if session := self._sessions.get(target):
            return Asked(session)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if found := _UPLOAD.fullmatch(parts.path):
            begun = b"" if "name" in query else await _beginning(head, body)
            name = query.get("name") or _metadata_name(head, begun)
            return Asked(self._write("UPLOAD object", unquote(found["bucket"]), name, query), begun)
        return Asked(self._storage(verb, parts.path, query))

    def remember(self, call: Call, location: str) -> None:
        """The call opened a session, whose pieces go to this path, with its query."""
        self._sessions[location] = call

    def _storage(self, verb: str, path: str, query: dict[str, str]) -> Call:
        found = _STORAGE.fullmatch(path)
        if not found:
            return Call(self.function, self.service, f"{verb} {path}")
        bucket = unquote(found["bucket"])
        if "/o" not in path[found.end("bucket") :]:
            return Call(self.function, self.service, f"{verb} bucket", (bucket,))
        if found["name"] is None:
            return Call(self.function, self.service, "LIST objects", (f"{bucket}/{query.get('prefix', '')}",))
        name = unquote(found["name"])
        if found["verb"] == "compose":
            return self._write("COMPOSE object", bucket, name, query)
        method = f"{verb} object" + (f"/{found['verb'].partition('/')[0]}" if found["verb"] else "")
        return Call(self.function, self.service, method, (f"{bucket}/{name}",))

    def _write(self, method: str, bucket: str, name: str, query: dict[str, str]) -> Call:
        overwrites = query.get("ifGenerationMatch") != "0"
        return Call(self.function, self.service, method, (f"{bucket}/{name}",), overwrites)

    def _vertex(self, verb: str, path: str) -> Call:
        found = _VERTEX.fullmatch(unquote(path))
        if not found:
            return Call(self.function, self.service, f"{verb} {path}")
        name = found["name"]
        above, _, last = name.rpartition("/")
        if found["verb"]:
            return Call(self.function, self.service, f"{verb} {found['verb']}", (name,))
        if last in _COLLECTIONS:
            return Call(self.function, self.service, f"{'LIST' if verb == 'GET' else verb} {last}", (name,))
        return Call(self.function, self.service, f"{verb} {above.rpartition('/')[2]}", (name,))


async def _beginning(head: Head, body: StreamReader) -> bytes:
    """As much of an upload's body as has its metadata: all of it, or up to the end of the first part."""
    size, begun = body_bytes(head), b""
    end = _part_end(head)
    while len(begun) < min(size, _MOST_METADATA) and not (end and begun.count(end) > 1):
        piece = await body.read(min(size, _MOST_METADATA) - len(begun))
        if not piece:
            break
        begun += piece
    return begun


def _metadata_name(head: Head, begun: bytes) -> str:
    """The object's name in its metadata: the body, or its first part; nothing where there is none to be read."""
    end = _part_end(head)
    part = begun.split(end)[1].partition(b"\r\n\r\n")[2] if end and begun.count(end) > 1 else begun
    try:
        return str(orjson.loads(part)["name"])
    except (orjson.JSONDecodeError, KeyError):
        return ""


def _part_end(head: Head) -> bytes:
    found = _BOUNDARY.search(head.header(b"content-type"))
    return b"--" + found.group(1) if found else b""
