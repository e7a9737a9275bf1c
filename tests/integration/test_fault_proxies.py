"""The fault proxies before the real emulators: clients work through them as they are, and see each fate as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
import urllib3
from google.api_core import exceptions
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.storage import Bucket

from attune.adapters.firestore import FirestoreDocuments
from attune.adapters.pubsub import PubSubPost
from attune.adapters.storage import GcsIntake, GcsObjects
from attune.adapters.vertex import vertex_tuning
from attune.domain.events.message import Channel, message
from attune.domain.events.opening import LaunchTuning
from attune.errors import UnansweredError
from attune.ports import Create, Delete, Key, Query, Replace
from attune.ports_tuning import JobSpec
from attune.services.manifests.of_leases import Lease, Slot
from attune_local.stack import clients
from attune_local.stack.inbox import Inbox
from attune_local.stack.stack import Stack
from attune_local.vertex.engine import Engine
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.server import serving
from breaker.calls import Fate, Service
from breaker.proxies import Proxy, grpc_proxy, http_proxy
from breaker.proxies.script import Script
from vertex_samples import TRAIN
from vertex_samples import bucket as training_bucket

pytestmark = pytest.mark.emulators

MEBIBYTE = 1024 * 1024
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = Key(Lease, ("leases", "calls"))
LEASE = Lease("calls", "me", NOW)
ANY_LEASE = Query(Lease, ("leases",))
SPEC = JobSpec("calls-r000001", "attune calls r000001", "gemini-2.5-flash", None, TRAIN, None, None, None, None)
PARENT = "projects/demo/locations/us-central1"

NEVER_ARRIVES: dict[Fate, type[Exception]] = {
    Fate.TOO_MANY: exceptions.TooManyRequests,
    Fate.UNAVAILABLE: exceptions.ServiceUnavailable,
    Fate.DENIED: exceptions.Forbidden,
}
CUT_BEFORE = (Fate.RESET, Fate.KILL_BEFORE)
CUT_AFTER = (Fate.LOST, Fate.KILL_AFTER)


@pytest.fixture
def script() -> Script:
    return Script()


# --- Firestore ------------------------------------------------------------------------------------------------


@pytest.fixture
def proxied(stack: Stack, script: Script, documents: FirestoreClient) -> Iterator[FirestoreClient]:
    """A client of the same documents, through a proxy."""
    with grpc_proxy("ingest", Service.FIRESTORE, stack.address("firestore"), script.judge, script.kill) as proxy:
        client = clients.firestore_client(proxy.address, documents.project)
        yield client
        client.close()  # type: ignore[no-untyped-call]  # no types there


def test_firestore_is_the_same_through_a_proxy(proxied: FirestoreClient, script: Script) -> None:
    through = FirestoreDocuments(proxied)
    through.commit(Create(KEY, LEASE), Create(Key(Slot, ("slots", "0")), Slot("calls", "r000001", NOW)))
    found = through.get(KEY)
    assert found is not None
    assert [each.key for each in through.find(ANY_LEASE)] == [KEY]
    assert through.count(Query(Slot, ("slots",), group=True), up_to=5) == 1
    through.commit(Replace(found, Lease("calls", "you", NOW)))
    assert through.get_all([KEY, Key(Lease, ("leases", "other"))])[1] is None
    through.commit(Delete(KEY))
    assert through.get(KEY) is None
    assert [(call.function, call.service) for call in script.calls] == [("ingest", Service.FIRESTORE)] * 8
    assert [(call.method, call.targets) for call in script.calls] == [
        ("Commit", ("leases/calls", "slots/0")),
        ("BatchGetDocuments", ("leases/calls",)),
        ("RunQuery", ("leases",)),
        ("RunAggregationQuery", ("**/slots",)),
        ("Commit", ("leases/calls",)),
        ("BatchGetDocuments", ("leases/calls", "leases/other")),
        ("Commit", ("leases/calls",)),
        ("BatchGetDocuments", ("leases/calls",)),
    ]


def test_what_firestore_refuses_is_refused_through_a_proxy(proxied: FirestoreClient) -> None:
    proxied.document("a/b").create({})
    with pytest.raises(exceptions.AlreadyExists, match="already exists"):
        proxied.document("a/b").create({})


def commit(client: FirestoreClient, seconds: float = 10.0) -> None:
    client.document("a/b").create({}, retry=None, timeout=seconds)


@pytest.mark.parametrize("fate", [*NEVER_ARRIVES, *CUT_BEFORE])
def test_a_commit_that_never_arrives_is_not_done(
    proxied: FirestoreClient, documents: FirestoreClient, script: Script, fate: Fate
) -> None:
    script.give([fate])
    with pytest.raises(NEVER_ARRIVES.get(fate, exceptions.ServiceUnavailable)):
        commit(proxied)
    assert not documents.document("a/b").get().exists
    assert script.killed == (["ingest"] if fate is Fate.KILL_BEFORE else [])


@pytest.mark.parametrize("fate", CUT_AFTER)
def test_a_commit_whose_answer_is_cut_off_is_done(
    proxied: FirestoreClient, documents: FirestoreClient, script: Script, fate: Fate
) -> None:
    script.give([fate])
    with pytest.raises(exceptions.ServiceUnavailable):
        commit(proxied)
    assert documents.document("a/b").get().exists
    assert script.killed == (["ingest"] if fate is Fate.KILL_AFTER else [])


def test_a_commit_may_be_answered_too_late(
    proxied: FirestoreClient, documents: FirestoreClient, script: Script
) -> None:
    proxied.document("a/a").get()  # so that connecting takes none of the time
    script.give([Fate.SLOW])
    with pytest.raises(exceptions.DeadlineExceeded):
        commit(proxied, seconds=0.2)
    assert documents.document("a/b").get().exists


@pytest.mark.parametrize("fate", [*NEVER_ARRIVES, *CUT_BEFORE, *CUT_AFTER])
def test_a_streamed_answer_has_the_same_fates(proxied: FirestoreClient, script: Script, fate: Fate) -> None:
    script.give([fate])
    with pytest.raises(NEVER_ARRIVES.get(fate, exceptions.ServiceUnavailable)):
        list(proxied.get_all([proxied.document("a/b")], retry=None))


def test_a_slow_stream_comes_whole(proxied: FirestoreClient, script: Script) -> None:
    script.give([Fate.SLOW])
    assert [found.exists for found in proxied.get_all([proxied.document("a/b")])] == [False]


def test_an_answer_of_several_mebibytes_comes_whole(proxied: FirestoreClient) -> None:
    for name in range(6):
        proxied.document(f"a/{name}").create({"data": b"x" * 900_000})
    found = [each.to_dict() or {} for each in proxied.collection("a").stream()]
    assert [len(each["data"]) for each in found] == [900_000] * 6


# --- Pub/Sub --------------------------------------------------------------------------------------------------


def test_pubsub_is_the_same_through_a_proxy_and_publishes_again_what_was_refused(
    stack: Stack, script: Script, unique: str
) -> None:
    topic, subscription = f"projects/{unique}/topics/launch", f"projects/{unique}/subscriptions/launch"
    order = message(LaunchTuning("calls", "r000001"), NOW)
    script.of = "Publish"
    with grpc_proxy("watch", Service.PUBSUB, stack.address("pubsub"), script.judge, script.kill) as proxy:
        publisher, subscriber = clients.publisher(proxy.address), clients.subscriber(proxy.address)
        publisher.create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic)
        inbox = Inbox(subscriber, subscription)
        script.give([Fate.TOO_MANY, Fate.LOST])
        PubSubPost(lambda: publisher, {Channel.LAUNCH: topic}, "//attune").publish(order)
        came = inbox.wait_for_count(2, 20)
        inbox.close()
        publisher.stop()
        subscriber.close()
    assert [each.attributes["ce-id"] for each in came] == [order.id, order.id]
    assert script.targets("Publish") == [(topic,)] * 3
    assert script.count("StreamingPull") == 1


# --- Cloud Storage --------------------------------------------------------------------------------------------


@pytest.fixture
def storage(stack: Stack, script: Script) -> Iterator[Proxy]:
    with http_proxy("launch", Service.STORAGE, stack.address("storage"), script.judge, script.kill) as proxy:
        yield proxy


def test_storage_is_the_same_through_a_proxy(storage: Proxy, script: Script, bucket: Bucket) -> None:
    client = clients.storage_client(f"http://{storage.address}", "demo")
    objects, name, long = GcsObjects(client, bucket.name), "Gespräche/a b?#%.txt", bytes(range(256)) * 40_000
    small = objects.put(name, b"hello", "text/plain")
    large = objects.put("long", long, "text/plain")
    objects.replace(name, b"hullo", "text/plain")
    objects.compose("whole", [name, "long"])
    objects.recompose("whole", [name], "text/plain")
    assert (objects.read(name), objects.read("whole")) == (b"hullo", b"hullo")
    assert objects.read("long") == long
    assert GcsIntake(client, bucket.name).read("long", large.generation) == long
    objects.delete(name)
    assert [blob.name for blob in client.list_blobs(bucket.name, prefix="lon")] == ["long"]
    assert small.size == 5
    told = [(call.method, call.targets[0].removeprefix(f"{bucket.name}/"), call.overwrites) for call in script.calls]
    assert [each for each in told if "bucket" not in each[0]] == [
        ("UPLOAD object", name, False),
        *[("UPLOAD object", "long", False)] * 3,  # the session's beginning and two pieces of 8 MiB
        ("UPLOAD object", name, True),
        ("COMPOSE object", "whole", False),
        ("COMPOSE object", "whole", True),
        *[("GET object", each, False) for each in (name, "whole", "long", "long")],
        ("DELETE object", name, False),
        ("LIST objects", "lon", False),
    ]


def test_a_listing_in_chunks_comes_whole(storage: Proxy, bucket: Bucket) -> None:
    names = [f"calls/{number:03d}.wav" for number in range(40)]
    for name in names:
        bucket.blob(name).upload_from_string(b"")
    client = clients.storage_client(f"http://{storage.address}", "demo")
    assert [blob.name for blob in client.list_blobs(bucket.name)] == names


def test_an_upload_in_chunks_arrives_whole(storage: Proxy, bucket: Bucket, script: Script) -> None:
    path = f"/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a%2Fb"
    pieces = iter([b"x" * 100_000, b"y", b"z" * 300_000])
    answer = requests.post(f"http://{storage.address}{path}", data=pieces, timeout=5)
    assert answer.status_code == 200
    assert bucket.blob("a/b").download_as_bytes() == b"x" * 100_000 + b"y" + b"z" * 300_000
    assert script.targets("UPLOAD object") == [(f"{bucket.name}/a/b",)]


def upload(proxy: Proxy, bucket: Bucket, size: int = 5) -> None:
    """Beside it, and in a thread of its own, the client may ask for the bucket."""
    client = clients.storage_client(f"http://{proxy.address}", "demo")
    blob = client.bucket(bucket.name).blob("a.wav", chunk_size=8 * MEBIBYTE)
    blob.upload_from_string(b"x" * size, retry=None, timeout=5)


@pytest.mark.parametrize("size", [5, 9 * MEBIBYTE])
@pytest.mark.parametrize("fate", [*NEVER_ARRIVES, *CUT_BEFORE])
def test_an_upload_that_never_arrives_is_not_done(
    storage: Proxy, bucket: Bucket, script: Script, fate: Fate, size: int
) -> None:
    script.of = "UPLOAD object"
    script.give([fate])
    with pytest.raises(NEVER_ARRIVES.get(fate, requests.ConnectionError)):
        upload(storage, bucket, size)
    assert bucket.get_blob("a.wav") is None
    assert script.killed == (["launch"] if fate is Fate.KILL_BEFORE else [])


@pytest.mark.parametrize("fate", CUT_AFTER)
def test_an_upload_whose_answer_is_cut_off_is_done(storage: Proxy, bucket: Bucket, script: Script, fate: Fate) -> None:
    script.of = "UPLOAD object"
    script.give([fate])
    with pytest.raises(requests.ConnectionError):
        upload(storage, bucket)
    assert bucket.blob("a.wav").download_as_bytes() == b"xxxxx"
    assert script.killed == (["launch"] if fate is Fate.KILL_AFTER else [])


@pytest.mark.parametrize("fate", [Fate.TOO_MANY, Fate.UNAVAILABLE, Fate.RESET, Fate.SLOW])
def test_a_piece_of_a_large_upload_that_meets_a_fault_is_sent_again(
    storage: Proxy, bucket: Bucket, script: Script, fate: Fate
) -> None:
    script.of = "UPLOAD object"
    script.give([Fate.PASS, Fate.PASS, fate])
    client = clients.storage_client(f"http://{storage.address}", "demo")
    data = b"0123456789abcdef" * (9 * MEBIBYTE // 16)
    assert GcsObjects(client, bucket.name).put("long", data, "text/plain").size == len(data)
    assert bucket.blob("long").download_as_bytes() == data


def test_a_download_may_come_too_slowly(storage: Proxy, bucket: Bucket, script: Script) -> None:
    bucket.blob("a.wav").upload_from_string(b"hello there")
    script.of = "GET object"
    script.give([Fate.SLOW, Fate.SLOW])
    blob = clients.storage_client(f"http://{storage.address}", "demo").bucket(bucket.name).blob("a.wav")
    assert blob.download_as_bytes(retry=None) == b"hello there"
    with pytest.raises(requests.exceptions.RequestException):
        blob.download_as_bytes(retry=None, timeout=(5, 0.03))


# --- Vertex AI ------------------------------------------------------------------------------------------------


def test_vertex_is_the_same_through_a_proxy_and_a_creation_may_be_lost(script: Script) -> None:
    engine = Engine(MemoryObjects(training_bucket(4)))
    with (
        serving(engine) as address,
        http_proxy("launch", Service.VERTEX, address.removeprefix("http://"), script.judge, script.kill) as proxy,
    ):
        tuning = vertex_tuning("demo", "us-central1", f"http://{proxy.address}", None)
        script.give([Fate.LOST])
        with pytest.raises(UnansweredError):
            tuning.create(SPEC)
        (job,) = tuning.jobs()
        assert tuning.job(job.name) == job
        tuning.cancel(job.name)
    assert [(call.method, call.targets) for call in script.calls] == [
        ("POST tuningJobs", (f"{PARENT}/tuningJobs",)),
        ("LIST tuningJobs", (f"{PARENT}/tuningJobs",)),
        ("GET tuningJobs", (job.name,)),
        ("POST cancel", (job.name,)),
    ]


# --- the door -------------------------------------------------------------------------------------------------


def test_a_proxy_that_is_closed_takes_no_calls_and_has_no_address(script: Script) -> None:
    proxy = http_proxy("launch", Service.VERTEX, "127.0.0.1:1", script.judge, script.kill)
    with proxy:
        address = proxy.address
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", f"http://{address}/", retries=False)
    with pytest.raises(ValueError, match="not open"):
        str(proxy.address)


def test_a_service_that_is_not_there_is_a_broken_connection(script: Script) -> None:
    with (
        http_proxy("launch", Service.VERTEX, "127.0.0.1:1", script.judge, script.kill) as proxy,
        pytest.raises(urllib3.exceptions.ProtocolError),
    ):
        urllib3.request("GET", f"http://{proxy.address}/", retries=False)
