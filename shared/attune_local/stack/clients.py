"""Google's own clients, pointed at the local stack without credentials."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.storage import Client as StorageClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport


def storage_client(url: str, project: str) -> StorageClient:
    """Return a storage client for the server at the URL."""
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # no types there
    return StorageClient(project=project, credentials=nobody, client_options={"api_endpoint": url})


def firestore_client(address: str, project: str) -> FirestoreClient:
    """Return a Firestore client for the emulator at host:port; not to be called from two threads at once."""
    with _environment("FIRESTORE_EMULATOR_HOST", address):  # the client looks there and nowhere else, when it is made
        return FirestoreClient(project=project)


def publisher(address: str) -> PublisherClient:
    """Return a publisher for the emulator at host:port."""
    return PublisherClient(transport=PublisherGrpcTransport(channel=grpc.insecure_channel(address)))


def subscriber(address: str) -> SubscriberClient:
    """Return a subscriber for the emulator at host:port."""
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=grpc.insecure_channel(address)))


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
