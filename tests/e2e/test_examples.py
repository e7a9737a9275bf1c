"""What applications copy works as it stands: against the running stack, started as a person would start it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from attune import schemas
from attune_local.examples.filters import only
from attune_local.examples.pull import Event, listen, subscribe
from attune_local.stack import plan
from attune_local.stack.provision import subscription_path
from attune_local.stack.stack import Stack
from attune_local.stack.up import exports
from attune_local.stack.waiting import wait_until
from gates import OPEN
from service.theatre import wav

pytestmark = [pytest.mark.emulators, pytest.mark.timeout(180)]
LIMIT = 60.0
WHOLE_WAY = {
    "dev.attune.dataset.v1.thresholdReached",
    "dev.attune.run.v1.started",
    "dev.attune.run.v1.succeeded",
    "dev.attune.alias.v1.promoted",
}


def drop(stack: Stack, name: str, data: bytes) -> None:
    stack.storage_client().bucket(plan.INTAKE_BUCKET).blob(name).upload_from_string(data)


def test_a_subscriber_hears_the_whole_way_and_an_application_asks_the_model(running: Stack, tmp_path: Path) -> None:
    heard: list[Event] = []
    subscriber = running.subscriber()
    name = subscribe(subscriber, plan.PROJECT, f"app-{uuid4().hex}", only(dataset="interviews"))
    stream = listen(subscriber, name, heard.append)
    settings = {
        "threshold": 2,
        "gate": OPEN,
        "alias": "interviews-now",
        "prompt": "Write down what is said.",
        "row_format": "file_uri",
    }
    running.firestore_client().document("datasets", "interviews").set(settings)
    for seed in range(2):
        drop(running, f"interviews/{seed}.wav", wav(seed=seed))
        drop(running, f"interviews/{seed}.txt", f"it says number {seed}".encode())
    # The emulator ignores the filter.
    ours = wait_until(lambda: whole_way(heard), LIMIT, "the way to the promotion to be told")
    stream.cancel()
    stream.result()
    for event in ours:
        Draft202012Validator(schemas.schema_of(event.type)).validate(event.data)

    recording = tmp_path / "one.wav"
    recording.write_bytes(wav(seed=1))
    command = [sys.executable, "-m", "attune_local.examples.ask", "interviews-now", str(recording)]
    done = subprocess.run(command, env=as_told(running), capture_output=True, text=True, check=False)
    assert done.stdout == "it says number 1\n", done.stderr


def whole_way(heard: list[Event]) -> list[Event]:
    ours = [event for event in heard if event.dataset == "interviews"]
    return ours if {event.type for event in ours} >= WHOLE_WAY else []


def test_making_a_subscription_twice_is_making_it_once(running: Stack) -> None:
    name = f"app-{uuid4().hex}"
    made = [subscribe(running.subscriber(), plan.PROJECT, name, only("dev.attune.run.")) for _ in range(2)]
    assert made == [subscription_path(name)] * 2
    stands = running.subscriber().get_subscription(subscription=made[0])
    assert stands.filter == 'hasPrefix(attributes."ce-type", "dev.attune.run.")'
    assert stands.topic.endswith(plan.EVENTS_TOPIC)


def test_gcloud_makes_the_same_subscription(running: Stack, tmp_path: Path) -> None:
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        pytest.skip("gcloud is not installed; the client above is Google's own, too")
    name = f"app-{uuid4().hex}"
    wanted = only("dev.attune.alias.v1.promoted", "calls")
    create = [gcloud, "pubsub", "subscriptions", "create", name, "--topic=attune-events", f"--message-filter={wanted}"]
    manner = ["--ack-deadline=60", "--min-retry-delay=10s", "--max-retry-delay=600s", "--expiration-period=never"]
    environment = as_told(running) | {"CLOUDSDK_CONFIG": str(tmp_path)}
    subprocess.run([*create, *manner], env=environment, check=True, capture_output=True)
    assert running.subscriber().get_subscription(subscription=subscription_path(name)).filter == wanted


def as_told(stack: Stack) -> dict[str, str]:
    """The environment that `make local` tells people to set."""
    return dict(os.environ) | exports(stack)
