"""A judge of calls that refuses whatever `infra` does not grant the caller, and remembers what was of use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from breaker.calls import Call, Fate
from rights.grants import Grant, Need, Record, grants_of
from rights.needs import Law, UnknownCallError


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call, and what it lacked: a permission, or a line in the table of calls."""

    call: Call
    lacking: tuple[str, ...]

    def __str__(self) -> str:
        lacking = ", ".join(self.lacking)
        return f"{self.call.function} lacks {lacking} for {self.call.method} of {', '.join(self.call.targets)[:200]}"


@dataclass(slots=True)
class Guard:
    """Judges the calls of all functions: `rights` by a function's name."""

    law: Law
    rights: Mapping[str, frozenset[Grant]]
    refusals: list[Refusal] = field(default_factory=list, init=False)
    used: dict[str, set[Grant]] = field(default_factory=dict, init=False)

    def judge(self, call: Call) -> Fate:
        """Lets a call pass that its function's account is granted, and denies any other."""
        try:
            lacking = [need.permission for need in self.law.needs(call) if not self._use(call.function, need)]
        except UnknownCallError:
            lacking = [f"a line in rights/needs.py for {call.service} {call.method}"]
        if lacking:
            self.refusals.append(Refusal(call, tuple(lacking)))
        return Fate.DENIED if lacking else Fate.PASS

    def idle(self, function: str) -> set[Grant]:
        """What nothing was done with."""
        return set(self.rights[function]) - self.used.get(function, set())

    def _use(self, function: str, need: Need) -> bool:
        covering = {grant for grant in self.rights.get(function, frozenset()) if grant.covers(need)}
        self.used.setdefault(function, set()).update(covering)
        return bool(covering)


def guard_of(functions: Iterable[str], records: Iterable[Record], law: Law) -> Guard:
    """The guard of these functions, by what `infra` makes."""
    records = list(records)
    return Guard(law, {name: grants_of(f"attune-{name}", records) for name in functions})
