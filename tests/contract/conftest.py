"""The ports' two sides, adapters on emulators and twins in memory: whatever a test asks, both must answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.pubsub import PubSubPost
from attune.adapters.storage import GcsIntake, GcsObjects
from attune.adapters.vertex import vertex_tuning
from attune.domain.events.message import Channel
from attune.ports import Documents, Intake, Objects, Post
from attune.ports_tuning import Tuning
from attune_local.stack import clients
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import MemoryBucket, MemoryIntake, MemoryObjects
from attune_local.twins.post import MemoryPost
from attune_local.twins.tuning import EngineTuning
from attune_local.vertex.engine import Engine, Settings
from attune_local.vertex.objects import MemoryObjects as ServiceObjects
from attune_local.vertex.server import serving
from vertex_samples import Clock, bucket

MEMORY = pytest.param("memory")
EMULATOR = pytest.param("emulator", marks=pytest.mark.emulators)
SERVED = pytest.param("served")
PROJECT = "demo"
REGION = "us-central1"


@pytest.fixture(params=[MEMORY, EMULATOR])
def documents(request: pytest.FixtureRequest, unique: str) -> Iterator[Documents]:
    """No documents at all, to begin with."""
    if request.param == "memory":
        yield MemoryDocuments()
        return
    stack: Stack = request.getfixturevalue("stack")
    client = clients.firestore_client(stack.address("firestore"), unique)
    yield FirestoreDocuments(client)
    client.close()  # type: ignore[no-untyped-call]  # no types there


@dataclass(frozen=True, slots=True)
class Buckets:
    """One bucket through both its ports, and what people do to it."""

    intake: Intake
    objects: Objects
    upload: Callable[[str, bytes], int]
    delete: Callable[[str], None]


@pytest.fixture(params=[MEMORY, EMULATOR])
def buckets(request: pytest.FixtureRequest, unique: str) -> Buckets:
    """An empty bucket."""
    if request.param == "memory":
        memory = MemoryBucket(unique)
        return Buckets(MemoryIntake(memory), MemoryObjects(memory), memory.upload, memory.delete)
    client = request.getfixturevalue("stack").storage_client()
    made = client.create_bucket(unique)

    def upload(name: str, data: bytes) -> int:
        blob = made.blob(name)
        blob.upload_from_string(data)
        return int(blob.generation)

    return Buckets(GcsIntake(client, unique), GcsObjects(client, unique), upload, made.delete_blob)


@dataclass(frozen=True, slots=True)
class Office:
    """A post, and the ids of the messages that each of its topics has, once they are so many."""

    post: Post
    ids: Callable[[Channel, int], list[str]]


@pytest.fixture(params=[MEMORY, EMULATOR])
def office(request: pytest.FixtureRequest, unique: str) -> Office:
    """A post whose topics are empty."""
    if request.param == "memory":
        memory = MemoryPost()
        return Office(memory, lambda channel, _: [message.id for message in memory.on(channel)])
    topics = Topics(request.getfixturevalue("stack"), unique)
    return Office(
        topics.post, lambda channel, count: [found.attributes["ce-id"] for found in topics.received(channel, count)]
    )


class Topics:
    """A topic for each channel, with a subscription to look at it."""

    def __init__(self, stack: Stack, project: str) -> None:
        self.project = project
        self.publisher, self.subscriber = stack.publisher(), stack.subscriber()
        for channel in Channel:
            self.publisher.create_topic(name=self.topic(channel))
            self.subscriber.create_subscription(name=self.subscription(channel), topic=self.topic(channel))
        topics = {channel: self.topic(channel) for channel in Channel}
        self.post = PubSubPost(lambda: self.publisher, topics, f"//attune/projects/{project}")

    def topic(self, channel: Channel) -> str:
        return f"projects/{self.project}/topics/{channel}"

    def subscription(self, channel: Channel) -> str:
        return f"projects/{self.project}/subscriptions/{channel}"

    def received(self, channel: Channel, count: int = 1) -> list[Any]:
        """What the topic has, once that is at least so many messages."""
        found: list[Any] = []

        def pulled() -> bool:
            asked = {"subscription": self.subscription(channel), "max_messages": 100}
            found.extend(got.message for got in self.subscriber.pull(asked, timeout=10).received_messages)
            return len(found) >= count

        wait_until(pulled, 10, f"{count} messages of {channel}")
        return found


@pytest.fixture
def topics(stack: Stack, unique: str) -> Topics:
    """The adapter's side alone, for what only a wire shows."""
    return Topics(stack, unique)


@dataclass(frozen=True, slots=True)
class Shop:
    """The tuning service, with what stands behind it: its engine, its clock, the bucket it reads."""

    tuning: Tuning
    engine: Engine
    clock: Clock
    contents: dict[str, bytes]

    def finish(self) -> None:
        """Lets every job come to its end."""
        self.clock.go(3600)
        self.engine.tick()
        self.clock.go(3600)
        self.engine.tick()


@pytest.fixture(params=[MEMORY, SERVED])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A service without jobs, and a training file of four rows."""
    clock, contents = Clock(), bucket(4)
    engine = Engine(ServiceObjects(contents), clock=clock, settings=Settings(quota=2))
    if request.param == "memory":
        yield Shop(EngineTuning(engine, f"projects/{PROJECT}/locations/{REGION}"), engine, clock, contents)
        return
    with serving(engine) as address:
        yield Shop(vertex_tuning(PROJECT, REGION, address, None), engine, clock, contents)
