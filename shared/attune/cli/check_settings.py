"""The settings that a folder is checked under, from files as people would write them into Firestore."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from attune.config import Settings, read_settings


def settings_of(defaults: Path | None, own: Path | None) -> Settings | tuple[str, ...]:
    """The settings that the two files make together, or every error in them, a sentence each."""
    common, special = _fields(defaults), _fields(own)
    if isinstance(common, str) or isinstance(special, str):
        return tuple(fault for fault in (common, special) if isinstance(fault, str))
    return read_settings(common, special)


def _fields(file: Path | None) -> Mapping[str, object] | str:
    if file is None:
        return {}
    try:
        fields = orjson.loads(file.read_bytes())
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    except orjson.JSONDecodeError as error:
        return f"{file} is no JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    return fields if isinstance(fields, dict) else f"{file} holds no JSON object"
