"""`attune relay` from Pub/Sub's emulator to a web server on the loopback, started as a person would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from standardwebhooks.webhooks import Webhook

from attune.adapters.pubsub import PubSubPost
from attune.adapters.subscription import Subscription
from attune.adapters.webhook import HttpHook
from attune.domain.events.message import Channel, Message, message
from attune.domain.events.run import RunFailed
from attune.domain.webhook import Notice, Secret
from attune.errors import NotAnEventError
from attune.services.relay import Fate
from attune_local.stack import provision
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until
from receiver import Receiver, receiving

pytestmark = pytest.mark.emulators
KEY = b64encode(bytes(range(32))).decode()
WRITTEN = f"whsec_{KEY}"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COMMAND = [sys.executable, "-c", "import typer; from attune.cli.relay import relay; typer.run(relay)"]
LIMIT = 30.0


@dataclass
class Scene:
    """A topic with a subscription, a receiver, and the relay between them."""

    stack: Stack
    name: str
    folder: Path
    receiver: Receiver
    undo: ExitStack = field(default_factory=ExitStack)
    started: int = 0

    def __post_init__(self) -> None:
        topic = self.stack.publisher().create_topic(name=provision.topic_path(self.name)).name
        provision.make_pull(self.stack.subscriber(), self.name, self.name)
        self.post = PubSubPost(self.stack.publisher, dict.fromkeys(Channel, topic), "//attune/projects/p")

    def happen(self, run: int) -> Message:
        """Announces that a run failed."""
        told = message(RunFailed("calls", f"r{run:06d}", "no luck", None, None), NOW)
        self.post.publish(told)
        return told

    def start(self) -> subprocess.Popen[bytes]:
        """A relay that runs until it is told to stop, or the test ends."""
        self.started += 1
        environment = dict(os.environ) | self.stack.environment() | {"ATTUNE_WEBHOOK_SECRET": WRITTEN}
        command = [*COMMAND, "--to", f"{self.receiver.url}/hook", "--subscription", self.name]
        with (self.folder / f"{self.started}.log").open("wb") as log:
            running = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self.undo.callback(self._end, running)
        return running

    def taken(self, count: int) -> list[str]:
        """The ids that the receiver took, once they are so many."""
        wait_until(lambda: len(self.receiver.taken()) >= count, LIMIT, f"{count} events to be taken")
        return [each.headers["webhook-id"] for each in self.receiver.taken()]

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.iterdir()))

    @staticmethod
    def _end(running: subprocess.Popen[bytes]) -> None:
        running.kill()
        running.wait()


@pytest.fixture
def scene(stack: Stack, unique: str, tmp_path: Path) -> Iterator[Scene]:
    with receiving() as receiver:
        made = Scene(stack, unique, tmp_path, receiver)
        with made.undo:
            yield made


def test_every_event_is_posted_signed_and_then_gone_from_the_subscription(scene: Scene) -> None:
    told = [scene.happen(run) for run in range(1, 4)]
    first = scene.start()
    assert sorted(set(scene.taken(3))) == sorted(each.id for each in told)
    for posted in scene.receiver.taken():
        body = Webhook(WRITTEN).verify(posted.body, dict(posted.headers))
        assert (body["type"], body["dataset"]) == ("dev.attune.run.v1.failed", "calls")
        assert body["data"]["reason"] == "no luck"
    first.send_signal(signal.SIGTERM)
    assert first.wait(LIMIT) == 0
    scene.start()
    last = scene.happen(4)
    assert scene.taken(4)[-1] == last.id


def test_what_the_receiver_does_not_take_comes_again_under_the_same_id(scene: Scene) -> None:
    scene.receiver.answers = [503, 302]
    told = scene.happen(1)
    scene.start()
    assert scene.taken(1) == [told.id]
    assert {each.headers["webhook-id"] for each in scene.receiver.posted} == {told.id}
    assert [each.answered for each in scene.receiver.posted] == [503, 302, 204]


def test_a_relay_that_dies_between_post_and_acknowledgement_posts_again(scene: Scene) -> None:
    told, ended = scene.happen(1), Event()
    subscription = Subscription(scene.stack.subscriber(), provision.subscription_path(scene.name), ended, 1)
    hook = HttpHook(scene.receiver.url, [Secret.read(WRITTEN)], lambda: NOW)

    def die(notice: Notice) -> Fate:
        hook.post(notice)
        raise KeyboardInterrupt

    def live(notice: Notice) -> Fate:
        hook.post(notice)
        ended.set()
        return Fate.TAKEN

    def refused(other: NotAnEventError) -> None:
        pytest.fail(str(other))

    with pytest.raises(KeyboardInterrupt):
        subscription.hand_on(die, refused)
    subscription.hand_on(live, refused)
    assert scene.taken(2) == [told.id, told.id]


def test_a_receiver_that_is_gone_ends_the_relay_and_keeps_its_events(scene: Scene) -> None:
    scene.receiver.then = 410
    told = scene.happen(1)
    first = scene.start()
    assert first.wait(LIMIT) == 1
    assert len(scene.receiver.posted) == 1
    assert "the receiver wants no more events (410)" in scene.log()
    scene.receiver.then = 204
    scene.start()
    assert scene.taken(1) == [told.id]


def test_what_is_no_event_is_logged_and_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.stack.publish(scene.name, b"hello")
    told = scene.happen(1)
    scene.start()
    assert scene.taken(1) == [told.id]
    wait_until(lambda: "the message has no attribute 'ce-specversion'" in scene.log(), LIMIT, "it to be logged")
    assert len(scene.receiver.posted) == 1


def test_the_log_has_a_line_for_each_event_and_neither_secret_nor_body_nor_path(scene: Scene) -> None:
    scene.receiver.answers = [500]
    told = scene.happen(1)
    running = scene.start()
    scene.taken(1)
    running.send_signal(signal.SIGINT)
    assert running.wait(LIMIT) == 0
    lines = [json.loads(line) for line in scene.log().splitlines()]
    assert [(line["message"], line["id"], line["fate"]) for line in lines] == [("event", told.id, "taken")]
    for hidden in (KEY, "whsec_", "no luck", "/hook"):
        assert hidden not in scene.log()


def test_a_subscription_that_is_not_there_is_named(scene: Scene) -> None:
    scene.name = f"{scene.name}-x"
    assert scene.start().wait(LIMIT) == 1
    assert f"subscriptions/{scene.name} cannot be read: " in scene.log()
    assert "Traceback" not in scene.log()
