"""A conversation as the service reads it: turns of text and audio, parsed from JSON in camelCase or snake_case.

Documents show camelCase only; protobuf's JSON parser, which the service is built on, takes both.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

USER = "user"
MODEL = "model"
_TOP_KEYS = frozenset(
    {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "labels"}
)


class MalformedError(Exception):
    """The JSON is not the conversation it should be; the message is a predicate: `has …`, `contains …`."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class FileData:
    """A file in Cloud Storage."""

    mime_type: str
    uri: str


@dataclass(frozen=True, slots=True)
class InlineData:
    """A file in the request itself, in base64."""

    mime_type: str
    data: str


Part = Text | FileData | InlineData


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says."""

    role: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Its words, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns, after what the system was told (empty when nothing)."""

    system: str
    turns: tuple[Turn, ...]


def camel(key: str) -> str:
    """The protobuf JSON spelling of a field's name."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), key)


def camel_keys(value: object, what: str) -> dict[str, object]:
    """An object's members under their camelCase names."""
    if not isinstance(value, dict):
        raise MalformedError(f"has {what} that is not an object")
    return {camel(str(key)): member for key, member in value.items()}


def parse_conversation(value: object) -> Conversation:
    """A request or a dataset row, its turns in any order.

    Raises:
        MalformedError: it is not a conversation.
    """
    members = camel_keys(value, "a value")
    unknown = sorted(members.keys() - _TOP_KEYS)
    if unknown:
        raise MalformedError(f"contains an unknown field [{', '.join(unknown)}]")
    return Conversation(_system_text(members.get("systemInstruction")), _turns(members.get("contents")))


def _turns(value: object) -> tuple[Turn, ...]:
    return tuple(_turn(item) for item in _filled_list(value, "contents"))


def _turn(value: object) -> Turn:
    members = camel_keys(value, "a turn")
    parts = _filled_list(members.get("parts"), "parts")
    return Turn(_string(members, "role", default=USER), tuple(_part(part) for part in parts))


def _part(value: object) -> Part:
    members = camel_keys(value, "a part")
    match sorted(members):
        case ["text"]:
            return Text(_string(members, "text"))
        case ["fileData"]:
            data = camel_keys(members["fileData"], "fileData")
            return FileData(_string(data, "mimeType"), _string(data, "fileUri"))
        case ["inlineData"]:
            data = camel_keys(members["inlineData"], "inlineData")
            return InlineData(_string(data, "mimeType"), _string(data, "data"))
        case keys:
            raise MalformedError(f'contains an unsupported modality [{", ".join(keys)}] in the "parts" field')


def _system_text(value: object) -> str:
    if value is None:
        return ""
    parts = _filled_list(camel_keys(value, "systemInstruction").get("parts"), "systemInstruction.parts")
    return _only_text(map(_part, parts))


def _only_text(parts: Iterable[Part]) -> str:
    words = []
    for part in parts:
        if not isinstance(part, Text):
            raise MalformedError("has a systemInstruction with something other than text")
        words.append(part.text)
    return "".join(words)


def _filled_list(value: object, what: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise MalformedError(f'has a "{what}" field that is missing, empty or not a list')
    return value


def _string(members: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = members.get(key, default)
    if not isinstance(value, str):
        raise MalformedError(f'has a "{key}" field that is missing or not a string')
    return value
