"""What an account may do, read from what `infra` makes: permission by permission, each under its condition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rights.conditions import holds
from rights.roles import PREDEFINED

Record = Mapping[str, Any]
_OWN_ROLE = re.compile(r"projects/[^/]+/roles/(\w+)")


class UnknownRoleError(LookupError):
    """A role of Google's whose permissions nobody has looked up."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a call touches: its name as conditions see it, and everything that a grant on it may be on (`kind/name`)."""

    name: str
    within: frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """A permission on a resource."""

    permission: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission, on something and all below it, under a condition or none; `role` brought it."""

    permission: str
    on: str
    role: str
    condition: str | None

    def covers(self, need: Need) -> bool:
        """Whether it allows what is needed."""
        return (
            self.permission == need.permission
            and self.on in need.resource.within
            and holds(self.condition, need.resource.name)
        )


def filled(records: Iterable[Record], places: Mapping[str, str]) -> list[Record]:
    """The records with the deployment's own names in place of `${...}`."""

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda found: places[found[1]], value)
        if isinstance(value, list):
            return [fill(each) for each in value]
        return {key: fill(each) for key, each in value.items()} if isinstance(value, dict) else value

    return [fill(dict(record)) for record in records]


def grants_of(account: str, records: Iterable[Record]) -> frozenset[Grant]:
    """All that an account may do, by its short name.

    Raises:
        UnknownRoleError: it has a role of Google's that is not in the table.
    """
    records = list(records)
    own = {record["name"]: record["told"]["includedPermissions"] for record in records if record["kind"] == "role"}
    return frozenset(
        Grant(permission, record["on"], record["role"], record["condition"])
        for record in records
        if record["kind"] == "grant" and record["member"].startswith(f"serviceAccount:{account}@")
        for permission in _permissions(record["role"], own)
    )


def _permissions(role: str, own: Mapping[str, Iterable[str]]) -> Iterable[str]:
    if found := _OWN_ROLE.fullmatch(role):
        return own[found[1]]
    if role not in PREDEFINED:
        raise UnknownRoleError(f"look up what {role} holds, and write it into rights/roles.py")
    return PREDEFINED[role]
