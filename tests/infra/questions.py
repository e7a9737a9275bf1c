"""What the code asks of Firestore, found in `attune.services.manifests`, and the index that each question needs."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from attune.config import Settings
from attune.ports import Contains, Key, Query, RawDocument
from attune.services import manifests

_ARGUMENTS: Mapping[str, object] = {"int": 1, "str": "x"}
_WRITTEN_BY_PEOPLE = {"datasets", "settings"}


@dataclass(frozen=True, slots=True)
class Index:
    """An index of one field (made by Firestore itself, unless it is said otherwise) or of several.

    Each field has a direction, or CONTAINS for what is in a list.
    """

    collection: str
    fields: tuple[tuple[str, str], ...]
    group: bool = False


def questions() -> dict[str, Query[Any]]:
    """Every question, by the name of the function that asks it."""
    return {name: _called(function) for name, function in _functions(Query)}


def keys() -> dict[str, Key[Any]]:
    """Where every kind of document lies, by the name of the function that says so."""
    return {name: _called(function) for name, function in _functions(Key)}


def _functions(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for room in (import_module(found.name) for found in iter_modules(manifests.__path__, f"{manifests.__name__}.")):
        for name, function in inspect.getmembers(room, inspect.isfunction):
            if function.__module__ == room.__name__ and not name.startswith("_"):
                returned = typing.get_type_hints(function)["return"]
                if typing.get_origin(returned) is kind:
                    yield name, function


def _called(function: Callable[..., Any]) -> Any:
    taken = typing.get_type_hints(function)
    return function(*(_ARGUMENTS[taken[name].__name__] for name in inspect.signature(function).parameters))


def index_for(question: Query[Any]) -> Index | None:
    """What Firestore wants for a question; None for one that names no field.

    Equalities alone are answered by joining the fields' own indexes. An order by another field takes one index of all.
    """
    equal = tuple((name, "CONTAINS" if isinstance(value, Contains) else "ASCENDING") for name, value in question.where)
    ordered = ((question.order_by, question.order.name),) if question.order_by else ()
    if not equal and not ordered:
        return None
    return Index(question.collection[-1], (*equal, *ordered), question.group)


def written_fields() -> dict[str, set[str]]:
    """The fields of each collection's documents."""
    found: dict[str, set[str]] = {name: set(Settings.model_fields) for name in _WRITTEN_BY_PEOPLE}
    for key in keys().values():
        if is_dataclass(key.kind) and key.kind is not RawDocument:
            found.setdefault(key.path[-2], set()).update(field.name for field in fields(key.kind))
    return found


def many_valued_fields() -> dict[str, set[str]]:
    """The fields of each collection's documents that are lists, maps or documents in the document."""
    found: dict[str, set[str]] = {}
    for key in keys().values():
        if is_dataclass(key.kind) and key.kind is not RawDocument:
            hints = typing.get_type_hints(key.kind)
            many = {field.name for field in fields(key.kind) if _is_many(hints[field.name])}
            found.setdefault(key.path[-2], set()).update(many)
    return found


def _is_many(kind: Any) -> bool:
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        return any(_is_many(each) for each in typing.get_args(kind))
    return is_dataclass(kind) or typing.get_origin(kind) in (tuple, list, dict, Mapping)
