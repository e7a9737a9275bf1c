"""IAM's conditions, as far as `infra` uses them: names that are equal, begin or end so, joined by and, or, parentheses.

Whatever else CEL has is refused, so that no condition is taken for wider or narrower than it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_TOKEN = re.compile(r'\s*(resource\.name(?:\.startsWith|\.endsWith)?|"[^"\\]*"|==|&&|\|\||[()])\s*')
_SAYS: dict[str, Callable[[str, str], bool]] = {"startsWith": str.startswith, "endsWith": str.endswith}


class UnknownConditionError(ValueError):
    """A condition of a form that is not understood here."""


def holds(condition: str | None, name: str) -> bool:
    """Whether a condition, if there is one, holds for the resource of this name.

    Raises:
        UnknownConditionError: it says what is not understood here.
    """
    if not condition:
        return True
    reading = _Reading(name, _tokens(condition))
    held = reading.any_of()
    if reading.left:
        raise UnknownConditionError(f"not understood from here on: {' '.join(reading.left)}")
    return held


def _tokens(condition: str) -> list[str]:
    found, at = [], 0
    while at < len(condition):
        token = _TOKEN.match(condition, at)
        if token is None:
            raise UnknownConditionError(f"not understood from here on: {condition[at:]}")
        found.append(token[1])
        at = token.end()
    return found


@dataclass(slots=True)
class _Reading:
    """Reads to the end whatever held before it, so that what is not understood is always found."""

    name: str
    left: list[str] = field(default_factory=list)

    def any_of(self) -> bool:
        held = [self._all_of()]
        while self._took("||"):
            held.append(self._all_of())
        return any(held)

    def _all_of(self) -> bool:
        held = [self._one()]
        while self._took("&&"):
            held.append(self._one())
        return all(held)

    def _one(self) -> bool:
        if self._took("("):
            held = self.any_of()
            self._take(")")
            return held
        subject = self._next()
        if subject == "resource.name":
            self._take("==")
            return self.name == self._text()
        says = _SAYS.get(subject.rpartition(".")[2])
        if says is None:
            raise UnknownConditionError(f"not understood: {subject}")
        self._take("(")
        held = says(self.name, self._text())
        self._take(")")
        return held

    def _text(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise UnknownConditionError(f"not understood: {token}")
        return token[1:-1]

    def _took(self, token: str) -> bool:
        there = bool(self.left) and self.left[0] == token
        if there:
            self.left.pop(0)
        return there

    def _take(self, token: str) -> None:
        if not self._took(token):
            raise UnknownConditionError(f"{token} is missing before {' '.join(self.left) or 'its end'}")

    def _next(self) -> str:
        if not self.left:
            raise UnknownConditionError("it ends too soon")
        return self.left.pop(0)
