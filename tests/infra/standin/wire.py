"""The few protobuf messages of Terraform's plugin protocol, written and read by hand: no generated code."""

from __future__ import annotations

Fields = dict[int, list[int | bytes]]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}


class WireError(ValueError):
    """What was sent is no protobuf message."""


def number(field: int, value: int | bool | None) -> bytes:  # noqa: FBT001 - protobuf's bool is a number
    """A number's field; nothing for a zero, as proto3 has it."""
    return _varint(field << 3) + _varint(int(value)) if value else b""


def text(field: int, value: str | None) -> bytes:
    """A string's field; nothing for an empty one."""
    return message(field, value.encode()) if value else b""


def message(field: int, value: bytes) -> bytes:
    """A message's field, or that of bytes."""
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def parse(data: bytes) -> Fields:
    """A message's fields by their numbers, each with all its values in order."""
    fields: Fields = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        value, at = _read_value(data, at, key & 7)
        fields.setdefault(key >> 3, []).append(value)
    return fields


def bytes_of(fields: Fields, field: int) -> bytes:
    """A field's bytes; none where it is not there."""
    value = fields.get(field, [b""])[0]
    if not isinstance(value, bytes):
        raise WireError(f"field {field} is a number")
    return value


def text_of(fields: Fields, field: int) -> str:
    """A field's text; empty where it is not there."""
    return bytes_of(fields, field).decode()


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while data[at] & 0x80:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return value | data[at] << shift, at + 1


def _read_value(data: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    if kind == _VARINT:
        return _read_varint(data, at)
    if kind == _BYTES:
        size, at = _read_varint(data, at)
    elif kind in _FIXED_SIZES:
        size = _FIXED_SIZES[kind]
    else:
        raise WireError(f"wire type {kind}")
    return data[at : at + size], at + size
