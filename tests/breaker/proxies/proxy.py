"""A proxy as a test holds it: open inside its `with`, at its own address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from breaker.calls import Call, Fate, Judge
from breaker.proxies.loop import loop

HOST = "127.0.0.1"

Kill = Callable[[str], None]
"""Kills the process of a function, by its name; it is called in a thread of its own, and may take its time."""
Opening = Callable[[], AbstractAsyncContextManager[int]]
"""Opens the door in the loop: entering gives its port, leaving closes it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where calls are judged: whose they are, and who judges and kills.

    The judge is asked in the loop of all proxies, one call after the other: it must be quick.
    """

    function: str
    judge: Judge
    kill: Kill

    def fate(self, call: Call) -> Fate:
        """What becomes of the call."""
        return self.judge(call)

    async def execute(self) -> None:
        """Kills the caller."""
        await loop().in_thread(self.kill, self.function)


@dataclass(slots=True)
class Proxy:
    """Open within `with`, from whatever thread; all proxies of a process share one loop in a thread of its own.

    `address` is its host:port, and stands only while it is open. It may be opened again, at another port.
    """

    _opening: Opening
    _door: AbstractAsyncContextManager[int] | None = field(default=None, init=False)
    _port: int = field(default=0, init=False)

    @property
    def address(self) -> str:
        """Its host:port."""
        if not self._port:
            raise ValueError("the proxy is not open")
        return f"{HOST}:{self._port}"

    def __enter__(self) -> Self:
        self._door = self._opening()
        self._port = loop().run(self._door.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        door, self._door, self._port = self._door, None, 0
        if door:
            loop().run(door.__aexit__(None, None, None))
