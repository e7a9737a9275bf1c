"""The recognising processes: a few booths, each with one that works while its door is closed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Self, overload

from attune_local.vertex.hearing.orders import Answer, Failed, Hypothesis, Order, PhonesOrder, TaughtOrder, WordsOrder
from attune_local.vertex.hearing.phones import Phones

_END_SECONDS = 5.0


class DeafError(Exception):
    """A window could not be recognised: the recogniser gave up or died, or the booths are closed."""


class _Booth:
    """One process, started when first asked, and again when it died. One thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: Connection[Order, Answer | Failed] | None = None

    def ask(self, order: Order) -> Answer:
        """Raises DeafError."""
        orders = self._orders or self._start()
        try:
            orders.send(order)
            answer = orders.recv()
        except (EOFError, OSError) as error:
            self.end()
            raise DeafError("the recogniser died") from error
        if isinstance(answer, Failed):
            raise DeafError(answer.why)
        return answer

    def end(self) -> None:
        """Ends the process, whatever it is doing."""
        process, orders = self._process, self._orders
        self._process = self._orders = None
        if process and orders:
            process.kill()
            process.wait(_END_SECONDS)
            orders.close()

    def kill(self) -> None:
        """Ends the process under the thread that waits for it, which then gets a DeafError."""
        if self._process:
            self._process.kill()

    def _start(self) -> "Connection[Order, Answer | Failed]":
        """The process ends by itself when this end of the pipe is closed, as it is when this process dies."""
        self._orders, theirs = Pipe()
        command = (sys.executable, "-m", "attune_local.vertex.hearing", str(theirs.fileno()))
        with theirs:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=(theirs.fileno(),)
            )
        return self._orders


class Booths:
    """Shares recognising processes among threads; use it as a context manager, so that they end.

    Each takes 100 to 200 MB, and works at about a fifth of a recording's length for words and a twentieth for phones.
    """

    def __init__(self, number: int | None = None) -> None:
        """`number` of processes; None is one a core, and two at most."""
        self.number = number or min(2, os.cpu_count() or 1)
        self._all = tuple(_Booth() for _ in range(self.number))
        self._free: SimpleQueue[_Booth] = SimpleQueue()
        self._closed = False
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the processes; whoever waits for an answer gets a DeafError."""
        self._closed = True
        for booth in self._all:
            booth.kill()
        for _each in self._all:
            self._free.get().end()
        self._open()

    @overload
    def ask(self, order: PhonesOrder) -> Phones: ...
    @overload
    def ask(self, order: WordsOrder | TaughtOrder) -> Hypothesis: ...

    def ask(self, order: Order) -> Answer:
        """Waits for a free booth, and for its answer. The same order has the same answer.

        Raises:
            DeafError: there is none.
        """
        with self._borrowed() as booth:
            if self._closed:
                raise DeafError("the booths are closed")
            return booth.ask(order)

    def _open(self) -> None:
        for booth in self._all:
            self._free.put(booth)

    @contextmanager
    def _borrowed(self) -> Iterator[_Booth]:
        booth = self._free.get()
        try:
            yield booth
        finally:
            self._free.put(booth)
