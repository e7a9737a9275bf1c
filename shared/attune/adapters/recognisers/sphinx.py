"""PocketSphinx with the English model that its wheel carries: a recogniser that everybody has, and that learns nothing.

It holds Python's lock while it works, so it works in processes. They forget one recording before the next: the same
recording has the same answer, whichever process hears it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from importlib.metadata import version

from pocketsphinx import Decoder  # type: ignore[import-untyped]  # it ships without types

from attune.adapters.recognisers.sound import samples_of
from attune.domain.evaluation.example import Answer
from attune.errors import DamagedError, UnavailableError

_MOST_PROCESSES = 8
_STATES_A_FRAME = 3_000
"""A tenth of the library's own bound: twice as fast, and no worse on the recordings tried."""


class PocketsphinxAnswering:
    """The port `Answering`. It starts its processes when it is first asked, and ends them when it is closed."""

    def __init__(self, processes: int | None = None) -> None:
        """So many `processes`, of some 100 MB each; None is one for each processor, and eight at most."""
        self.model = f"pocketsphinx {version('pocketsphinx')} en-us"
        self._pool = ProcessPoolExecutor(
            processes or min(os.cpu_count() or 1, _MOST_PROCESSES),
            multiprocessing.get_context("spawn"),
            initializer=_settle_in,
        )

    def ask(self, target: str, row: bytes) -> Answer:
        """What is heard in the row's recording, in small letters without punctuation.

        Raises:
            UnavailableError: its process died over it.
        """
        try:
            return self._submit(row)
        except BrokenProcessPool:
            raise UnavailableError(f"{target} did not answer: its process died") from None

    def close(self) -> None:
        """Ends the processes, when what they are doing is done."""
        self._pool.shutdown(cancel_futures=True)

    def _submit(self, row: bytes) -> Answer:
        """Hands a question in. What may start processes here starts them deaf to Ctrl-C, which is their parent's."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            waited = self._pool.submit(hear, row)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return waited.result()


def hear(row: bytes) -> Answer:
    """What this process hears in a row's recording; `seconds` are the recogniser's own."""
    began = time.monotonic()
    try:
        sound = samples_of(row)
    except DamagedError as damaged:
        return Answer("", time.monotonic() - began, failure=str(damaged))
    decoder = _decoder()
    began = time.monotonic()
    decoder.reinit_feat()  # or it remembers what noise was in the recording before
    decoder.start_utt()
    try:
        decoder.process_raw(sound.astype("<i2").tobytes(), full_utt=True)
    finally:
        decoder.end_utt()
    found = decoder.hyp()
    return Answer(found.hypstr if found else "", time.monotonic() - began, finish="STOP")


@cache
def _decoder() -> Decoder:
    """Quiet on standard error, and with loudness levelled for each recording alone."""
    return Decoder(loglevel="FATAL", cmn="batch", maxhmmpf=_STATES_A_FRAME)


def _settle_in() -> None:
    """A process goes where its parent is gone."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
