"""Wait for what the demo waits for, while the ground works."""

from __future__ import annotations

import time
from collections.abc import Callable

from attune_local.demo.ground import Ground

_LIMIT_SECONDS = 240.0


def wait(condition: Callable[[], bool], ground: Ground, what: str) -> None:
    """Until the condition holds; raises TimeoutError after four minutes."""
    until = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"waited {_LIMIT_SECONDS:g} s for {what}")
        ground.let_work()
