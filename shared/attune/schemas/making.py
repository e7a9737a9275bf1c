"""Make each event type's schema from its dataclass: the types from its fields, the words from its docstring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from attune.domain import events
from attune.schemas import ENDING, Schema
from attune.schemas.meanings import MEANINGS

DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _Untitled(GenerateJsonSchema):
    """Without a title for each field, which only says its name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Never."""
        return False


def facts() -> dict[str, type[Any]]:
    """Every type that is announced or ordered, with its dataclass."""
    rooms = (import_module(found.name) for found in iter_modules(events.__path__, f"{events.__name__}."))
    kinds = (each for room in rooms for each in vars(room).values() if isinstance(each, type) and is_dataclass(each))
    return {kind.TYPE: kind for kind in kinds if hasattr(kind, "TYPE")}


def made() -> dict[str, Schema]:
    """Every type's schema."""
    return {name: schema_made(name, kind) for name, kind in sorted(facts().items())}


def schema_made(name: str, kind: type[Any]) -> Schema:
    """The schema of a dataclass's messages. Consumers must take fields that it does not name."""
    body = TypeAdapter(kind).json_schema(schema_generator=_Untitled, mode="serialization")
    head = {"$schema": DRAFT, "$id": f"{name}{ENDING}", "title": name, "description": body["description"]}
    return {**head, **_explained(body), "title": name}


def unexplained(schema: Schema) -> list[str]:
    """The fields whose meaning nobody has written down."""
    return [name for name, field in _fields(schema) if "description" not in field]


def _explained(body: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object, each of its fields with its meaning, and open to more of them."""
    told = {name: _with_meaning(name, field) for name, field in _fields(body)}
    nested = {name: _explained(each) for name, each in body.get("$defs", {}).items()}
    whole = {**body, "properties": told, "additionalProperties": True}
    return {**whole, "$defs": nested} if nested else whole


def _with_meaning(name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    kept = {keyword: value for keyword, value in field.items() if keyword != "default"}  # a message has every field
    return {"description": MEANINGS[name], **kept} if name in MEANINGS else kept


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()
