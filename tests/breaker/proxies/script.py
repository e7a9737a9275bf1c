"""A judge that says what it was told to say, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from breaker.calls import Call, Fate


@dataclass(slots=True)
class Script:
    """Gives the calls of the method `of` (of all methods, if there is none) these fates in turn, then lets all pass."""

    of: str = ""
    calls: list[Call] = field(default_factory=list, init=False)
    killed: list[str] = field(default_factory=list, init=False)
    _fates: Iterator[Fate] = field(default_factory=lambda: iter(()), init=False)

    def give(self, fates: Iterable[Fate]) -> None:
        """The fates from now on; they may be endless."""
        self._fates = iter(fates)

    def judge(self, call: Call) -> Fate:
        """The next fate."""
        self.calls.append(call)
        return next(self._fates, Fate.PASS) if self.of in {"", call.method} else Fate.PASS

    def kill(self, function: str) -> None:
        """Kills nobody, and remembers whom."""
        self.killed.append(function)

    def count(self, method: str) -> int:
        """How often the method was called."""
        return sum(call.method == method for call in self.calls)

    def targets(self, method: str) -> list[tuple[str, ...]]:
        """What each call of the method touched."""
        return [call.targets for call in self.calls if call.method == method]
