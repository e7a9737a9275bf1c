"""Traces: what happened within what, from the event to the alias. Nobody listens unless a tracer is given.

Places in a trace are passed on as W3C traceparents, in requests, in messages and on the run's document. What a span is
told are names, counts and codes: never what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

Fact = str | int | float | bool | Sequence[str] | None
"""What can be told of a span; None is not told."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_CLOUD = re.compile(r"([0-9a-fA-F]{32})(?:/(\d{1,20}))?(?:;o=(\d))?")
_NOWHERE = {"0" * 32, "0" * 16, "f" * 16}


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a trace: ids in lower-case hexadecimal, 32 and 16 characters, and W3C's flags."""

    trace: str
    span: str
    flags: int

    @property
    def sampled(self) -> bool:
        """Whether the trace is kept."""
        return bool(self.flags & 1)

    @property
    def traceparent(self) -> str:
        """As W3C writes it."""
        return f"00-{self.trace}-{self.span}-{self.flags:02x}"


class Headers(Protocol):
    """A request's headers, whatever the case of their names."""

    def get(self, name: str, /) -> str | None:
        """A header, or None."""
        ...


class Tracer(Protocol):
    """Who keeps spans."""

    def span(
        self, name: str, facts: Mapping[str, Fact], of: str | None, about: str | None
    ) -> AbstractContextManager[None]:
        """A span around what is done in it, as `attune.tracing.span` says."""
        ...

    def note(self, facts: Mapping[str, Fact]) -> None:
        """Tells more of the span that this code runs in."""
        ...

    def here(self) -> str | None:
        """The traceparent of the span that this code runs in."""
        ...

    def flush(self) -> None:
        """Hands over what it has; it raises nothing. An instance may get no time for it after its answer."""
        ...


class NoTracer:
    """Keeps nothing."""

    def span(
        self,
        name: str,  # noqa: ARG002 - the protocol's signature
        facts: Mapping[str, Fact],  # noqa: ARG002 - the same
        of: str | None,  # noqa: ARG002 - the same
        about: str | None,  # noqa: ARG002 - the same
    ) -> AbstractContextManager[None]:
        """Nothing around it."""
        return nullcontext()

    def note(self, facts: Mapping[str, Fact]) -> None:
        """Nobody listens."""

    def here(self) -> str | None:
        """Nowhere."""
        return None

    def flush(self) -> None:
        """There is nothing to hand over."""


_NO_TRACER = NoTracer()
_TRACER: ContextVar[Tracer] = ContextVar("attune_tracer", default=_NO_TRACER)


@contextmanager
def traced_by(tracer: Tracer) -> Iterator[None]:
    """Gives the spans of what is done in it to this tracer."""
    before = _TRACER.set(tracer)
    try:
        yield
    finally:
        _TRACER.reset(before)
        tracer.flush()


def span(name: str, *, of: str | None = None, about: str | None = None, **facts: Fact) -> AbstractContextManager[None]:
    """A span of the surrounding one, or of the trace that `of` is a place in: then the surrounding one is linked to it.

    `about` is a place that it is linked to besides. Both are traceparents; one that is none is passed over.
    """
    return _TRACER.get().span(name, facts, of, about)


def note(**facts: Fact) -> None:
    """Tells more of the span that this code runs in."""
    _TRACER.get().note(facts)


def here() -> str | None:
    """The traceparent of the span that this code runs in; None where nobody listens."""
    return _TRACER.get().here()


def place(traceparent: str | None) -> Place | None:
    """What a traceparent says; None where it is none."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found is None or found[1] in _NOWHERE or found[2] in _NOWHERE:
        return None
    return Place(found[1], found[2], int(found[3], 16))


def sender(headers: Headers) -> Place | None:
    """Where in a trace a request was sent, by W3C's header or by Google's own."""
    return place(headers.get("traceparent")) or _of_cloud(headers.get("X-Cloud-Trace-Context"))


def _of_cloud(context: str | None) -> Place | None:
    """TRACE/SPAN;o=OPTIONS, where the span is a decimal number."""
    found = _CLOUD.fullmatch(context or "")
    if found is None:
        return None
    span_id = f"{int(found[2] or 0):016x}"
    return place(f"00-{found[1].lower()}-{span_id}-{'01' if found[3] == '1' else '00'}")
