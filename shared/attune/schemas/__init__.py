"""The JSON Schemas of what attune announces and orders: beside this file, each named by its messages' `ce-type`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

Schema = Mapping[str, object]
ENDING = ".json"


def types() -> list[str]:
    """Every type that has a schema, in alphabetical order."""
    names = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(ENDING) for name in names if name.endswith(ENDING))


def schema_of(event_type: str) -> Schema:
    """The schema (draft 2020-12) of the data of one type's messages.

    Raises:
        KeyError: attune has no such type.
    """
    if event_type not in types():
        raise KeyError(f"attune announces no {event_type!r}; its types are {', '.join(types())}")
    read: Schema = json.loads(files(__name__).joinpath(f"{event_type}{ENDING}").read_text(encoding="utf-8"))
    return read
