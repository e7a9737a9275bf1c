"""Posts are signed as Standard Webhooks has it, and go nowhere that they should not."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from attune.domain.webhook import Notice, Secret, address_fault, headers

WRITTEN = "whsec_" + b64encode(bytes(range(32))).decode()
ANOTHER = "whsec_" + b64encode(bytes(range(100, 132))).decode()
NOTICE = Notice("562e421cb796b374e9b96e3890c240fb", "t", '{"said":"schön"}'.encode())


def now() -> int:
    """The library compares with the clock."""
    return int(datetime.now(UTC).timestamp())


def signed(*written: str, at: int | None = None) -> dict[str, str]:
    moment = now() if at is None else at
    return headers(NOTICE, [Secret.read(each) for each in written], moment)


def test_the_standards_own_library_accepts_a_signature() -> None:
    assert Webhook(WRITTEN).verify(NOTICE.body, signed(WRITTEN)) == {"said": "schön"}


def test_the_signature_is_that_of_the_standards_own_library() -> None:
    moment = now()
    by_library = Webhook(WRITTEN).sign(NOTICE.id, datetime.fromtimestamp(moment, UTC), NOTICE.body.decode())
    assert signed(WRITTEN, at=moment)["webhook-signature"] == by_library


def test_while_one_secret_follows_another_the_holders_of_either_accept() -> None:
    both = signed(WRITTEN, ANOTHER)
    assert Webhook(WRITTEN).verify(NOTICE.body, both)
    assert Webhook(ANOTHER).verify(NOTICE.body, both)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_what_was_changed_on_the_way_is_not_accepted(name: str) -> None:
    other = signed(ANOTHER, at=now() + 1) | {"webhook-id": "other"}
    with pytest.raises(WebhookVerificationError):
        Webhook(WRITTEN).verify(NOTICE.body, signed(WRITTEN) | {name: other[name]})
    with pytest.raises(WebhookVerificationError):
        Webhook(WRITTEN).verify(NOTICE.body + b" ", signed(WRITTEN))


def test_a_post_that_is_played_again_later_is_not_accepted() -> None:
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(WRITTEN).verify(NOTICE.body, signed(WRITTEN, at=now() - 301))


def test_a_secret_shows_neither_itself_nor_what_it_signs() -> None:
    secret = Secret.read(WRITTEN)
    shown = f"{secret!r} {secret} {NOTICE!r}"
    assert "key" not in shown
    assert "said" not in shown


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "starts with whsec_"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "starts with whsec_"),
        ("whsec_%%%", "base64 behind whsec_"),
        ("whsec_" + b64encode(bytes(23)).decode(), "24 to 64 bytes; this one has 23"),
        ("whsec_" + b64encode(bytes(65)).decode(), "24 to 64 bytes; this one has 65"),
    ],
)
def test_what_is_no_secret_is_refused_without_being_quoted(written: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refused:
        Secret.read(written)
    assert len(written) < 10 or written.removeprefix("whsec_") not in str(refused.value)


@pytest.mark.parametrize("odd", ["", "a.b", "with space", "a\r\nb: c", "é", "x" * 129])
def test_an_id_that_could_be_mistaken_for_more_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="an id has letters"):
        Notice(odd, "t", b"{}")


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/hooks/attune?of=calls",
        "https://app.example:8443",
        "https://[2001:db8::1]/",
        "http://127.0.0.1:8080/hook",
        "http://127.9.9.9/",
        "http://[::1]:8080/",
        "http://localhost:8080/",
    ],
)
def test_https_and_this_machine_may_be_posted_to(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("http://app.example/", "in the clear"),
        ("http://10.0.0.7/", "in the clear"),
        ("http://localhost.app.example/", "in the clear"),
        ("http://127.0.0.1.app.example/", "in the clear"),
        ("https://me:word@app.example/", "ends up in logs"),
        ("https://me@app.example/", "ends up in logs"),
        ("https://app.example/#top", "never sent"),
        ("ftp://app.example/", "starts with https://"),
        ("app.example/hook", "starts with https://"),
        ("https:///hook", "starts with https://"),
        ("https://app.example:port/", "no URL"),
        ("", "starts with https://"),
    ],
)
def test_any_other_address_is_refused_and_told_why(address: str, fault: str) -> None:
    assert fault in str(address_fault(address))
