"""The provider's schema: read from the format of `terraform providers schema -json`, told in the plugin protocol's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.standin import wire

FILE = Path(__file__).with_name("google.schema.json")
_NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
_RESOURCES, _DATA_SOURCES, _EPHEMERALS = 2, 3, 8  # GetProviderSchema.Response's fields
_PLANS_DESTRUCTION = wire.message(6, wire.number(1, value=True))

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """What the provider takes: a block for itself, and one for each kind of thing."""

    version: str
    provider: Mapping[str, Any]
    resources: Mapping[str, Mapping[str, Any]]
    data_sources: Mapping[str, Mapping[str, Any]]
    ephemerals: Mapping[str, Mapping[str, Any]]

    def encoded(self) -> bytes:
        """The answer to GetSchema."""
        kinds = (
            (_RESOURCES, self.resources),
            (_DATA_SOURCES, self.data_sources),
            (_EPHEMERALS, self.ephemerals),
        )
        named = b"".join(_named(field, name, of) for field, things in kinds for name, of in things.items())
        return wire.message(1, _schema(self.provider)) + named + _PLANS_DESTRUCTION


def read_schema(path: Path = FILE) -> Schema:
    """The schema in a file."""
    document = json.loads(path.read_text())
    (provider,) = document["provider_schemas"].values()
    return Schema(
        version=document["provider_version"],
        provider=provider["provider"],
        resources=provider["resource_schemas"],
        data_sources=provider["data_source_schemas"],
        ephemerals=provider["ephemeral_resource_schemas"],
    )


def attributes(block: Block) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """A block's attributes by name."""
    yield from block.get("attributes", {}).items()


def blocks(block: Block) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The blocks within a block by name."""
    yield from block.get("block_types", {}).items()


def _named(field: int, name: str, schema: Mapping[str, Any]) -> bytes:
    return wire.message(field, wire.text(1, name) + wire.message(2, _schema(schema)))


def _schema(schema: Mapping[str, Any]) -> bytes:
    return wire.number(1, schema.get("version")) + wire.message(2, _block(schema["block"]))


def _block(block: Block) -> bytes:
    return b"".join(
        [
            *(wire.message(2, _attribute(name, of)) for name, of in sorted(attributes(block))),
            *(wire.message(3, _nested(name, of)) for name, of in sorted(blocks(block))),
        ]
    )


def _attribute(name: str, attribute: Mapping[str, Any]) -> bytes:
    return (
        wire.text(1, name)
        + wire.text(2, json.dumps(attribute["type"], separators=(",", ":")))
        + wire.number(4, attribute.get("required"))
        + wire.number(5, attribute.get("optional"))
        + wire.number(6, attribute.get("computed"))
    )


def _nested(name: str, nested: Mapping[str, Any]) -> bytes:
    return (
        wire.text(1, name)
        + wire.message(2, _block(nested["block"]))
        + wire.number(3, _NESTING[nested["nesting_mode"]])
        + wire.number(4, nested.get("min_items"))
        + wire.number(5, nested.get("max_items"))
    )
