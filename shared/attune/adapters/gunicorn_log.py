"""gunicorn's log, passed on to the standard library's root instead of to the terminal."""

from __future__ import annotations

from gunicorn.config import Config  # type: ignore[import-untyped]  # it has no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # the same


class PassedOn(Logger):  # type: ignore[misc]  # the same
    """Its master, which serves nothing itself, tells of workers that were too slow or took too much memory."""

    def setup(self, cfg: Config) -> None:
        """Takes away the handlers that it has just made."""
        super().setup(cfg)
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
