"""Traces kept by OpenTelemetry. This module is imported where traces are on, and OpenTelemetry with it; not else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.util.types import AttributeValue

from attune.raised import words
from attune.tracing import Fact, Place, place

_NAMESPACE = "attune."
_SECONDS = 3.0  # an event waits for its spans no longer than this, unless OTEL_EXPORTER_OTLP_TIMEOUT says how long
_GOOGLE = (
    "https://telemetry.googleapis.com/v1/traces"  # Google's OTLP endpoint, which its docs name before its exporter
)
_SCOPE = "https://www.googleapis.com/auth/trace.append"
_ELSEWHERE = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PATIENCE = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")


class OpenTelemetryTracer:
    """The protocol `Tracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("attune")

    @contextmanager
    def span(self, name: str, facts: Mapping[str, Fact], of: str | None, about: str | None) -> Iterator[None]:
        """A span. An exception that leaves it is told without what it may quote."""
        current, origin = get_current_span().get_span_context(), place(of)
        linked = [_context(found) for found in (place(about),) if found]
        if origin and current.is_valid:
            linked.append(current)
        with self._tracer.start_as_current_span(
            name,
            context=_within(origin) if origin else None,
            links=[Link(context) for context in linked],
            attributes=_attributes(facts),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, words(error)))
                raise

    def note(self, facts: Mapping[str, Fact]) -> None:
        """More of the current span's attributes."""
        get_current_span().set_attributes(_attributes(facts))

    def here(self) -> str | None:
        """The current span's traceparent."""
        current = get_current_span().get_span_context()
        if not current.is_valid:
            return None
        return Place(f"{current.trace_id:032x}", f"{current.span_id:016x}", current.trace_flags).traceparent

    def flush(self) -> None:
        """Hands over what has ended. What cannot be is lost, which the exporter logs."""
        self._provider.force_flush()


class FileExporter(SpanExporter):
    """A line of JSON for each span, behind what is in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Writes the spans in one go, so that the lines of several processes do not mix."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(_line(span) for span in spans))
        return SpanExportResult.SUCCESS


def tracer(where: str, project: str, service: str) -> OpenTelemetryTracer:
    """A tracer that hands its spans over to `otlp`, to `console`, or to `file:PATH`.

    `otlp` is OpenTelemetry's OTEL_EXPORTER_OTLP_ENDPOINT where that is set, and Google's Telemetry API where it is not.
    Every event is traced, unless OTEL_TRACES_SAMPLER says otherwise: Google's own decision on a request, once in ten
    seconds, would leave most runs without a beginning.

    Raises:
        ValueError: it is none of these.
    """
    provider = TracerProvider(
        sampler=None if "OTEL_TRACES_SAMPLER" in os.environ else ALWAYS_ON,
        resource=Resource.create(_resource(project, service)),
    )
    provider.add_span_processor(_processor(where))
    return OpenTelemetryTracer(provider)


def _processor(where: str) -> SpanProcessor:
    kind, _, path = where.partition(":")
    if where == "otlp":
        return BatchSpanProcessor(_otlp())
    if where == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stdout, formatter=_line))
    if kind == "file" and path:
        return SimpleSpanProcessor(FileExporter(Path(path)))
    raise ValueError(f"traces go to otlp, console or file:PATH, and not to {where}")


def _otlp() -> SpanExporter:
    exporter = partial(_installed("otlp_proto_http"), timeout=None if _are_set(_PATIENCE) else _SECONDS)
    if _are_set(_ELSEWHERE):
        return exporter()
    import google.auth  # noqa: PLC0415 - only where spans are sent to Google
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415 - the same

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # it has no types
    return exporter(endpoint=_GOOGLE, session=session)


def _are_set(names: Sequence[str]) -> bool:
    return any(os.environ.get(name) for name in names)


def _installed(name: str) -> Callable[..., SpanExporter]:
    """An exporter by the name that its package gives it, which is how OpenTelemetry itself finds them."""
    found = entry_points(group="opentelemetry_traces_exporter", name=name)
    if not found:
        raise ModuleNotFoundError(f"no {name} is installed: it is opentelemetry-exporter-otlp-proto-http that has it")
    load: Callable[..., SpanExporter] = next(iter(found)).load()
    return load


def _resource(project: str, service: str) -> dict[str, AttributeValue]:
    named: dict[str, AttributeValue] = {"gcp.project_id": project}
    return named if "OTEL_SERVICE_NAME" in os.environ else named | {"service.name": service}


def _attributes(facts: Mapping[str, Fact]) -> dict[str, AttributeValue]:
    return {f"{_NAMESPACE}{name}": _plain(value) for name, value in facts.items() if value is not None}


def _plain(value: AttributeValue) -> AttributeValue:
    """An enum's text is of a type of its own, of which OpenTelemetry knows nothing."""
    return str(value) if isinstance(value, str) else value


def _within(origin: Place) -> Context:
    return set_span_in_context(NonRecordingSpan(_context(origin)), Context())


def _context(found: Place) -> SpanContext:
    trace, span = int(found.trace, 16), int(found.span, 16)
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(found.flags))


def _line(span: ReadableSpan) -> str:
    return str(span.to_json(indent=None)) + "\n"
