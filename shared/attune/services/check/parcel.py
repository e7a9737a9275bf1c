"""Parcels: what goes from one process to another. Dataclasses are packed as calls with their fields.

Their own way, which looks their fields up anew for each of them, takes several times as long: more than a good part of
what else is done for a short recording.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any


def pack(thing: object) -> bytes:
    """Anything that can be pickled."""
    parcel = io.BytesIO()
    _Packer(parcel, pickle.HIGHEST_PROTOCOL).dump(thing)
    return parcel.getvalue()


def unpack(parcel: bytes) -> Any:
    """What was packed, by this program."""
    return pickle.loads(parcel)  # noqa: S301 - it comes from a process of our own


class _Packer(pickle.Pickler):
    def reducer_override(self, thing: object) -> Any:
        read = _reader(type(thing))  # type: ignore[arg-type]  # types can be hashed
        if read is None:
            return NotImplemented
        kind, *values = read(thing)
        return kind, tuple(values)


@cache
def _reader(kind: type) -> Callable[[object], tuple[Any, ...]] | None:
    """What reads a dataclass's type and its values as its call takes them; None for any other type."""
    if not is_dataclass(kind) or any(not field.init or field.kw_only for field in fields(kind)):
        return None
    return attrgetter("__class__", *(field.name for field in fields(kind)))
