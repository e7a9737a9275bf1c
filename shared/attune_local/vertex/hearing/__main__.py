"""`python -m attune_local.vertex.hearing FD`: recognises what comes over a pipe, until its other end is closed.

A process of its own, because the recogniser holds the interpreter's lock while it works.
"""

import signal
import sys
from multiprocessing.connection import Connection
from typing import assert_never

from attune_local.vertex.hearing.orders import Answer, Failed, Order, PhonesOrder, TaughtOrder, WordsOrder
from attune_local.vertex.hearing.recogniser import phones_of, transcribe, transcribe_as_taught


def main() -> None:
    """Answers order after order; Ctrl-C is for the process that gives them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(int(sys.argv[1])) as orders:
        while _serve(orders):
            pass


def _serve(orders: "Connection[Answer | Failed, Order]") -> bool:
    """Serves one order; False when there are no more."""
    try:
        order = orders.recv()
    except EOFError:
        return False
    orders.send(_answer(order))
    return True


def _answer(order: Order) -> Answer | Failed:
    try:
        return _carry_out(order)
    except RuntimeError as error:  # what the library raises, which names no words
        return Failed(str(error))


def _carry_out(order: Order) -> Answer:
    match order:
        case PhonesOrder(window):
            return phones_of(window)
        case WordsOrder(window):
            return transcribe(window)
        case TaughtOrder(window, lessons):
            return transcribe_as_taught(window, lessons)
        case _:
            assert_never(order)


if __name__ == "__main__":
    main()
