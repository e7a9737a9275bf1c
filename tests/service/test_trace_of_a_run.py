"""One trace from the event that reached the threshold to the alias's move, over processes and hours."""

import json
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from attune.adapters.codec import decode, encode
from attune.adapters.pubsub import PubSubPost
from attune.adapters.spans import OpenTelemetryTracer
from attune.domain.events.message import Channel, Message
from attune.domain.run import Run, RunState
from attune.tracing import place, span, traced_by
from service.scenes import fill, only_run, running, sound, told
from service.theatre import Stage

SECRET = "the only sentence of its kind"  # noqa: S105 - a transcript, and no password


class Kept:
    """The spans of one process after another."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()

    def tracer(self) -> OpenTelemetryTracer:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        return OpenTelemetryTracer(provider)

    def named(self, name: str) -> list[ReadableSpan]:
        return [each for each in self._exporter.get_finished_spans() if each.name == name]

    def last(self, name: str) -> ReadableSpan:
        return self.named(name)[-1]

    def text(self) -> str:
        return "".join(str(each.to_json()) for each in self._exporter.get_finished_spans())


def trace(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}"


def linked(span: ReadableSpan) -> set[str]:
    return {f"{link.context.trace_id:032x}" for link in span.links}


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def stage(kept: Kept) -> Stage:
    """A run from its last pair to the alias; each step is another process's, some of them hours later."""
    found = Stage()
    found.write_settings(threshold=4, validation_fraction=0)
    fill(found, 3)
    found.ingest(found.upload("d/last.wav", sound("last")))
    with traced_by(kept.tracer()), span("ingest"):
        found.ingest(found.upload("d/last.txt", SECRET.encode()))
    (order,) = told(found, "launchTuning")
    with traced_by(kept.tracer()), span("order", of=order.traceparent):
        found.launch()
    for _ in range(10):
        found.pass_time(3_600)
        with traced_by(kept.tracer()), span("tick"):
            found.watch()
    assert only_run(found).state is RunState.PROMOTED
    return found


def test_the_alias_moves_in_the_trace_of_the_event_that_opened_the_run(stage: Stage, kept: Kept) -> None:
    event = trace(kept.last("ingest"))
    steps = ("store row", "open run", "order", "launch", "cut", "assemble", "create job", "promote")
    assert {name: trace(kept.last(name)) for name in steps} == dict.fromkeys(steps, event)
    assert place(only_run(stage).traceparent) is not None


def test_what_looks_at_a_run_again_and_again_is_only_linked_to_its_trace(stage: Stage, kept: Kept) -> None:  # noqa: ARG001 - it is played
    event = trace(kept.last("ingest"))
    assert {trace(each) for each in kept.named("follow")} <= {trace(each) for each in kept.named("tick")}
    assert all(linked(each) == {event} for each in kept.named("follow"))
    assert linked(kept.last("promote")) < {trace(each) for each in kept.named("tick")}
    assert linked(kept.last("promote")) != set()


def test_what_is_told_of_a_run_carries_its_trace_and_the_same_id_as_without(stage: Stage, kept: Kept) -> None:
    messages: list[Message] = stage.post.sent
    assert {found.trace for each in messages if (found := place(each.traceparent))} == {
        trace(kept.last("ingest")),
        *(trace(each) for each in kept.named("follow") if (each.attributes or {}).get("attune.state") == "promoted"),
    }
    assert all(each.traceparent for each in messages)
    silent = running()
    silent.settle()
    assert {each.id for each in messages} == {each.id for each in silent.post.sent}


def test_spans_carry_what_it_is_about_and_never_what_was_said(stage: Stage, kept: Kept) -> None:
    assert SECRET not in kept.text()
    assert "it says clip" not in kept.text()
    facts = dict(kept.last("promote").attributes or {})
    assert facts == {
        "attune.dataset": "d",
        "attune.run": only_run(stage).id,
        "attune.alias": "d",
        "attune.state": "promoted",
    }


def test_without_a_tracer_nothing_is_carried() -> None:
    stage = running()
    stage.settle()
    assert only_run(stage).traceparent is None
    assert {message.traceparent for message in stage.post.sent} == {None}


def test_a_run_and_a_message_that_were_stored_before_are_read_all_the_same() -> None:
    stage = running()
    for kind, value in ((Run, only_run(stage)), (Message, stage.post.sent[0])):
        stored: dict[str, Any] = encode(value)
        del stored["traceparent"]
        assert decode(kind, stored) == value


class Topics:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    def publish(self, _topic: str, _body: bytes, retry: object, timeout: float, **attributes: str) -> "Topics":
        del retry, timeout
        self.sent.append(attributes)
        return self

    def result(self, timeout: float) -> str:
        return json.dumps(timeout)


def test_a_published_message_carries_its_place_as_cloudevents_do(stage: Stage) -> None:
    topics: Any = Topics()
    post = PubSubPost(lambda: topics, {Channel.LAUNCH: "launch", Channel.EVENTS: "events"}, "//attune")
    (order,) = told(stage, "launchTuning")
    post.publish(order)
    assert topics.sent[0]["ce-traceparent"] == order.traceparent
