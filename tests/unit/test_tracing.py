"""Spans: nothing of them while nobody listens, and what OpenTelemetry keeps where somebody does."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from attune import log
from attune.adapters.spans import OpenTelemetryTracer, tracer
from attune.errors import BusyError
from attune.tracing import here, note, place, sender, span, traced_by

ELSEWHERE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = ELSEWHERE[:-1] + "0"
SECRET = "what was said in the recording"  # noqa: S105 - what must not be told, and no password


class Kept:
    """A tracer whose spans can be looked at."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OpenTelemetryTracer(provider)

    def __getitem__(self, name: str) -> ReadableSpan:
        (found,) = (each for each in self._exporter.get_finished_spans() if each.name == name)
        return found


@pytest.fixture
def kept() -> Kept:
    return Kept()


def traceparent(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def parent(span: ReadableSpan) -> str | None:
    found = span.parent
    return f"00-{found.trace_id:032x}-{found.span_id:016x}-{found.trace_flags:02x}" if found else None


def links(span: ReadableSpan) -> Sequence[str]:
    contexts = [link.context for link in span.links]
    return [f"00-{each.trace_id:032x}-{each.span_id:016x}-{each.trace_flags:02x}" for each in contexts]


def test_while_nobody_listens_spans_cost_nothing_and_are_nowhere() -> None:
    with span("ingest", dataset="interviews"):
        note(outcome="accepted")
        assert here() is None


def test_nothing_of_opentelemetry_is_imported_while_nobody_listens() -> None:
    script = (
        "import sys, attune.entry.doors, attune.entry.serving, attune.log, attune.tracing;"
        "print([name for name in sys.modules if 'opentelemetry' in name or name == 'attune.adapters.spans'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_span_is_a_part_of_the_one_around_it(kept: Kept) -> None:
    with traced_by(kept.tracer), span("ingest", dataset="interviews", pair=None):
        with span("store row", bytes=3):
            pass
        note(outcome="accepted", reasons=["audio_silent"])
    assert parent(kept["store row"]) == traceparent(kept["ingest"])
    assert parent(kept["ingest"]) is None
    assert dict(kept["ingest"].attributes or {}) == {
        "attune.dataset": "interviews",
        "attune.outcome": "accepted",
        "attune.reasons": ("audio_silent",),
    }


def test_a_span_of_another_trace_goes_on_in_that_and_is_linked_to_where_it_happens(kept: Kept) -> None:
    with traced_by(kept.tracer), span("tick"), span("promote", of=ELSEWHERE), span("within"):
        pass
    assert parent(kept["promote"]) == ELSEWHERE
    assert links(kept["promote"]) == [traceparent(kept["tick"])]
    assert parent(kept["within"]) == traceparent(kept["promote"])


def test_a_span_about_another_trace_is_linked_to_it_and_stays_where_it_happens(kept: Kept) -> None:
    with traced_by(kept.tracer), span("tick"), span("follow", about=ELSEWHERE):
        pass
    assert parent(kept["follow"]) == traceparent(kept["tick"])
    assert links(kept["follow"]) == [ELSEWHERE]


@pytest.mark.parametrize("nowhere", [None, "", "nonsense", f"00-{'0' * 32}-{'1' * 16}-01"])
def test_a_traceparent_that_is_none_is_passed_over(nowhere: str | None, kept: Kept) -> None:
    with traced_by(kept.tracer), span("tick"), span("follow", of=nowhere, about=nowhere):
        pass
    assert parent(kept["follow"]) == traceparent(kept["tick"])
    assert links(kept["follow"]) == []


def test_a_place_is_handed_on_as_a_traceparent(kept: Kept) -> None:
    with traced_by(kept.tracer), span("open run"):
        carried = here()
    assert carried == traceparent(kept["open run"])
    found = place(carried)
    assert found is not None
    assert found.traceparent == carried


def test_an_error_marks_its_span_and_is_told_without_what_it_quotes(kept: Kept) -> None:
    with traced_by(kept.tracer):
        with pytest.raises(ValueError, match="invalid literal"), span("quotes"):
            int(SECRET)
        with pytest.raises(BusyError), span("ours"):
            raise BusyError("somebody else is at it")
    assert not kept["quotes"].status.is_ok
    assert SECRET not in kept["quotes"].to_json()
    assert kept["ours"].status.description == "attune.errors.BusyError: somebody else is at it"
    assert kept["ours"].events == ()


def test_a_line_within_a_span_is_found_in_that_spans_trace(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    log.begin({"traceparent": UNSAMPLED}, "our-project")
    with traced_by(kept.tracer), span("promote"):
        log.logger().info("run")
        at = place(here())
    log.logger().info("behind")
    log.end()
    within, behind = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert at is not None
    assert within["logging.googleapis.com/trace"] == f"projects/our-project/traces/{at.trace}"
    assert within["logging.googleapis.com/spanId"] == at.span
    assert behind["logging.googleapis.com/spanId"] == "b7ad6b7169203331"
    assert behind["logging.googleapis.com/trace_sampled"] is False


def test_where_a_request_was_sent_is_read_from_either_header() -> None:
    cloud = sender({"X-Cloud-Trace-Context": "0af7651916cd43dd8448eb211c80319c/13235353014750950193;o=1"})
    assert cloud == sender({"traceparent": ELSEWHERE})
    assert cloud is not None
    assert cloud.traceparent == ELSEWHERE


def test_spans_are_written_to_a_file_a_line_each_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    for name in ("one", "two"):
        kept = tracer(f"file:{path}", "our-project", "attune-ingest")
        with traced_by(kept), span(name, of=UNSAMPLED):
            pass
    found = [json.loads(line) for line in path.read_text().splitlines()]
    assert [each["name"] for each in found] == ["one", "two"]
    assert {each["context"]["trace_id"] for each in found} == {"0x0af7651916cd43dd8448eb211c80319c"}
    assert found[0]["resource"]["attributes"]["gcp.project_id"] == "our-project"
    assert found[0]["resource"]["attributes"]["service.name"] == "attune-ingest"


def test_spans_are_written_to_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    with traced_by(tracer("console", "our-project", "attune-ingest")), span("one"):
        pass
    assert json.loads(capsys.readouterr().out)["name"] == "one"


@pytest.mark.parametrize("where", ["", "file:", "files:/tmp/spans", "jaeger"])
def test_another_place_for_spans_is_refused(where: str) -> None:
    with pytest.raises(ValueError, match="otlp, console or file:PATH"):
        tracer(where, "our-project", "attune-ingest")


class Collector:
    """What takes OTLP over HTTP."""

    def __init__(self, status: int) -> None:
        self.taken: list[tuple[str, bytes]] = []
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Says nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


SENDING = """
from attune.adapters.spans import tracer
from attune.tracing import span, traced_by
with traced_by(tracer("otlp", "our-project", "attune-ingest")), span("one", dataset="interviews"):
    pass
print("over", flush=True)
"""


@pytest.mark.parametrize("status", [200, 400])
def test_spans_are_sent_before_the_event_is_over_and_a_collector_that_refuses_them_stops_nothing(status: int) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="nothing sends OTLP here")
    with Collector(status) as collector:
        done = _run(SENDING, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert done.stdout == "over\n"
    ((path, body),) = collector.taken
    assert path == "/v1/traces"
    assert b"attune.dataset" in body


def _run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    env = os.environ | environment
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=env, timeout=60
    )
