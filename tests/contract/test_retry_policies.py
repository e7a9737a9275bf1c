"""Each adapter's one retry policy, counted on the way: what is asked again, what never, when it ends, in which words.

A fault is done to a call by a proxy before the real emulator, the stand-in or a receiver.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice, repeat
from typing import Any

import pytest
from google.api_core.retry import Retry, exponential_sleep_generator

from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.pubsub import PubSubPost
from attune.adapters.storage import GcsIntake, GcsObjects
from attune.adapters.vertex import vertex_tuning
from attune.adapters.vertex_answers import vertex_answering
from attune.adapters.webhook import HttpHook
from attune.domain.events.message import Channel, message
from attune.domain.events.opening import LaunchTuning
from attune.domain.webhook import Notice, Secret
from attune.errors import QuotaError, RefusedError, UnansweredError, UnavailableError
from attune.ports import Create, Delete, Key, Query, Replace, Versioned
from attune.ports_tuning import JobSpec
from attune.services.manifests.of_leases import Lease
from attune_local.stack import clients
from attune_local.stack.stack import Stack
from attune_local.vertex.engine import Engine, Settings
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.server import serving
from breaker.calls import Fate, Service
from breaker.proxies import Proxy, grpc_proxy, http_proxy
from breaker.proxies.script import Script
from receiver import receiving
from vertex_samples import TRAIN, Clock, bucket

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEASE = Lease("calls", "me", NOW)
KEY = Key(Lease, ("leases", "calls"))
STANDING = Key(Lease, ("leases", "standing"))
ALL = Query(Lease, ("leases",))
SPEC = JobSpec("calls-r000001", "attune calls r000001", "gemini-2.5-flash", None, TRAIN, None, None, None, None)
ORDER = message(LaunchTuning("calls", "r000001"), NOW)
LARGE = bytes(9 * 1024 * 1024)
SHORT, LONG = 1.0, 30.0  # patience, in seconds

Operations = Mapping[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test sits: its own names, the faults it orders, and how patient its adapter is, in seconds."""

    request: pytest.FixtureRequest
    unique: str
    patience: float
    script: Script = field(default_factory=Script)

    @property
    def stack(self) -> Stack:
        found: Stack = self.request.getfixturevalue("stack")
        return found

    def grpc(self, service: Service) -> Proxy:
        return grpc_proxy("ours", service, self.stack.address(service), self.script.judge, self.script.kill)

    def http(self, service: Service, address: str) -> Proxy:
        return http_proxy("ours", service, address.removeprefix("http://"), self.script.judge, self.script.kill)


@contextmanager
def firestore(desk: Desk) -> Iterator[Operations]:
    with desk.grpc(Service.FIRESTORE) as proxy:
        client = clients.firestore_client(proxy.address, desk.unique)
        documents = FirestoreDocuments(client, desk.patience)
        (version,) = documents.commit(Create(STANDING, LEASE))
        read = Versioned(STANDING, LEASE, version)
        yield {
            "get": lambda: documents.get(KEY),
            "find": lambda: documents.find(ALL),
            "count": lambda: documents.count(ALL, up_to=5),
            "create": lambda: documents.commit(Create(KEY, LEASE)),
            "replace": lambda: documents.commit(Replace(read, LEASE)),
            "delete what was read": lambda: documents.commit(Delete(STANDING, read)),
            "delete": lambda: documents.commit(Delete(KEY), Delete(STANDING)),
        }
        client.close()  # type: ignore[no-untyped-call]  # no types there


@contextmanager
def storage(desk: Desk) -> Iterator[Operations]:
    desk.stack.storage_client().create_bucket(desk.unique)
    with desk.http(Service.STORAGE, desk.stack.address("storage")) as proxy:
        client = clients.storage_client(f"http://{proxy.address}", "demo")
        objects, intake = GcsObjects(client, desk.unique, desk.patience), GcsIntake(client, desk.unique, desk.patience)
        standing = objects.put("standing", b"hello", "text/plain")
        yield {
            "put": lambda: objects.put("new", b"hello", "text/plain"),
            "put a large one": lambda: objects.put("new", LARGE, "text/plain"),
            "replace": lambda: objects.replace("standing", b"hullo", "text/plain"),
            "compose": lambda: objects.compose("new", ["standing"]),
            "recompose": lambda: objects.recompose("new", ["standing"], "text/plain"),
            "read": lambda: objects.read("standing"),
            "read a generation": lambda: intake.read("standing", standing.generation),
            "look": lambda: intake.look("standing"),
            "page": lambda: intake.page("", 10),
            "delete": lambda: objects.delete("standing"),
        }


@contextmanager
def pubsub(desk: Desk) -> Iterator[Operations]:
    topic = f"projects/{desk.unique}/topics/launch"
    with desk.grpc(Service.PUBSUB) as proxy:
        publisher = clients.publisher(proxy.address)
        publisher.create_topic(name=topic)
        post = PubSubPost(lambda: publisher, {Channel.LAUNCH: topic}, "//attune", desk.patience)
        yield {"publish": lambda: post.publish(ORDER)}
        publisher.stop()


@contextmanager
def vertex(desk: Desk) -> Iterator[Operations]:
    clock, contents = Clock(), bucket(4)
    engine = Engine(MemoryObjects(contents), clock=clock, settings=Settings(quota=2))
    with serving(engine) as address, desk.http(Service.VERTEX, address) as proxy:
        at = f"http://{proxy.address}"
        tuning = vertex_tuning("demo", "us-central1", at, None, patience=desk.patience)
        answering = vertex_answering("demo", at, lambda _: "us-central1", patience=desk.patience)
        created = tuning.create(SPEC)
        for _ in range(2):
            clock.go(3600)
            engine.tick()
        ended, running = tuning.job(created.name), tuning.create(SPEC).name
        assert ended is not None
        model, endpoint = str(ended.model), str(ended.endpoint)
        yield {
            "create": lambda: tuning.create(SPEC),
            "job": lambda: tuning.job(running),
            "jobs": lambda: list(tuning.jobs()),
            "cancel": lambda: tuning.cancel(running),
            "serves": lambda: tuning.serves(endpoint, model),
            "annotate": lambda: tuning.annotate(model, "attune_production", "r000001"),
            "take the annotation away": lambda: tuning.annotate(model, "attune_production", None),
            "ask": lambda: answering.ask(endpoint, contents[TRAIN].splitlines()[0]),
        }


@contextmanager
def webhook(desk: Desk) -> Iterator[Operations]:
    secret = Secret.read("whsec_" + b64encode(bytes(range(32))).decode())
    soon = Retry(initial=0.01, maximum=0.1, timeout=desk.patience)
    with receiving() as receiver, desk.http(Service.VERTEX, receiver.url) as proxy:
        hook = HttpHook(f"http://{proxy.address}/hook", [secret], lambda: NOW, repeated=soon)
        yield {"post": lambda: hook.post(Notice("m1", "dev.attune.alias.v1.promoted", b"{}"))}


@dataclass(frozen=True, slots=True)
class Policy:
    """What of an adapter's operation is asked again, by its method on the wire, and what is raised at once."""

    adapter: Callable[[Desk], AbstractContextManager[Operations]]
    operation: str
    method: str
    again: tuple[Fate, ...]
    at_once: Mapping[Fate, type[Exception]]

    def __str__(self) -> str:
        return f"{self.operation} ({self.method})"


EVER = (Fate.TOO_MANY, Fate.UNAVAILABLE, Fate.RESET, Fate.LOST)
NOT_ALLOWED: dict[Fate, type[Exception]] = {Fate.DENIED: UnavailableError}
UNSURE: dict[Fate, type[Exception]] = dict.fromkeys((Fate.UNAVAILABLE, Fate.RESET, Fate.LOST), UnavailableError)


def ever(adapter: Callable[[Desk], AbstractContextManager[Operations]], methods: Mapping[str, str]) -> list[Policy]:
    """Operations that may be done twice."""
    return [Policy(adapter, operation, method, EVER, NOT_ALLOWED) for operation, method in methods.items()]


FIRESTORE = [
    *ever(firestore, {"get": "BatchGetDocuments", "find": "RunQuery", "count": "RunAggregationQuery"}),
    *ever(firestore, {"delete": "Commit"}),
    *(
        Policy(firestore, operation, "Commit", (Fate.TOO_MANY,), UNSURE | NOT_ALLOWED)
        for operation in ("create", "replace", "delete what was read")
    ),
]
STORAGE = ever(
    storage,
    {
        "put": "UPLOAD object",
        "replace": "UPLOAD object",
        "compose": "COMPOSE object",
        "recompose": "COMPOSE object",
        "read": "GET object",
        "read a generation": "GET object",
        "look": "GET object",
        "page": "LIST objects",
        "delete": "DELETE object",
    },
)
PUBSUB = ever(pubsub, {"publish": "Publish"})
VERTEX = [
    Policy(
        vertex,
        "create",
        "POST tuningJobs",
        (),
        dict.fromkeys((Fate.UNAVAILABLE, Fate.RESET, Fate.LOST), UnansweredError)
        | {Fate.TOO_MANY: QuotaError, Fate.DENIED: RefusedError},
    ),
    *ever(vertex, {"job": "GET tuningJobs", "jobs": "LIST tuningJobs", "serves": "GET endpoints"}),
    *(
        Policy(vertex, operation, method, EVER, {Fate.DENIED: RefusedError})
        for operation, method in (
            ("cancel", "POST cancel"),
            ("annotate", "PATCH models"),
            ("annotate", "POST mergeVersionAliases"),
            ("take the annotation away", "POST mergeVersionAliases"),
        )
    ),
    Policy(
        vertex,
        "ask",
        "POST generateContent",
        (Fate.UNAVAILABLE, Fate.RESET, Fate.LOST),
        {Fate.TOO_MANY: QuotaError, Fate.DENIED: UnavailableError},
    ),
]
WEBHOOK = [Policy(webhook, "post", "POST /hook", (*EVER, Fate.DENIED), {})]
EMULATED = [*FIRESTORE, *STORAGE, *PUBSUB]


POLICIES = [*FIRESTORE, *STORAGE, *PUBSUB, *VERTEX, *WEBHOOK]
LASTING = {
    Fate.UNAVAILABLE: (FIRESTORE[0], VERTEX[1]),
    Fate.TOO_MANY: (FIRESTORE[-1], STORAGE[-1], PUBSUB[0]),
    Fate.RESET: (STORAGE[0], WEBHOOK[0]),
    Fate.LOST: (VERTEX[-1],),
}


def lines(policies: Iterable[Policy]) -> list[Any]:
    """Of the table, those about emulators marked."""
    marks = {firestore: pytest.mark.emulators, storage: pytest.mark.emulators, pubsub: pytest.mark.emulators}
    return [
        pytest.param(policy, id=str(policy), marks=[marks[policy.adapter]] if policy.adapter in marks else [])
        for policy in policies
    ]


def asked(policy: Policy, desk: Desk, operations: Operations, fates: Iterable[Fate]) -> int:
    """How often the service was asked; an error comes out."""
    desk.script.calls.clear()
    desk.script.of = policy.method
    desk.script.give(fates)
    operations[policy.operation]()
    return desk.script.count(policy.method)


@pytest.mark.parametrize("policy", lines(policy for policy in POLICIES if policy.again))
def test_what_may_be_done_twice_is_asked_again(request: pytest.FixtureRequest, unique: str, policy: Policy) -> None:
    desk = Desk(request, unique, LONG)
    with policy.adapter(desk) as operations:
        assert {fate: asked(policy, desk, operations, [fate]) for fate in policy.again} == dict.fromkeys(
            policy.again, 2
        )


@pytest.mark.parametrize("policy", lines(policy for policy in POLICIES if policy.at_once))
def test_what_may_not_be_done_twice_or_will_not_help_is_asked_once(
    request: pytest.FixtureRequest, unique: str, policy: Policy
) -> None:
    desk = Desk(request, unique, LONG)
    with policy.adapter(desk) as operations:
        for fate, error in policy.at_once.items():
            with pytest.raises(error):
                asked(policy, desk, operations, [fate])
            assert desk.script.count(policy.method) == 1


@pytest.mark.parametrize("fate", LASTING)
@pytest.mark.emulators
def test_a_fault_that_stays_ends_with_the_patience(request: pytest.FixtureRequest, unique: str, fate: Fate) -> None:
    for policy in LASTING[fate]:
        desk = Desk(request, unique, SHORT)
        with policy.adapter(desk) as operations, pytest.raises(UnavailableError):
            asked(policy, desk, operations, repeat(fate))
        assert desk.script.count(policy.method) > 1


@pytest.mark.emulators
def test_a_large_object_whose_last_answer_was_lost_is_found_standing_by_the_next_event(
    request: pytest.FixtureRequest, unique: str
) -> None:
    """The local server knows a finished upload no more; Cloud Storage may say the same."""
    desk = Desk(request, unique, LONG)
    with storage(desk) as operations:
        desk.script.of = "UPLOAD object"
        desk.script.give([Fate.PASS, Fate.PASS, Fate.LOST])
        with pytest.raises(UnavailableError):
            operations["put a large one"]()
        operations["put a large one"]()
    stored = desk.stack.storage_client().bucket(unique).get_blob("new")
    assert stored is not None
    assert stored.size == len(LARGE)


def test_a_creation_whose_answer_was_lost_has_made_one_job(request: pytest.FixtureRequest, unique: str) -> None:
    desk = Desk(request, unique, LONG)
    with vertex(desk) as operations:
        before = operations["jobs"]()
        desk.script.of = "POST tuningJobs"
        desk.script.give([Fate.LOST])
        with pytest.raises(UnansweredError):
            operations["create"]()
        after = operations["jobs"]()
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert len(after) == len(before) + 1


def test_the_libraries_wait_is_drawn_anew_each_time_from_all_up_to_the_back_off() -> None:
    """All policies rest on this: many who fail at once do not come back at once."""
    waits = list(islice(exponential_sleep_generator(0.1, 3.0, 2.0), 500))
    assert waits[0] <= 0.1
    assert waits[1] <= 0.2
    assert max(waits) <= 3.0
    assert sum(wait < 1.5 for wait in waits[10:]) > 100
    assert sum(wait > 1.5 for wait in waits[10:]) > 100
