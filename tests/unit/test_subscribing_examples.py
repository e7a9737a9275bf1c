"""The examples for subscribers: filters that let through what they say, and a push endpoint that knows who posts."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient
from google.auth import crypt, jwt, transport
from google.auth.exceptions import TransportError

from attune_local.examples.filters import LONGEST_BYTES, only
from attune_local.examples.pull import Event
from attune_local.examples.push import ADDRESS, LARGEST_BYTES, create_app
from told import FACTS, captured

TYPES = sorted(fact.TYPE for fact in FACTS)
PROMOTED = "dev.attune.alias.v1.promoted"
AUDIENCE = "https://app.example/attune"
ACCOUNT = "push@attune-example.iam.gserviceaccount.com"
TERM = re.compile(r'attributes\."(?P<is>[\w-]+)" = (?P<value>"(?:[^"\\]|\\.)*")|hasPrefix\(attributes\."(?P<has>[\w-]+)", (?P<prefix>"(?:[^"\\]|\\.)*")\)')  # fmt: skip  # noqa: E501 - Pub/Sub's grammar, as far as it is used


def lets_through(wanted: str, attributes: dict[str, str]) -> bool:
    """What Pub/Sub would say of a filter; its emulator ignores them."""
    return all(_holds(term, attributes) for term in wanted.split(" AND ")) if wanted else True


def _holds(term: str, attributes: dict[str, str]) -> bool:
    found = TERM.fullmatch(term)
    assert found, term
    if found["is"]:
        return attributes.get(found["is"]) == str(json.loads(found["value"]))
    return attributes.get(found["has"], "").startswith(json.loads(found["prefix"]))


def let_through(wanted: str) -> list[str]:
    return [each for each in TYPES if lets_through(wanted, captured(each)["attributes"])]


def test_a_filter_on_a_type_lets_through_that_type_alone() -> None:
    assert only(PROMOTED) == 'attributes."ce-type" = "dev.attune.alias.v1.promoted"'
    assert let_through(only(PROMOTED)) == [PROMOTED]


def test_a_filter_on_the_beginning_of_a_type_lets_through_all_that_begin_so() -> None:
    assert only("dev.attune.run.") == 'hasPrefix(attributes."ce-type", "dev.attune.run.")'
    assert let_through(only("dev.attune.run.")) == [each for each in TYPES if ".run." in each]


def test_a_filter_on_a_dataset_lets_through_that_dataset_alone() -> None:
    assert let_through(only(dataset="interviews")) == TYPES
    assert let_through(only(dataset="calls")) == []
    assert let_through(only(PROMOTED, "interviews")) == [PROMOTED]
    assert only(PROMOTED, "calls").endswith(' AND attributes."ce-dataset" = "calls"')


def test_no_filter_lets_everything_through() -> None:
    assert let_through(only()) == TYPES


def test_quotation_marks_in_a_datasets_name_stay_within_the_filters_quotation_marks() -> None:
    odd = 'it\'s "quoted" \\ Gespräche 会話'
    assert lets_through(only(dataset=odd), {"ce-dataset": odd})
    assert not lets_through(only(dataset=odd), {"ce-dataset": "another"})


def test_a_filter_longer_than_pubsub_takes_is_refused() -> None:
    room = LONGEST_BYTES - len(only(dataset="x")) + 1
    assert only(dataset="x" * room)
    with pytest.raises(ValueError, match="the filter has 257 bytes, and Pub/Sub takes 256"):
        only(dataset="x" * (room + 1))


@dataclass
class Google:
    """Signs tokens, and hands out its certificate as Google does."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    reachable: bool = True

    def certificates(self) -> transport.Request:
        """Fetches the certificates, as Google's transport would."""
        google = self

        class Fetching(transport.Request):
            def __call__(self, url: str, *_: Any, **__: Any) -> Any:
                assert url == "https://www.googleapis.com/oauth2/v1/certs"
                if not google.reachable:
                    raise TransportError("no way there")  # type: ignore[no-untyped-call]  # no types there
                return SimpleNamespace(status=200, data=json.dumps({"one": google.certificate()}).encode())

        return Fetching()

    def certificate(self) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "google.test")])
        now = datetime.now(UTC)
        made = x509.CertificateBuilder(name, name, self.key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def token(self, **claims: Any) -> str:
        """A token as Pub/Sub's pushes carry it, but for these claims."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        now = int(time.time())
        said = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "email": ACCOUNT,
            "email_verified": True,
            "iat": now,
            "exp": now + 600,
        }
        signer = crypt.RSASigner.from_string(pem.decode(), "one")  # type: ignore[no-untyped-call]  # the same
        return str(jwt.encode(signer, said | claims).decode())  # type: ignore[no-untyped-call]  # the same


@dataclass
class Desk:
    """The push endpoint, with what it handed on."""

    google: Google = field(default_factory=Google)
    handed: list[Event] = field(default_factory=list)

    def server(self, handle: Callable[[Event], None] | None = None) -> FlaskClient:
        return create_app(AUDIENCE, ACCOUNT, handle or self.handed.append, self.google.certificates()).test_client()

    def post(self, authorization: str | None) -> int:
        headers = {"authorization": authorization} if authorization is not None else {}
        return self.server().post(ADDRESS, json=pushed(PROMOTED), headers=headers).status_code


@pytest.fixture(scope="module")
def google() -> Google:
    return Google()


@pytest.fixture
def desk(google: Google) -> Desk:
    google.reachable = True
    return Desk(google)


def pushed(event_type: str) -> dict[str, Any]:
    """What Pub/Sub posts of a message."""
    told = captured(event_type)
    data = base64.b64encode(json.dumps(told["data"]).encode()).decode()
    message = {"attributes": told["attributes"], "data": data, "messageId": "1", "publishTime": "2026-11-20T09:31:09Z"}
    return {"message": message, "subscription": "projects/attune-example/subscriptions/my-app"}


def test_a_push_that_google_signed_for_the_account_is_handed_on(desk: Desk) -> None:
    assert desk.post(f"Bearer {desk.google.token()}") == 204
    (event,) = desk.handed
    assert (event.type, event.dataset, event.subject) == (PROMOTED, "interviews", "aliases/production")
    assert event.data == captured(PROMOTED)["data"]
    assert event.id == captured(PROMOTED)["attributes"]["ce-id"]


@pytest.mark.parametrize("authorization", [None, "", "Bearer ", "Bearer a.b.c", "Basic YTpi"])
def test_a_push_without_a_token_is_refused(desk: Desk, authorization: str | None) -> None:
    assert desk.post(authorization) == 401
    assert desk.handed == []


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://another.example"},
        {"email": "mallory@attune-example.iam.gserviceaccount.com"},
        {"email_verified": False},
        {"iss": "https://issuer.example"},
        {"exp": int(time.time()) - 60, "iat": int(time.time()) - 120},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_push_with_a_token_for_another_is_refused(desk: Desk, claims: dict[str, Any]) -> None:
    assert desk.post(f"Bearer {desk.google.token(**claims)}") == 401
    assert desk.handed == []


def test_a_push_with_a_token_that_another_signed_is_refused(desk: Desk) -> None:
    assert desk.post(f"Bearer {Google().token()}") == 401
    assert desk.handed == []


def test_what_could_not_be_handled_or_looked_into_is_answered_so_that_it_comes_again(desk: Desk) -> None:
    def fall(_: Event) -> None:
        raise RuntimeError("the database is away")

    headers = {"authorization": f"Bearer {desk.google.token()}"}
    assert desk.server(fall).post(ADDRESS, json=pushed(PROMOTED), headers=headers).status_code == 500
    desk.google.reachable = False
    assert desk.post(headers["authorization"]) == 500


def test_an_unsigned_token_is_refused(desk: Desk) -> None:
    said = {"iss": "https://accounts.google.com", "aud": AUDIENCE, "email": ACCOUNT, "email_verified": True}
    times = {"iat": int(time.time()), "exp": int(time.time()) + 600}
    parts = ({"alg": "none", "typ": "JWT", "kid": "one"}, said | times)
    unsigned = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    assert desk.post(f"Bearer {unsigned}.") == 401
    assert desk.handed == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"message": 1}',
        b'{"message": {"attributes": {}, "data": "e30="}}',
        b'{"message": {"attributes": [], "data": ""}}',
        b'{"message": {"data": "e30="}}',
        b'{"message": {"attributes": {"ce-id": "1"}, "data": "*"}}',
    ],
)
def test_what_is_no_message_of_ours_is_refused_and_not_handed_on(desk: Desk, body: bytes) -> None:
    headers = {"authorization": f"Bearer {desk.google.token()}"}
    assert desk.server().post(ADDRESS, data=body, headers=headers).status_code == 400
    assert desk.handed == []


def test_a_post_larger_than_any_message_is_refused_unread(desk: Desk) -> None:
    headers = {"authorization": f"Bearer {desk.google.token()}"}
    body = b" " * (LARGEST_BYTES + 1)
    assert desk.server().post(ADDRESS, data=body, headers=headers).status_code == 413
    assert desk.server().post(ADDRESS, data=body).status_code == 401
