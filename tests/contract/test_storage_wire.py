"""What the storage adapter says on the wire, where the local server would not notice what is missing."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c
import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from attune.adapters.storage import GcsIntake, GcsObjects
from attune.errors import GoneError, UnavailableError
from attune.ports import Stored

MEBIBYTE = 1024 * 1024
STANDING = Stored("row", 77, 5, 1)
SESSION = "http://storage.test/session"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left the client."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the script has the server say; status 0 breaks the connection."""

    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


BROKEN = Answer(0)
TAKEN = Answer(412)
FORBIDDEN = Answer(403)


class Wire(HTTPAdapter):
    """A network that keeps what is sent, and answers from a script, whose last line it repeats.

    The client asks once, beside the point and in a thread of its own, for the bucket itself: that is kept apart.
    """

    def __init__(self, *script: Answer, keep_bodies: bool = True) -> None:
        super().__init__()
        self.script = list(script)
        self.sent: list[Sent] = []
        self.keep_bodies = keep_bodies

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        if parts.path in {"/storage/v1/b/sets", "/storage/v1/b/in"}:
            return _response(request, FORBIDDEN)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = _bytes(request.body) if self.keep_bodies else b""
        headers = {name: str(value) for name, value in request.headers.items()}
        self.sent.append(Sent(str(request.method), unquote(parts.path), query, headers, body))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer is BROKEN:
            raise requests.ConnectionError("the connection broke")
        return _response(request, answer)


def _bytes(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, (bytes, bytearray)) else b""


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = answer.status, request, str(request.url)
    response.headers.update(answer.headers)
    body = io.BytesIO(answer.body)
    response.raw = HTTPResponse(body, headers=dict(answer.headers), status=answer.status, preload_content=False)
    return response


def resource(stored: Stored) -> Answer:
    checksum = base64.b64encode(stored.crc32c.to_bytes(4, "big")).decode()
    said = {
        "name": stored.name,
        "generation": str(stored.generation),
        "size": str(stored.size),
        "crc32c": checksum,
        "metageneration": "1",
    }
    return Answer(200, json.dumps(said).encode())


def stored(data: bytes) -> Stored:
    return Stored("row", 77, len(data), google_crc32c.value(data))


def client(wire: Wire) -> Client:
    session = requests.Session()
    session.mount("http://", wire)
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # no types there
    options = {"api_endpoint": "http://storage.test"}
    return Client(project="demo", credentials=nobody, client_options=options, _http=session)


def objects(wire: Wire, patience: float = 5.0) -> GcsObjects:
    return GcsObjects(client(wire), "sets", patience)


def test_a_small_object_is_one_request_that_wants_the_name_free_and_the_checksum_checked() -> None:
    wire = Wire(resource(stored(b"hello")))
    assert objects(wire).put("row", b"hello", "text/plain") == stored(b"hello")
    (sent,) = wire.sent
    assert (sent.query["uploadType"], sent.query["ifGenerationMatch"]) == ("multipart", "0")
    checksum = base64.b64encode(google_crc32c.value(b"hello").to_bytes(4, "big"))
    assert b'"crc32c": "' + checksum + b'"' in sent.body


def test_a_large_object_is_sent_in_pieces_of_eight_mebibytes_under_the_same_condition() -> None:
    data = bytes(20 * MEBIBYTE)
    opened = Answer(200, b"", (("location", SESSION),))
    more = [Answer(308, b"", (("range", f"bytes=0-{end * 8 * MEBIBYTE - 1}"),)) for end in (1, 2)]
    wire = Wire(opened, *more, resource(stored(data)))
    assert objects(wire).put("row", bytearray(data), "text/plain") == stored(data)
    first, *pieces = wire.sent
    assert (first.query["uploadType"], first.query["ifGenerationMatch"]) == ("resumable", "0")
    assert [len(piece.body) for piece in pieces] == [8 * MEBIBYTE, 8 * MEBIBYTE, 4 * MEBIBYTE]
    checksum = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
    assert pieces[-1].headers["x-goog-hash"] == f"crc32c={checksum}"


@pytest.mark.parametrize("trouble", [Answer(503), BROKEN])
def test_a_piece_that_got_no_answer_is_sent_again(trouble: Answer) -> None:
    data = bytes(9 * MEBIBYTE)
    opened = Answer(200, b"", (("location", SESSION),))
    more = Answer(308, b"", (("range", f"bytes=0-{8 * MEBIBYTE - 1}"),))
    wire = Wire(opened, more, trouble, resource(stored(data)))
    assert objects(wire).put("row", data, "text/plain") == stored(data)
    assert [len(sent.body) // MEBIBYTE for sent in wire.sent[1:]] == [8, 1, 1]


def test_a_large_object_is_never_copied_whole() -> None:
    data = bytearray(64 * MEBIBYTE)
    opened = Answer(200, b"", (("location", SESSION),))
    more = [Answer(308, b"", (("range", f"bytes=0-{end * 8 * MEBIBYTE - 1}"),)) for end in range(1, 8)]
    wire = Wire(opened, *more, resource(stored(bytes(data))), keep_bodies=False)
    ready = objects(wire)
    tracemalloc.start()
    ready.put("row", data, "text/plain")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 8 * MEBIBYTE + MEBIBYTE


def test_joining_wants_the_name_free_and_sends_no_old_checksum() -> None:
    wire = Wire(resource(Stored("whole", 78, 10, 2)))
    assert objects(wire).compose("whole", ["a", "b"]) == Stored("whole", 78, 10, 2)
    (sent,) = wire.sent
    assert sent.path.endswith("/o/whole/compose")
    assert sent.query["ifGenerationMatch"] == "0"
    said = json.loads(sent.body)
    assert [source["name"] for source in said["sourceObjects"]] == ["a", "b"]
    assert "crc32c" not in said["destination"]


def test_to_replace_is_one_request_without_a_condition_and_with_its_type() -> None:
    wire = Wire(resource(stored(b"hello")))
    assert objects(wire).replace("row", b"hello", "text/html; charset=utf-8") == stored(b"hello")
    (sent,) = wire.sent
    assert "ifGenerationMatch" not in sent.query
    assert b"content-type: text/html; charset=utf-8" in sent.body


def test_to_join_in_place_of_what_stands_is_one_request_without_a_condition_and_with_its_type() -> None:
    wire = Wire(resource(Stored("whole", 78, 10, 2)))
    assert objects(wire).recompose("whole", ["a", "b"], "application/jsonl") == Stored("whole", 78, 10, 2)
    (sent,) = wire.sent
    assert "ifGenerationMatch" not in sent.query
    assert json.loads(sent.body)["destination"]["contentType"] == "application/jsonl"


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), BROKEN])
def test_to_replace_is_repeated_since_twice_is_the_same_as_once(trouble: Answer) -> None:
    wire = Wire(trouble, resource(stored(b"hello")))
    objects(wire).replace("row", b"hello", "text/plain")
    objects(wire).recompose("row", ["a"], "text/plain")
    objects(wire).delete("row")
    assert [sent.method for sent in wire.sent] == ["POST", "POST", "POST", "DELETE"]


def test_a_delete_whose_answer_was_lost_finds_nothing_and_is_content() -> None:
    wire = Wire(BROKEN, Answer(404))
    objects(wire).delete("row")
    assert [sent.method for sent in wire.sent] == ["DELETE", "DELETE"]


@pytest.mark.parametrize("size", [5, 9 * MEBIBYTE])
def test_what_stands_under_a_taken_name_is_asked_for_once(size: int) -> None:
    wire = Wire(TAKEN, resource(STANDING))
    assert objects(wire).put("row", bytes(size), "text/plain") == STANDING
    assert [sent.method for sent in wire.sent] == ["POST", "GET"]


def test_what_stands_under_a_taken_name_is_asked_for_after_joining_too() -> None:
    wire = Wire(TAKEN, resource(STANDING))
    assert objects(wire).compose("row", ["a"]) == STANDING
    assert [sent.method for sent in wire.sent] == ["POST", "GET"]


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), BROKEN])
def test_a_write_is_repeated_under_its_condition(trouble: Answer) -> None:
    wire = Wire(trouble, resource(stored(b"hello")))
    objects(wire).put("row", b"hello", "text/plain")
    assert [sent.query["ifGenerationMatch"] for sent in wire.sent] == ["0", "0"]


def test_a_write_whose_answer_was_lost_finds_itself_standing() -> None:
    wire = Wire(BROKEN, TAKEN, resource(stored(b"hello")))
    assert objects(wire).put("row", b"hello", "text/plain") == stored(b"hello")


@pytest.mark.parametrize("trouble", [Answer(503), Answer(500), BROKEN])
def test_a_service_that_does_not_answer_is_unavailable(trouble: Answer) -> None:
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).put("row", b"hello", "text/plain")
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).read("row")
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).compose("row", ["a"])
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).replace("row", b"hello", "text/plain")
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).recompose("row", ["a"], "text/plain")
    with pytest.raises(UnavailableError):
        objects(Wire(trouble), patience=0.05).delete("row")


@pytest.mark.parametrize("status", [404, 410])
def test_an_upload_that_the_service_knows_no_more_is_begun_anew_with_the_next_event(status: int) -> None:
    opened = Answer(200, b"", (("location", SESSION),))
    with pytest.raises(UnavailableError):
        objects(Wire(opened, Answer(status))).put("row", bytes(9 * MEBIBYTE), "text/plain")


def test_what_is_not_allowed_is_asked_once_and_again_with_the_next_event() -> None:
    wire = Wire(FORBIDDEN)
    with pytest.raises(UnavailableError):
        objects(wire).read("row")
    assert len(wire.sent) == 1


def test_a_source_that_is_not_there_is_gone() -> None:
    with pytest.raises(GoneError):
        objects(Wire(Answer(404))).compose("whole", ["a"])
    with pytest.raises(GoneError):
        objects(Wire(Answer(404))).recompose("whole", ["a"], "text/plain")


def test_the_intake_is_read_at_its_generation_and_as_it_is_stored() -> None:
    packed = (("content-type", "text/plain"), ("content-encoding", "gzip"))
    wire = Wire(Answer(200, b"as it is", packed))
    assert GcsIntake(client(wire), "in").read("calls/a b.txt", 12) == b"as it is"
    (sent,) = wire.sent
    assert sent.path.endswith("/b/in/o/calls/a b.txt")
    assert (sent.query["generation"], sent.query["ifGenerationMatch"]) == ("12", "12")


@pytest.mark.parametrize("status", [404, 412])
def test_a_generation_that_is_not_there_is_gone(status: int) -> None:
    wire = Wire(Answer(status))
    with pytest.raises(GoneError):
        GcsIntake(client(wire), "in").read("calls/a.txt", 12)
    assert len(wire.sent) == 1


def test_bytes_that_were_damaged_on_the_way_are_not_taken() -> None:
    checksum = base64.b64encode(google_crc32c.value(b"hello").to_bytes(4, "big")).decode()
    damaged = Answer(200, b"jello", (("x-goog-hash", f"crc32c={checksum}"),))
    with pytest.raises(UnavailableError):
        GcsIntake(client(Wire(damaged)), "in").read("calls/a.txt", 12)
