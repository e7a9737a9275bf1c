"""What libraries log, warn of and die of, as lines of our log: no others, none twice, and none with what they sent."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType

from attune.adapters.quiet import quiet
from attune.errors import PassingError
from attune.log import logger

_SEVERITIES = (logging.CRITICAL, logging.ERROR, logging.WARNING)


class _Lines(logging.Handler):
    """From warnings up: what is below tells of single requests, and Google's clients put their bodies into it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record as a line. What Flask says of an event that is to come again is no error."""
        error = record.exc_info[1] if record.exc_info else None
        said = quiet(record.getMessage())
        if isinstance(error, PassingError):
            logger().warning("put off: the event comes again", why=str(error), logger=record.name)
        else:
            severity = next(level for level in _SEVERITIES if record.levelno >= level)
            logger().log(severity, said, logger=record.name, exc_info=error)


def listen_to_libraries() -> None:
    """Puts our lines in place of what else would go to the terminal. To do it again changes nothing.

    Handlers that keep records elsewhere, and hooks that somebody else has set, stay.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        if type(handler) is logging.StreamHandler or isinstance(handler, _Lines):
            root.removeHandler(handler)
    root.addHandler(_Lines())
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's signature
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _died
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _thread_died
    _listen_to_gunicorn()


def _died(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logger().critical("the process ends", exc_info=error)


def _thread_died(told: threading.ExceptHookArgs) -> None:
    if not issubclass(told.exc_type, SystemExit):
        logger().error("a thread ended", thread=told.thread.name if told.thread else None, exc_info=told.exc_value)


def _listen_to_gunicorn() -> None:
    """functions-framework starts gunicorn after this, and leaves no way to tell it which log to use but its default."""
    try:
        from gunicorn.config import (  # type: ignore[import-untyped]  # noqa: PLC0415 - no types; only where it serves
            LoggerClass,
        )
    except ImportError:
        return
    LoggerClass.default = "attune.adapters.gunicorn_log.PassedOn"
