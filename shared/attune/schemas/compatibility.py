"""Which changes a published schema may undergo: those that neither a subscriber nor a message already sent can notice.

| change                                        | allowed | because                                      |
|-----------------------------------------------|---------|----------------------------------------------|
| another title or description                  | yes     | only people read them                        |
| a new field that is not required              | yes     | consumers take fields that they do not know  |
| one more value of an enum                     | yes     | consumers take values that they do not know  |
| a new event type                              | yes     | who has not subscribed to it does not get it |
| an event type is gone                         | no      | somebody waits for it                        |
| a field is gone                               | no      | somebody reads it                            |
| a field has another type, or may be null now  | no      | somebody reads it as what it was             |
| a required field no longer is                 | no      | somebody reads it without looking            |
| a field is required now, a new one included   | no      | messages that were sent lack it              |
| a value of an enum is gone, or its whole list | no      | messages that were sent have it              |
| unknown fields are refused                    | no      | nothing could ever be added again            |
| any other keyword                             | no      | it says what a message may be                |

A message that was sent comes again for as long as its topic keeps it, and longer out of somebody's archive. What is not
allowed takes a new type: `…v2…`, announced beside the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WORDS = frozenset({"title", "description", "$comment", "examples"})
_LOOKED_INTO = frozenset({"properties", "$defs", "required", "enum", "items"})


def breaks(before: Mapping[str, Any], after: Mapping[str, Any], place: str = "the message") -> Iterator[str]:
    """A sentence for each change from one schema to the other that is not allowed; none where all are."""
    yield from _fields(before, after, place)
    yield from _requirements(before, after, place)
    yield from _values(before, after, place)
    yield from _kind(before, after, place)
    if "items" in before and "items" in after:
        yield from breaks(before["items"], after["items"], f"each of {place}")


def _fields(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> Iterator[str]:
    for group in ("properties", "$defs"):
        known, now = before.get(group, {}), after.get(group, {})
        for name in known:
            if name in now:
                yield from breaks(known[name], now[name], name)
            else:
                yield f"{name} of {place} is gone"


def _requirements(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> Iterator[str]:
    known, now = set(before.get("required", ())), set(after.get("required", ()))
    for name in sorted(known - now):
        yield f"{name} of {place} was required and no longer is"
    for name in sorted(now - known):
        yield f"{name} of {place} is required now, and messages that were sent may lack it: give it a default"


def _values(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> Iterator[str]:
    if ("enum" in before) != ("enum" in after):
        yield f"{place} was {_enum(before)} and is {_enum(after)}"
        return
    for value in before.get("enum", ()):
        if value not in after.get("enum", ()):
            yield f"{place} can no longer be {value!r}"


def _kind(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> Iterator[str]:
    """Every keyword that nothing above has looked into."""
    for keyword in sorted((before.keys() | after.keys()) - _WORDS - _LOOKED_INTO):
        if before.get(keyword) != after.get(keyword):
            yield f"{place} had {_said(keyword, before)} and has {_said(keyword, after)}"
    if ("items" in before) != ("items" in after):
        yield f"{place} says otherwise than before what it is a list of"


def _enum(schema: Mapping[str, Any]) -> str:
    return f"one of {schema['enum']}" if "enum" in schema else "not held to certain values"


def _said(keyword: str, schema: Mapping[str, Any]) -> str:
    return f"{keyword} {schema[keyword]!r}" if keyword in schema else f"no {keyword}"
