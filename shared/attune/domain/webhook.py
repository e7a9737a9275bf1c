"""Webhooks as Standard Webhooks has them (standardwebhooks.com): who may be posted to, and how a post is signed."""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

_PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64  # of a secret, by the specification
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Notice:
    """An event on its way to a webhook. `body` is sent as it is, since the signature is over its bytes.

    The id must have no full stop: what is signed is `id.timestamp.body`.
    """

    id: str
    type: str
    body: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("an id has letters, digits, _ and -, at most 128 of them")


@dataclass(frozen=True, slots=True)
class Secret:
    """What sender and receiver share. It is never shown."""

    key: bytes = field(repr=False)

    @classmethod
    def read(cls, written: str) -> Self:
        """The secret in `whsec_…`.

        Raises:
            ValueError: it is none. The sentence does not quote it.
        """
        if not written.startswith(_PREFIX):
            raise ValueError(f"a secret starts with {_PREFIX}")
        try:
            key = b64decode(written.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"a secret is base64 behind {_PREFIX}") from None
        if not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
            raise ValueError(f"a secret has {_FEWEST_BYTES} to {_MOST_BYTES} bytes; this one has {len(key)}")
        return cls(key)

    def signature(self, notice: Notice, timestamp: int) -> str:
        """The signature of an attempt, made at that time (seconds since 1970)."""
        signed = f"{notice.id}.{timestamp}.".encode() + notice.body
        return f"v1,{b64encode(hmac.digest(self.key, signed, 'sha256')).decode()}"


def headers(notice: Notice, secrets: Iterable[Secret], timestamp: int) -> dict[str, str]:
    """What an attempt says of itself; with a signature for each secret, so that one can follow another."""
    return {
        "webhook-id": notice.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(secret.signature(notice, timestamp) for secret in secrets),
    }


def address_fault(address: str) -> str | None:
    """Why this cannot be posted to, or None: it takes https, or http on this machine; and no password in it."""
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if not host or parts.scheme not in {"http", "https"}:
        return "it is no URL that starts with https://"
    if parts.scheme == "http" and not _is_this_machine(host):
        return "http:// would send it in the clear; only this machine itself may be posted to so"
    if parts.username is not None or parts.password is not None:
        return "a name or password in a URL ends up in logs; the signature shows who sends"
    return "what stands behind # is never sent" if parts.fragment else None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
