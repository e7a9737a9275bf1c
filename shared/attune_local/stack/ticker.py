"""Cloud Scheduler's part: a message to the tick topic every so often."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from google.api_core.exceptions import GoogleAPICallError

logger = logging.getLogger(__name__)


class Ticker:
    """Calls `tick` every `seconds` in a thread, from start to stop; a tick that fails is logged, and the next tried."""

    def __init__(self, tick: Callable[[], None], seconds: float) -> None:
        self._tick = tick
        self._seconds = seconds
        self._ended = Event()
        self._thread = Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Start ticking; the first tick comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Stop ticking, and return when no tick is under way."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self._tick()
            except GoogleAPICallError as error:
                logger.warning("The tick could not be published: %s", error)
