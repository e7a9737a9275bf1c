"""Dataclasses as Firestore documents, and back: enums as their value, tuples as arrays, nested dataclasses as maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from attune.errors import DamagedError
from attune.ports import RawDocument

T = TypeVar("T")
_AS_THEY_ARE = frozenset({bool, bytes, datetime, float, int, str, type(None)})


def encode(value: object) -> dict[str, object]:
    """The document that a dataclass is stored as: a field each, and nothing that can be worked out from them."""
    if isinstance(value, RawDocument):
        return {name: plain(inner) for name, inner in value.fields.items()}
    return {name: plain(getattr(value, name)) for name in _names(type(value))}  # type: ignore[arg-type]  # classes are hashable


def field_names(value: object) -> frozenset[str]:
    """The fields of the document that a dataclass is stored as."""
    return frozenset(value.fields if isinstance(value, RawDocument) else _names(type(value)))  # type: ignore[arg-type]  # classes are hashable


def decode(kind: type[T], document: Mapping[str, object]) -> T:
    """The dataclass that was stored. Fields it does not know are passed over: a newer version wrote them.

    Maps come in the order of their names: Firestore keeps none.

    Raises:
        DamagedError: the document is none of this kind. It names the fields, never what is in them.
    """
    stored = {name: _read(value) for name, value in sorted(document.items())}
    if issubclass(kind, RawDocument):
        return kind(stored)
    try:
        decoded: T = _adapter(kind).validate_python(stored)  # type: ignore[arg-type]  # classes are hashable
    except ValidationError as invalid:
        wrong = sorted({_place(error["loc"]) for error in invalid.errors(include_url=False, include_input=False)})
        # From None: what pydantic says quotes the value.
        raise DamagedError(
            f"a stored {kind.__name__} cannot be read: {', '.join(wrong)} is missing or of another type"
        ) from None
    return decoded


def plain(value: object) -> object:
    """The value in Firestore's types: numbers, strings, times, arrays and maps."""
    if type(value) in _AS_THEY_ARE:  # nearly all are: what a dataclass or an enum is, is asked of the rest
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return encode(value)
    if isinstance(value, Mapping):  # last: an abstract class is slow to ask
        return {str(plain(name)): plain(inner) for name, inner in value.items()}
    return value


def _read(value: object) -> object:
    """A stored value in Python's own types.

    A person may have written a place or a reference into the settings: of those the type's name is enough.
    """
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    if isinstance(value, Mapping):
        return {name: _read(inner) for name, inner in sorted(value.items())}
    if isinstance(value, datetime):  # the client's own kind, which counts nanoseconds
        return datetime.combine(value.date(), value.timetz())
    return type(value).__name__


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "document"
