"""Wait for a condition with a limit."""

import time
from collections.abc import Callable
from typing import TypeVar

from attune_local.stack.errors import TooLate

Outcome = TypeVar("Outcome")


def wait_until(condition: Callable[[], Outcome], limit: float, what: str, *, interval: float = 0.02) -> Outcome:
    """Return the condition's first true outcome, asked every `interval` seconds; TooLate after `limit` seconds."""
    deadline = time.monotonic() + limit
    while not (outcome := condition()):
        if time.monotonic() > deadline:
            raise TooLate(f"{what}: not within {limit:g} seconds.")
        time.sleep(interval)
    return outcome
