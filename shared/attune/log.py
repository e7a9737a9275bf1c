"""Structured logs as Cloud Logging reads them: one JSON object a line, with a severity and what it is about."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


@cache
def logger() -> FilteringBoundLogger:
    """The log of this process, set up at its first use."""
    return structlog.wrap_logger(  # type: ignore[no-any-return]  # structlog types its wrappers as Any
        None,  # a line goes to what is stdout when it is written, as the standard library's print does
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            _as_cloud_logging,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )


def _as_cloud_logging(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Cloud Logging's names: `severity`, `message`."""
    return {"severity": method.upper(), "message": event.pop("event"), **event}
