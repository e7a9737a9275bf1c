"""What the provider refuses beyond its schema: values outside an enum, arguments that do not go together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.standin.values import Unknown

FILE = Path(__file__).with_name("google.rules.json")
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a configuration is refused, and where in it."""

    summary: str
    detail: str = ""
    place: Place = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules by kind of thing (data sources as `data.KIND`); the last four say how values are made up."""

    enums: Mapping[str, Mapping[str, Sequence[str]]]
    patterns: Mapping[str, Mapping[str, str]]
    cross: Mapping[str, Sequence[Mapping[str, Any]]]
    plan: Mapping[str, Mapping[str, str]]
    apply: Mapping[str, Mapping[str, str]]
    fakes: Mapping[str, Any]
    regional: Sequence[str]

    def problems(self, kind: str, config: Any) -> Iterator[Problem]:
        """Everything that is wrong with a configuration."""
        for path, allowed in self.enums.get(kind, {}).items():
            yield from _outside(config, path, allowed)
        for path, pattern in self.patterns.get(kind, {}).items():
            yield from _unlike(config, path, pattern)
        for rule in self.cross.get(kind, ()):
            yield from _unfit(config, rule)


def read_rules(path: Path = FILE) -> Rules:
    """The rules in a file."""
    return Rules(**json.loads(path.read_text()))


def _outside(config: Any, path: str, allowed: Sequence[str]) -> Iterator[Problem]:
    for value, place in _values(config, path.split(".")):
        if isinstance(value, str) and value not in allowed:
            yield Problem(f"expected {path} to be one of {json.dumps(allowed)}, got {value}", place=place)


def _unlike(config: Any, path: str, pattern: str) -> Iterator[Problem]:
    for value, place in _values(config, path.split(".")):
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            yield Problem(f"{path}: {value!r} does not match {pattern}", place=place)


def _unfit(config: Any, rule: Mapping[str, Any]) -> Iterator[Problem]:
    scopes = _values(config, rule["in"].split(".")) if "in" in rule else [(config, ())]
    for scope, place in scopes:
        if isinstance(scope, dict) and not _fits(scope, rule["kind"], rule["of"]):
            there = [name for name in rule["of"] if _is_there(scope.get(name))]
            detail = f"{rule['kind'].replace('_', ' ')} of {', '.join(rule['of'])} must be set, got {there or 'none'}."
            yield Problem("Invalid combination of arguments", detail, place or tuple(there[:1]))


def _fits(scope: Mapping[str, Any], kind: str, names: Sequence[str]) -> bool:
    """Whether as many are there as the rule wants. What is not known yet may turn out to be there or not."""
    unknown = sum(isinstance(scope.get(name), Unknown) for name in names)
    most = sum(_is_there(scope.get(name)) for name in names)
    least = most - unknown
    match kind:
        case "exactly_one":
            return least <= 1 <= most
        case "at_most_one":
            return least <= 1
        case "at_least_one":
            return most >= 1
        case _:
            raise ValueError(f"no such rule: {kind}")


def _is_there(value: Any) -> bool:
    return value is not None and value not in ([], "")


def _values(value: Any, path: Sequence[str], place: Place = ()) -> Iterator[tuple[Any, Place]]:
    """Every value at the path, with its place; lists and sets are gone through."""
    if value is None or isinstance(value, Unknown):
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _values(item, path, (*place, index))
    elif not path:
        yield value, place
    elif isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:], (*place, path[0]))
