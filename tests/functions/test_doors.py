"""The functions as they are served: what passes their doors, what is refused at them, and what comes again."""

import base64
import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient

from attune import bootstrap, world
from attune.adapters.codec import plain
from attune.adapters.spans import tracer
from attune.domain.events.message import Channel, message
from attune.domain.events.opening import LaunchTuning
from attune.domain.pair import PairState
from attune.domain.parked import Task
from attune.domain.run import RunState
from attune.errors import RefusedError
from attune.services.manifests import of_parked
from attune.services.park import DELIVERIES
from attune_local.twins.objects import MemoryIntake, MemoryObjects
from attune_local.twins.tuning import EngineTuning
from service.scenes import Line, dies_at, drop, fill, launch_until, only_run, sound
from service.theatre import Stage

TESTS = Path(__file__).resolve().parent.parent
FUNCTIONS = TESTS.parent / "functions"
ENVIRONMENT = {
    "ATTUNE_PROJECT": "attune-example",
    "ATTUNE_REGION": "us-central1",
    "ATTUNE_INTAKE_BUCKET": "intake",
    "ATTUNE_DATASET_BUCKET": "datasets",
}
PORTS = {"documents", "intake", "objects", "ear", "post", "tuning"}
CAPTURED = {"ingest": "object_finalized", "erase": "object_deleted", "launch": "launch_order", "watch": "tick"}


def captured(name: str) -> Any:
    """An event as Google sends it: the request's headers and its body."""
    return json.loads((TESTS / "events" / f"{name}.json").read_text())


@dataclass(slots=True)
class Door:
    """A function behind functions-framework."""

    name: str
    http: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        app = functions_framework.create_app(self.name, str(FUNCTIONS / self.name / "main.py"))  # type: ignore[no-untyped-call]  # it has no types
        self.http = app.test_client()

    def post(self, event: Mapping[str, Any]) -> int:
        body = event["body"]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post("/", headers=dict(event["headers"]), data=data).status_code


@pytest.fixture(autouse=True)
def _deployment() -> Iterator[None]:
    """The functions' environment, and nothing of it afterwards."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    world.cloud.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    world.cloud.cache_clear()


@pytest.fixture
def stage() -> Stage:
    """Twins in the place of the cloud's services: the ports are built when they are first asked for."""
    found = Stage(dataset="interviews", threshold=2, post=Line(), now=world.now())
    vars(world.cloud()).update(
        documents=found.documents,
        intake=MemoryIntake(found.intake),
        objects=MemoryObjects(found.bucket),
        post=found.post,
        tuning=EngineTuning(found.engine),
    )
    return found


def built() -> set[str]:
    """Which of the ports somebody asked for."""
    return PORTS & vars(world.cloud()).keys()


def changed(event: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """The event with other headers (`ce_type`) or fields of its body; None takes one out."""
    found: dict[str, Any] = copy.deepcopy(dict(event))
    for name, value in changes.items():
        place, key = ("headers", name.replace("_", "-")) if name.startswith("ce_") else ("body", name)
        if value is None:
            del found[place][key]
        else:
            found[place][key] = value
    return found


def fresh(name: str) -> dict[str, Any]:
    """A captured event, as if it had happened just now."""
    return changed(captured(name), ce_time=world.now().isoformat())


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def order(data: bytes) -> dict[str, Any]:
    """A message of the launch topic with this for its data."""
    found: dict[str, Any] = captured("launch_order")
    found["body"]["message"]["data"] = base64.b64encode(data).decode()
    return found


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAPTURED)
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({"content-type": "text/plain"}, b"hello"),
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "application/json"}, b"not json"),
        ({"content-type": "application/json"}, b"[1]"),
        ({"content-type": "application/cloudevents+json"}, b"{}"),
        ({"content-type": "application/cloudevents+json"}, b"not json"),
        ({"ce-id": "1", "ce-specversion": "1.0", "content-type": "application/json"}, b"{}"),
    ],
)
def test_what_is_no_cloud_event_is_refused_and_logged(
    name: str, headers: dict[str, str], body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Door(name).post({"headers": headers, "body": body}) == 400
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert (said["severity"], said["message"]) == ("ERROR", "not an event for this function")
    assert "it is no CloudEvent" in said["why"]
    assert built() == set()


@pytest.mark.parametrize("name", CAPTURED)
@pytest.mark.parametrize(
    "kind",
    [
        "google.cloud.storage.object.v1.metadataUpdated",
        "com.example.something",
    ],
)
def test_an_event_of_another_type_is_refused_and_nothing_touched(name: str, kind: str) -> None:
    assert Door(name).post(changed(captured(CAPTURED[name]), ce_type=kind)) == 400
    assert built() == set()


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("ingest", "tick"),
        ("ingest", "object_deleted"),
        ("erase", "object_finalized"),
        ("launch", "object_finalized"),
        ("watch", "object_deleted"),
    ],
)
def test_another_functions_event_is_refused(name: str, event: str) -> None:
    assert Door(name).post(captured(event)) == 400
    assert built() == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"bucket": "another"},
        {"bucket": "datasets"},
        {"bucket": None},
        {"generation": None},
        {"generation": "0"},
        {"generation": "newest"},
        {"name": None},
        {"name": ""},
        {"size": None},
        {"size": "-1"},
    ],
    ids=lambda changes: " ".join(f"{key} {value}" for key, value in changes.items()),
)
def test_an_object_that_is_not_ours_or_not_whole_is_refused_and_nothing_touched(changes: dict[str, object]) -> None:
    assert Door("ingest").post(changed(captured("object_finalized"), **changes)) == 400
    assert built() == set()


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"3"])
@pytest.mark.parametrize("name", CAPTURED)
def test_a_body_of_another_shape_is_refused(name: str, body: bytes) -> None:
    assert Door(name).post(captured(CAPTURED[name]) | {"body": body}) == 400
    assert built() == set()


@pytest.mark.parametrize(
    "event",
    [
        order(b""),
        order(b"hello"),
        order(b"{}"),
        order(b'{"dataset": ""}'),
        order(b'{"dataset": "d"}'),
        order(b'{"dataset": 3, "run": "r000001"}'),
        order(b"\xff\xfe"),
        changed(captured("launch_order"), message={"data": "not base64!"}),
        changed(captured("launch_order"), message={"data": "ü"}),
        changed(captured("launch_order"), message="text"),
        changed(captured("launch_order"), message=None),
    ],
)
def test_a_message_that_is_no_order_is_refused_and_nothing_touched(event: dict[str, Any]) -> None:
    assert Door("launch").post(event) == 400
    assert built() == set()


def test_a_refusal_is_logged_without_what_was_in_the_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert Door("launch").post(order(b'{"dataset": 3, "run": "a secret"}')) == 400
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert (line["severity"], line["message"]) == ("ERROR", "not an event for this function")
    assert line["why"] == "its data is no order to launch: dataset"


# --- what passes ------------------------------------------------------------------------------------------------


def test_a_captured_upload_is_taken_in(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert Door("ingest").post(fresh("object_finalized")) == 200
    pair = stage.pair("speaker 3/clip #7 50%")
    assert (pair.audio.generation, pair.audio.size) == (1795080667478410, 352044)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert (line["severity"], line["outcome"], line["dataset"]) == ("INFO", "waiting", "interviews")


def test_an_object_that_is_none_of_ours_is_acknowledged(stage: Stage) -> None:
    before = stage.documents.paths()
    assert Door("ingest").post(changed(fresh("object_finalized"), name="readme.md")) == 200
    assert stage.documents.paths() == before


def test_a_captured_order_is_carried_out(stage: Stage) -> None:
    fill(stage, 2)
    assert only_run(stage).state is RunState.OPENED
    assert Door("launch").post(captured("launch_order")) == 200
    assert only_run(stage).state is RunState.RUNNING


def test_a_captured_order_is_one_as_we_publish_it(stage: Stage) -> None:
    fill(stage, 2)
    (published,) = [sent for sent in stage.post.sent if sent.channel is Channel.LAUNCH]
    data = base64.b64decode(captured("launch_order")["body"]["message"]["data"])
    assert json.loads(data) == plain(published.data)
    assert published == message(LaunchTuning("interviews", "r000001"), published.at)


def test_a_captured_tick_is_carried_out(stage: Stage) -> None:
    drop(stage, "one")
    stage.write_settings(threshold=1)
    assert Door("watch").post(captured("tick")) == 200
    assert only_run(stage).state is RunState.OPENED


def test_the_same_event_twice_is_answered_twice(stage: Stage) -> None:
    door = Door("ingest")
    assert [door.post(fresh("object_finalized")) for _ in range(2)] == [200, 200]
    assert len(stage.pairs()) == 1


# --- what comes again -------------------------------------------------------------------------------------------


def test_trouble_that_may_pass_is_answered_with_500_so_that_the_event_comes_again(stage: Stage) -> None:
    line = stage.post
    assert isinstance(line, Line)
    stage.write_settings(threshold=1)
    stage.ingest(stage.upload("interviews/a.wav", sound("a")))
    text = stage.upload("interviews/a.txt", b"hello")
    event = changed(fresh("object_finalized"), name=text.name, generation=str(text.generation), size=str(text.size))
    line.down = True
    assert Door("ingest").post(event) == 500
    assert line.sent == []
    line.down = False
    assert Door("watch").post(captured("tick")) == 200
    assert [sent.subject for sent in line.sent] == ["datasets/interviews/runs/r000001"] * 2
    assert Door("ingest").post(event) == 200


def test_a_launch_that_somebody_else_is_at_comes_again(stage: Stage) -> None:
    fill(stage, 2)
    launch_until(stage, dies_at("objects.compose"))
    assert Door("launch").post(captured("launch_order")) == 500
    assert only_run(stage).state is RunState.CUT


def test_an_answer_tells_nothing_of_what_was_said(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the logs nor the answers carry a transcript, a prompt or a byte of audio, whatever goes wrong."""
    stage.write_settings(threshold=1, prompt="a secret prompt")
    for path, audio, text in (("a", sound("a"), b"a secret sentence"), ("b", b"a secret sound", b"a secret sentence")):
        arrivals = [stage.upload(f"interviews/{path}.wav", audio), stage.upload(f"interviews/{path}.txt", text)]
        for arrival in arrivals:
            Door("ingest").post(
                changed(
                    fresh("object_finalized"),
                    name=arrival.name,
                    generation=str(arrival.generation),
                    size=str(arrival.size),
                )
            )
    Door("launch").post(captured("launch_order"))
    Door("watch").post(captured("tick"))
    assert only_run(stage).state is RunState.RUNNING
    printed = capsys.readouterr()
    assert "secret" not in printed.out + printed.err
    assert "rejected" in printed.out


def test_an_object_that_is_gone_is_taken_out_of_its_pair(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.write_settings(threshold=9)
    drop(stage, "a")
    stage.intake.delete("interviews/a.txt")
    gone = stage.pair("a").transcript
    event = changed(fresh("object_deleted"), name=gone.name, generation=str(gone.generation))
    assert [Door("erase").post(event) for _ in range(2)] == [200, 200]
    assert (stage.pair("a").state, stage.pair("a").row) == (PairState.WAITING, None)
    assert [line["outcome"] for line in lines(capsys) if line["message"] == "gone"] == ["erased", "erased"]


def test_what_a_bucket_with_versions_archives_is_gone_too(stage: Stage) -> None:
    drop(stage, "a")
    stage.intake.delete("interviews/a.wav")
    gone = stage.pair("a").audio
    event = changed(fresh("object_archived"), name=gone.name, generation=str(gone.generation))
    assert Door("erase").post(event) == 200
    assert stage.pair("a").audio is None


# --- what is left to the sweep, and what is parked -----------------------------------------------------------------


@pytest.mark.parametrize(("name", "event"), [("ingest", "object_finalized"), ("erase", "object_deleted")])
def test_an_old_event_is_acknowledged_and_left_to_the_sweep(
    name: str, event: str, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stage.documents.paths()
    assert Door(name).post(captured(event)) == 200
    assert stage.documents.paths() == before
    (line,) = lines(capsys)
    assert (line["severity"], line["message"]) == ("WARNING", "an old event is left to the sweep")


def test_an_event_that_does_not_tell_its_time_is_worked_on(stage: Stage) -> None:
    assert Door("ingest").post(changed(captured("object_finalized"), ce_time=None)) == 200
    assert len(stage.pairs()) == 1


class Refusing:
    """A bucket whose objects nobody may read."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, *_: object) -> bytes:
        raise self.error

    look = page = read


def halves(stage: Stage) -> dict[str, Any]:
    """The event of a second half, whose first has come."""
    stage.write_settings(threshold=9)
    stage.ingest(stage.upload("interviews/a.wav", sound("a")))
    text = stage.upload("interviews/a.txt", b"hello")
    return changed(fresh("object_finalized"), name=text.name, generation=str(text.generation), size=str(text.size))


def test_what_cannot_succeed_is_parked_with_its_reason_and_acknowledged(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    event = halves(stage)
    vars(world.cloud()).update(intake=Refusing(RefusedError("the bucket does not let it be read")))
    assert Door("ingest").post(event) == 200
    (parked,) = stage.documents.find(of_parked.parked_events())
    assert (parked.value.task, parked.value.subject) == (Task.INGEST, "interviews/a.txt")
    assert parked.value.reason == "the bucket does not let it be read"
    (line,) = lines(capsys)
    assert (line["severity"], line["message"]) == ("ERROR", "parked: attune retry tries it again")


def test_an_error_of_unknown_kind_comes_again_a_few_times_before_it_is_parked(stage: Stage) -> None:
    event = halves(stage)
    vars(world.cloud()).update(intake=Refusing(ValueError("what was said in the recording")))
    door = Door("ingest")
    assert [door.post(event) for _ in range(DELIVERIES)] == [500] * (DELIVERIES - 1) + [200]
    (parked,) = stage.documents.find(of_parked.parked_events())
    assert parked.value.deliveries == DELIVERIES
    assert "ValueError in judge._read" in parked.value.reason
    assert "said" not in parked.value.reason


def test_what_is_parked_is_tried_again_when_a_person_asks_and_then_forgotten(stage: Stage) -> None:
    event = halves(stage)
    good = vars(world.cloud())["intake"]
    vars(world.cloud()).update(intake=Refusing(RefusedError("not now")))
    Door("ingest").post(event)
    vars(world.cloud()).update(intake=good)
    asked = bootstrap.retry(world.cloud().ports())(["interviews/a.txt"])
    assert [parked.subject for parked in asked] == ["interviews/a.txt"]
    assert Door("watch").post(captured("tick")) == 200
    assert stage.pair("a").state is PairState.ACCEPTED
    assert stage.documents.find(of_parked.parked_events()) == []


# --- what is told of it -----------------------------------------------------------------------------------------


def test_every_line_of_an_upload_is_about_its_pair_even_where_it_goes_wrong(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.write_settings(threshold=1)
    stage.ingest(stage.upload("interviews/a.wav", sound("a")))
    text = stage.upload("interviews/a.txt", b"hello")
    event = changed(fresh("object_finalized"), name=text.name, generation=str(text.generation), size=str(text.size))
    line = stage.post
    assert isinstance(line, Line)
    line.down = True
    assert Door("ingest").post(event) == 500
    (said,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (said["severity"], said["dataset"], said["pair"]) == ("WARNING", "interviews", stage.pair("a").id)
    assert said["why"] == "the line is down"
    assert "logging.googleapis.com/labels" in said


def test_a_run_is_one_trace_from_the_upload_to_the_job(stage: Stage, tmp_path: Path) -> None:
    vars(world.cloud())["tracer"] = tracer(f"file:{tmp_path / 'spans'}", "attune-example", "attune")
    stage.write_settings(threshold=1)
    stage.ingest(stage.upload("interviews/a.wav", sound("a")))
    text = stage.upload("interviews/a.txt", b"hello")
    event = changed(fresh("object_finalized"), name=text.name, generation=str(text.generation), size=str(text.size))
    assert Door("ingest").post(event) == 200
    (sent,) = [sent for sent in stage.post.sent if sent.channel is Channel.LAUNCH]
    ordered = captured("launch_order")
    ordered["body"]["message"]["attributes"]["ce-traceparent"] = sent.traceparent
    assert Door("launch").post(ordered) == 200
    found = [json.loads(line) for line in (tmp_path / "spans").read_text().splitlines()]
    assert {"ingest", "store row", "open run", "order", "launch", "create job"} <= {span["name"] for span in found}
    assert len({span["context"]["trace_id"] for span in found}) == 1
    (ingested,) = [span for span in found if span["name"] == "ingest"]
    assert ingested["attributes"] == {
        "attune.dataset": "interviews",
        "attune.pair": stage.pair("a").id,
        "attune.object": "interviews/a.txt",
        "attune.generation": text.generation,
        "attune.outcome": "accepted",
    }
