"""The whole way of an event: from the storage server or a topic, through Pub/Sub and the bridge, into a function."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attune_local.stack.plan import EVENTS_TOPIC, INTAKE_BUCKET, LAUNCH_TOPIC, Plan
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until

pytestmark = pytest.mark.emulators

# A function that writes down what it gets, and refuses while its file `refuse` is there.
DOOR = """
import json, os, pathlib
import attune
import functions_framework

@functions_framework.cloud_event
def NAME(event):
    folder = pathlib.Path(os.environ["ATTUNE_TEST_FOLDER"])
    line = {"attributes": dict(event.get_attributes()), "data": event.data, "attune": attune.__file__}
    with (folder / "NAME.jsonl").open("a") as record:
        record.write(json.dumps(line) + "\\n")
    if (folder / "refuse").exists():
        raise RuntimeError("not now")
"""
LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class Running:
    """A stack with three recording functions."""

    stack: Stack
    folder: Path

    def received(self, function: str, mark: str) -> list[Any]:
        """Return what the function got so far that carries the mark anywhere."""
        record = self.folder / f"{function}.jsonl"
        lines = record.read_text().splitlines() if record.exists() else []
        return [json.loads(line) for line in lines if mark in line]

    def wait_for(self, function: str, mark: str, count: int = 1) -> list[Any]:
        wait_until(lambda: len(self.received(function, mark)) >= count, LIMIT, f"{function} receives {count}")
        return self.received(function, mark)

    def upload(self, name: str, content: bytes = b"sound") -> int:
        """Put an object into the intake bucket and return its generation."""
        blob = self.stack.storage_client().bucket(INTAKE_BUCKET).blob(name)
        blob.upload_from_string(content)
        return int(blob.generation)


@pytest.fixture(scope="module")
def running(emulators_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:  # noqa: ARG001 - skips, and gives nothing
    folder = tmp_path_factory.mktemp("recorded")
    staged = tmp_path_factory.mktemp("build")
    for name in ("ingest", "erase", "launch", "watch"):
        (staged / name / "attune").mkdir(parents=True)
        (staged / name / "attune/__init__.py").write_text("")
        (staged / name / "main.py").write_text(DOOR.replace("NAME", name))
    with Stack(Plan(staged=staged, tick_seconds=0.3, settings={"ATTUNE_TEST_FOLDER": str(folder)})) as stack:
        yield Running(stack, folder)


def test_an_upload_reaches_ingest_as_a_storage_event(running: Running, unique: str) -> None:
    generation = running.upload(f"{unique}/a.wav")
    (got,) = running.wait_for("ingest", unique)
    assert got["attributes"]["type"] == "google.cloud.storage.object.v1.finalized"
    assert got["attributes"]["source"] == f"//storage.googleapis.com/projects/_/buckets/{INTAKE_BUCKET}"
    assert got["attributes"]["subject"] == f"objects/{unique}/a.wav"
    assert got["data"]["generation"] == str(generation)
    assert got["data"]["size"] == "5"


def test_a_deletion_reaches_erase_and_an_upload_does_not(running: Running, unique: str) -> None:
    generation = running.upload(f"{unique}/a.wav")
    running.stack.storage_client().bucket(INTAKE_BUCKET).delete_blob(f"{unique}/a.wav")
    (got,) = running.wait_for("erase", unique)
    assert got["attributes"]["type"] == "google.cloud.storage.object.v1.deleted"
    assert int(got["data"]["generation"]) == generation
    assert [each["attributes"]["type"].rpartition(".")[2] for each in running.wait_for("ingest", unique)] == [
        "finalized"
    ]


def test_a_name_in_another_script_arrives_whole(running: Running, unique: str) -> None:
    name = f'{unique}/ужин 100% "ok" #1.wav'
    running.upload(name)
    (got,) = running.wait_for("ingest", unique)
    assert got["data"]["name"] == name


def test_a_function_runs_on_the_package_that_was_staged_with_it(running: Running, unique: str) -> None:
    running.upload(f"{unique}/a.wav")
    (got,) = running.wait_for("ingest", unique)
    assert Path(got["attune"]).parent.parent.name == "ingest"


def test_a_message_on_the_launch_topic_reaches_launch(running: Running, unique: str) -> None:
    sent = running.stack.publish(LAUNCH_TOPIC, b"{}", mark=unique)
    (got,) = running.wait_for("launch", unique)
    assert got["attributes"]["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert got["attributes"]["id"] == got["data"]["message"]["messageId"] == sent


def test_ticks_come_by_themselves(running: Running) -> None:
    before = len(running.received("watch", "attune-tick"))
    running.wait_for("watch", "attune-tick", before + 2)


def test_a_refused_event_comes_again_under_the_same_id(running: Running, unique: str) -> None:
    (running.folder / "refuse").touch()
    running.upload(f"{unique}/a.wav")
    running.wait_for("ingest", unique, 2)
    (running.folder / "refuse").unlink()
    assert len({each["attributes"]["id"] for each in running.received("ingest", unique)}) == 1


def test_an_event_outlives_the_function_being_down(running: Running, unique: str) -> None:
    running.stack.processes["ingest"].kill()
    running.upload(f"{unique}/a.wav")
    running.stack.restart("ingest")
    running.wait_for("ingest", unique)


def test_a_subscriber_receives_what_is_announced(running: Running, unique: str) -> None:
    inbox = running.stack.subscribe(EVENTS_TOPIC)
    running.stack.publish(EVENTS_TOPIC, b"{}", mark=unique)
    got = inbox.wait_for(lambda each: each.attributes.get("mark") == unique, LIMIT, "the announcement")
    assert got.data == b"{}"
