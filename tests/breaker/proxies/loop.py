"""The event loop of all proxies of this process, in a daemon thread that is started with the first of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
A = TypeVar("A")
_OPENING_SECONDS = 20.0
_KILLERS = 4


class Loop:
    """One loop for all: gRPC's asyncio side serves one loop of a process well, and several badly."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(_KILLERS, thread_name_prefix="killers")
        Thread(target=self._loop.run_forever, name="proxies", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it in the loop, from another thread, and returns what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_OPENING_SECONDS)

    async def in_thread(self, work: Callable[[A], None], argument: A) -> None:
        """Does what would hold the loop up. It goes on to its end even if nobody waits any more."""
        await self._loop.run_in_executor(self._threads, work, argument)


@cache
def loop() -> Loop:
    """The process's own."""
    return Loop()
