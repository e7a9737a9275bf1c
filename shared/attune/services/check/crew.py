"""A crew: the same work done on many things by several processes, in which one may die without the rest."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Generic, TypeVar

from attune.services.check.parcel import pack, unpack

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 2  # chunks under way for each process: one at work, one at hand
_DEATHS = 2  # of processes over one thing that was all they had to do: the first may have had another reason
_BIRTHS = 20  # of processes one after the other that die before they have begun anything


@dataclass(frozen=True, slots=True)
class Crew(Generic[T, R]):
    """`work` does a chunk of things, in their order; `lost` is what is said of a thing whose process died over it."""

    work: Callable[[tuple[T, ...]], list[R]]
    lost: Callable[[T], R]
    jobs: int

    def __call__(self, chunks: Iterable[tuple[T, ...]]) -> Iterator[tuple[T, R]]:
        """Things with what came of them, in whatever order they are done; with one job, all in this process."""
        if self.jobs == 1:
            for chunk in chunks:
                yield from zip(chunk, self.work(chunk), strict=True)
            return
        left = deque(chunks)
        while left:
            unfinished = yield from self._together(left)
            yield from self._apart(deque(thing for chunk in unfinished for thing in chunk))

    def _together(self, left: deque[tuple[T, ...]]) -> Generator[tuple[T, R], None, list[tuple[T, ...]]]:
        """Until nothing is left or a process has died; returns the chunks that were under way then."""
        under_way: dict[Future[bytes], tuple[T, ...]] = {}
        pool = _pool(min(self.jobs, len(left)))
        try:
            while left or under_way:
                while left and len(under_way) < _AHEAD * self.jobs:
                    under_way[self._submit(left[0], pool)] = left[0]
                    left.popleft()
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    results = unpack(done.result())
                    yield from zip(under_way.pop(done), results, strict=True)
        except BrokenProcessPool:
            return list(under_way.values())
        finally:
            pool.shutdown(cancel_futures=True)
        return []

    def _apart(self, things: deque[T]) -> Iterator[tuple[T, R]]:
        """One at a time, so that it is known over which a process dies."""
        deaths = 0
        while things:
            with _settled() as pool:
                try:
                    while things:
                        (result,) = unpack(self._submit((things[0],), pool).result())
                        deaths = 0
                        yield things.popleft(), result
                except BrokenProcessPool:
                    deaths += 1
            if deaths == _DEATHS:
                deaths = 0
                thing = things.popleft()
                yield thing, self.lost(thing)

    def _submit(self, chunk: tuple[T, ...], pool: ProcessPoolExecutor) -> Future[bytes]:
        return _hand_in(pool, _do, pack((self.work, chunk)))


def _hand_in(pool: ProcessPoolExecutor, call: Callable[..., R], *arguments: object) -> Future[R]:
    """Hands a call in. What may start processes here starts them deaf to Ctrl-C until they have settled in.

    And to the signal that ends them, where this process has a handler for it: a worker that has only just been forked
    would run it, and leave by all that its parent is in the middle of. Without one the signal stays heard, since it
    also ends a worker that is stuck before it has settled in.
    """
    handled = callable(signal.getsignal(signal.SIGTERM))
    deaf_to = {signal.SIGINT, signal.SIGTERM} if handled else {signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, deaf_to)
    try:
        return pool.submit(call, *arguments)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settled() -> ProcessPoolExecutor:
    """A pool of one process that has shown that it works, so that nothing is blamed for a death at birth.

    A process forked from one with threads of another library may die of what it inherited: gRPC's own handlers of a
    fork end it by SIGABRT where another thread was inside gRPC.

    Raises:
        BrokenProcessPool: no process came to work.
    """
    for _ in range(_BIRTHS):
        pool = _pool(1)
        try:
            _hand_in(pool, os.getpid).result()
        except BrokenProcessPool:
            pool.shutdown()
        else:
            return pool
    raise BrokenProcessPool(f"{_BIRTHS} processes, one after the other, died before they had begun to work")


def _do(parcel: bytes) -> bytes:
    work, chunk = unpack(parcel)
    return pack(work(chunk))


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_settle_in)


def _context() -> BaseContext:
    """On Linux processes are forked, with all that is imported; elsewhere its libraries do not bear it."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _settle_in() -> None:
    """A worker leaves Ctrl-C to its parent, and goes where that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
