"""A webhook over HTTP: what is posted, how often, and what becomes of the message."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from google.api_core.retry import Retry
from standardwebhooks.webhooks import Webhook

from attune.adapters.subscription import notice_of
from attune.adapters.webhook import HttpHook
from attune.domain.webhook import Secret
from attune.errors import NotAnEventError
from attune.services.relay import Fate, Relay, Relayed
from attune_local.stack.loopback import free_port
from receiver import Receiver, receiving
from told import captured

WRITTEN = "whsec_" + b64encode(bytes(range(32))).decode()
PROMOTED = "dev.attune.alias.v1.promoted"


@dataclass
class Clock:
    """A second passes at each look."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))  # the library compares with the clock

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Sender:
    """Relays the example of an event to a receiver, and soon gives up."""

    receiver: Receiver
    wanted: bool = True
    clock: Clock = field(default_factory=Clock)

    def relay(self, address: str = "", seconds: float = 10.0) -> Relayed:
        soon = Retry(initial=0.001, maximum=0.01, timeout=seconds)
        secrets = [Secret.read(WRITTEN)]
        hook = HttpHook(address or f"{self.receiver.url}/hook", secrets, self.clock, lambda: self.wanted, soon)
        return Relay(hook)(notice_of(**message()))


def message() -> dict[str, Any]:
    told = captured(PROMOTED)
    return {"attributes": told["attributes"], "data": orjson.dumps(told["data"])}


@pytest.fixture
def sender() -> Iterator[Sender]:
    with receiving() as receiver:
        yield Sender(receiver)


def test_what_is_posted_is_the_whole_event_signed(sender: Sender) -> None:
    assert sender.relay() == Relayed(Fate.TAKEN)
    (posted,) = sender.receiver.posted
    body = Webhook(WRITTEN).verify(posted.body, dict(posted.headers))
    assert posted.path == "/hook"
    assert posted.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert body == {
        "specversion": "1.0",
        "id": captured(PROMOTED)["attributes"]["ce-id"],
        "source": "//attune/projects/attune-example",
        "type": PROMOTED,
        "subject": "aliases/production",
        "time": "2026-11-20T09:31:08.902211Z",
        "dataset": "interviews",
        "datacontenttype": "application/json",
        "data": captured(PROMOTED)["data"],
    }
    assert posted.headers["webhook-id"] == body["id"]


@pytest.mark.parametrize("refusal", [301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503, 504])
def test_what_is_not_taken_is_tried_again_under_the_same_id_and_a_new_time(sender: Sender, refusal: int) -> None:
    sender.receiver.answers = [refusal, refusal]
    assert sender.relay().fate is Fate.TAKEN
    posted = sender.receiver.posted
    assert [each.answered for each in posted] == [refusal, refusal, 204]
    assert len({each.headers["webhook-id"] for each in posted}) == 1
    assert len({each.headers["webhook-timestamp"] for each in posted}) == 3
    assert len({each.headers["webhook-signature"] for each in posted}) == 3
    for each in posted:
        assert Webhook(WRITTEN).verify(each.body, dict(each.headers))


def test_what_is_never_taken_goes_back_with_the_reason(sender: Sender) -> None:
    sender.receiver.then = 500
    assert sender.relay(seconds=0.05) == Relayed(Fate.AGAIN, "the receiver answered 500")
    assert len(sender.receiver.posted) > 1


def test_a_redirect_is_not_followed(sender: Sender) -> None:
    with receiving() as elsewhere:
        sender.receiver.then = 307
        sender.receiver.headers["location"] = elsewhere.url
        assert sender.relay(seconds=0.05) == Relayed(Fate.AGAIN, "the receiver answered 307")
        assert elsewhere.posted == []


def test_who_is_gone_is_asked_once_and_never_again(sender: Sender) -> None:
    sender.receiver.then = 410
    assert sender.relay() == Relayed(Fate.UNWANTED, "the receiver wants no more events (410)")
    assert len(sender.receiver.posted) == 1


def test_once_the_relay_is_to_end_what_failed_is_not_tried_again(sender: Sender) -> None:
    sender.receiver.then = 500
    sender.wanted = False
    assert sender.relay() == Relayed(Fate.AGAIN, "the receiver answered 500")
    assert len(sender.receiver.posted) == 1


def test_a_receiver_that_does_not_answer_is_told_of_without_its_url(sender: Sender) -> None:
    address = f"http://127.0.0.1:{free_port()}/hooks/a-secret-path"
    relayed = sender.relay(address, seconds=0.05)
    assert relayed == Relayed(Fate.AGAIN, "the receiver did not answer (NewConnectionError)")


def test_a_long_answer_is_not_read(sender: Sender) -> None:
    sender.receiver.then = 200
    sender.receiver.body = b"x" * 50_000_000
    assert sender.relay().fate is Fate.TAKEN


@pytest.mark.parametrize(
    ("address", "secrets", "fault"),
    [("http://app.example/", [Secret.read(WRITTEN)], "in the clear"), ("https://app.example/", [], "needs a secret")],
)
def test_a_webhook_without_what_it_needs_is_not_made(address: str, secrets: list[Secret], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        HttpHook(address, secrets, Clock())


@pytest.mark.parametrize("name", ["ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-dataset"])
def test_a_message_that_lacks_an_attribute_is_no_event(name: str) -> None:
    other = message()
    del other["attributes"][name]
    with pytest.raises(NotAnEventError, match=f"no attribute '{name}'"):
        notice_of(**other)


def test_a_message_that_somebody_else_published_is_no_event() -> None:
    other = message()
    with pytest.raises(NotAnEventError, match="id or data is none of ours"):
        notice_of(other["attributes"], b"not JSON")
    with pytest.raises(NotAnEventError, match="id or data is none of ours"):
        notice_of(other["attributes"] | {"ce-id": "1.2"}, other["data"])
