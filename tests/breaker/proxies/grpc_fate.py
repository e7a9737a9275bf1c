"""A fate done to a gRPC call: before it is sent on, or when it is done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from grpc import StatusCode

from breaker.calls import Fate
from breaker.proxies.proxy import Bench

_LATE_SECONDS = 0.4
_NEVER_ARRIVES = {
    Fate.TOO_MANY: StatusCode.RESOURCE_EXHAUSTED,
    Fate.UNAVAILABLE: StatusCode.UNAVAILABLE,
    Fate.DENIED: StatusCode.PERMISSION_DENIED,
    Fate.RESET: StatusCode.UNAVAILABLE,
    Fate.KILL_BEFORE: StatusCode.UNAVAILABLE,
}
_NEVER_TOLD = frozenset({Fate.LOST, Fate.KILL_AFTER})


@dataclass(frozen=True, slots=True)
class Sentence:
    """The fate of one call."""

    fate: Fate
    bench: Bench
    context: Any

    async def before(self) -> None:
        """What is done before the call is sent on; it may end it."""
        if self.fate is Fate.KILL_BEFORE:
            await self.bench.execute()
        if code := _NEVER_ARRIVES.get(self.fate):
            await self.context.abort(code, _words(self.fate))

    async def after(self) -> None:
        """What is done when the call has been, whether well or not; it may keep the answer back."""
        if self.fate is Fate.SLOW:
            await asyncio.sleep(_LATE_SECONDS)
        if self.fate is Fate.KILL_AFTER:
            await self.bench.execute()
        if self.fate in _NEVER_TOLD:
            await self.context.abort(StatusCode.UNAVAILABLE, _words(self.fate))


def _words(fate: Fate) -> str:
    return "Connection reset by peer" if fate in {Fate.RESET, Fate.LOST} else f"the proxy: {fate}"
