"""The bridge makes of each Pub/Sub message the CloudEvent that Google would, and passes the function's verdict on."""

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
import urllib3

from attune_local.stack.bridge import Backoff, storage_route, topic_route
from attune_local.stack.cloud_events import Push, header_value
from attune_local.stack.loopback import free_port


class Function(ThreadingHTTPServer):
    """Keeps what is posted to it and answers with `status`."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Function

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append(({name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args


@pytest.fixture
def function() -> Iterator[Function]:
    server = Function()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


Deliver = Callable[[str, Push], int]


@pytest.fixture
def deliver(function: Function) -> Deliver:
    routes = {
        "ingest": storage_route(function.url, ["finalized"]),
        "launch": topic_route(function.url, "attune-local", "attune-launch"),
        "nobody": topic_route(f"http://127.0.0.1:{free_port()}", "attune-local", "attune-launch"),
    }
    pool = urllib3.PoolManager(retries=False)
    return lambda trigger, push: routes[trigger].deliver(push, pool)


def test_a_finalize_notification_becomes_the_storage_event(deliver: Deliver, function: Function) -> None:
    assert deliver("ingest", _notification("OBJECT_FINALIZE", "calls/a.wav")) == 200
    ((headers, body),) = function.received
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "google.cloud.storage.object.v1.finalized"
    assert headers["ce-source"] == "//storage.googleapis.com/projects/_/buckets/B"
    assert headers["ce-subject"] == "objects/calls/a.wav"
    assert headers["ce-id"] == "41"
    assert headers["ce-time"] == "2026-01-01T00:00:00Z"
    assert headers["ce-bucket"] == "B"
    assert headers["content-type"] == "application/json"
    assert body["name"] == "calls/a.wav"


def test_the_object_resources_numbers_are_strings(deliver: Deliver, function: Function) -> None:
    deliver("ingest", _notification("OBJECT_FINALIZE", "a.wav"))
    ((_, body),) = function.received
    assert (body["generation"], body["size"], body["metageneration"]) == ("17", "5", "1")


@pytest.mark.parametrize("name", ['a "b" 100% c.wav', "Grüße/ужин #1?.txt", "日本/é.wav", "a\tb\n.wav"])
def test_any_name_fits_a_header_and_comes_back_whole(deliver: Deliver, function: Function, name: str) -> None:
    deliver("ingest", _notification("OBJECT_FINALIZE", name))
    ((headers, body),) = function.received
    assert headers["ce-subject"].isascii()
    assert not set(headers["ce-subject"]) & set(' "')
    assert unquote(headers["ce-subject"]) == f"objects/{name}"
    assert body["name"] == name


def test_header_values_are_encoded_as_the_binding_says() -> None:
    assert header_value("Euro € 😀") == "Euro%20%E2%82%AC%20%F0%9F%98%80"  # the binding's own example
    assert header_value("a/b:c#d?e~[x]{y}") == "a/b:c#d?e~[x]{y}"


@pytest.mark.parametrize("kind", ["OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"])
def test_other_storage_events_are_acknowledged_and_go_nowhere(deliver: Deliver, function: Function, kind: str) -> None:
    assert deliver("ingest", _notification(kind, "a.wav")) == 204
    assert function.received == []


def test_a_deletion_goes_to_a_function_that_wants_it(function: Function) -> None:
    route = storage_route(function.url, ["finalized", "deleted"])
    route.deliver(_notification("OBJECT_DELETE", "a.wav"), urllib3.PoolManager(retries=False))
    ((headers, _),) = function.received
    assert headers["ce-type"] == "google.cloud.storage.object.v1.deleted"


def test_a_topics_message_becomes_a_message_published_event(deliver: Deliver, function: Function) -> None:
    deliver("launch", _push(b"run 7", {"kind": "launch"}))
    ((headers, body),) = function.received
    assert headers["ce-type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert headers["ce-source"] == "//pubsub.googleapis.com/projects/attune-local/topics/attune-launch"
    assert body == {
        "message": {
            "data": base64.b64encode(b"run 7").decode(),
            "attributes": {"kind": "launch"},
            "messageId": "41",
            "publishTime": "2026-01-01T00:00:01Z",
        },
        "subscription": "projects/attune-local/subscriptions/attune-launch",
    }


@pytest.mark.parametrize("status", [200, 204, 400, 429, 500])
def test_the_functions_status_goes_back(deliver: Deliver, function: Function, status: int) -> None:
    function.status = status
    assert deliver("launch", _push(b"", {})) == status


def test_a_function_that_is_down_is_a_503_so_that_the_message_comes_again(deliver: Deliver) -> None:
    assert deliver("nobody", _push(b"", {})) == 503


def test_a_refused_event_waits_twice_as_long_each_time_up_to_the_longest() -> None:
    assert [Backoff(0.1, 1.0).seconds(refusals) for refusals in range(1, 7)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert Backoff(0.1, 5.0).seconds(10_000) == 5.0


def _notification(kind: str, name: str) -> Push:
    resource = {"kind": "storage#object", "name": name, "bucket": "B", "generation": 17, "size": 5}
    attributes = {"eventType": kind, "bucketId": "B", "objectId": name, "eventTime": "2026-01-01T00:00:00Z"}
    return _push(json.dumps(resource).encode(), attributes)


def _push(data: bytes, attributes: dict[str, str]) -> Push:
    return Push("41", "2026-01-01T00:00:01Z", attributes, data, "projects/attune-local/subscriptions/attune-launch")
