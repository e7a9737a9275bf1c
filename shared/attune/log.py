"""Structured logs as Cloud Logging reads them: one JSON object a line, with a severity and what it is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars

from attune.raised import stack
from attune.tracing import Headers, Place, here, place, sender

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

TRACE = "logging.googleapis.com/trace"
SPAN = "logging.googleapis.com/spanId"
SAMPLED = "logging.googleapis.com/trace_sampled"
LABELS = "logging.googleapis.com/labels"
_EXECUTION = "Function-Execution-Id"  # functions-framework makes one where the request has none
_PROJECT: ContextVar[str | None] = ContextVar("attune_log_project", default=None)


@cache
def logger() -> FilteringBoundLogger:
    """The log of this process, set up at its first use."""
    return structlog.wrap_logger(  # type: ignore[no-any-return]  # structlog types its wrappers as Any
        None,  # a line goes to what is stdout when it is written, as the standard library's print does
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.ExceptionRenderer(lambda raised: stack(raised[1])),
            _with_its_span,
            _as_cloud_logging,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )


def begin(headers: Headers, project: str | None) -> None:
    """From here on, this thread's lines carry this request's trace and execution, and nothing of the one before.

    A trace is named in a project: without one it is left out.
    """
    end()
    _PROJECT.set(project)
    if execution := headers.get(_EXECUTION):
        bind_contextvars(**{LABELS: {"execution_id": execution}})
    if found := sender(headers):
        bind_contextvars(**_fields(found, project))


def end() -> None:
    """The request is over, and nothing of it is to stand in a line of the next."""
    clear_contextvars()
    _PROJECT.set(None)


def bind(**what: object) -> None:
    """Says what the rest of this request is about: dataset, pair, run."""
    bind_contextvars(**what)


@contextmanager
def about(**what: object) -> Iterator[None]:
    """Says what the lines within are about."""
    with bound_contextvars(**what):
        yield


def _with_its_span(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The span that the code runs in, where spans are kept: then it is that trace in which the line is found."""
    if found := place(here()):
        event.update(_fields(found, _PROJECT.get()))
    return event


def _fields(found: Place, project: str | None) -> dict[str, object]:
    if project is None:
        return {}
    return {TRACE: f"projects/{project}/traces/{found.trace}", SPAN: found.span, SAMPLED: found.sampled}


def _as_cloud_logging(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Cloud Logging's names; `stack_trace` is where Error Reporting looks first, and knows a Python traceback."""
    if raised := event.pop("exception", None):
        event["stack_trace"] = raised
    return {"severity": method.upper(), "message": event.pop("event"), **event}
