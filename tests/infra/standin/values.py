"""Terraform's values as they travel: msgpack, with a mark for what is not known yet."""

from __future__ import annotations

import json
from typing import Any, Final

import msgpack

from infra.standin import wire

_MSGPACK, _JSON = 1, 2  # DynamicValue's fields


class Unknown:
    """A value that only an apply will tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def decode(dynamic: bytes) -> Any:
    """A DynamicValue's content: None, bool, number, str, list or dict, or UNKNOWN for any of them."""
    fields = wire.parse(dynamic)
    if packed := wire.bytes_of(fields, _MSGPACK):
        return msgpack.unpackb(packed, raw=False, strict_map_key=False, ext_hook=lambda _code, _data: UNKNOWN)
    if plain := wire.bytes_of(fields, _JSON):
        return json.loads(plain)
    return None


def encode(value: Any) -> bytes:
    """The value as a DynamicValue."""
    return wire.message(_MSGPACK, msgpack.packb(value, default=_unknown))


def _unknown(value: object) -> msgpack.ExtType:
    if isinstance(value, Unknown):
        return msgpack.ExtType(0, b"\0")
    raise TypeError(f"no value of Terraform's: {type(value).__name__}")
