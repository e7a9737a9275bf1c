"""One stack of emulators for a worker's tests, and names that no other test has."""

from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.storage import Bucket

from attune_local.stack import clients
from attune_local.stack.stack import Stack


@pytest.fixture
def bucket(stack: Stack, unique: str) -> Bucket:
    """An empty bucket of the test's own; it announces nothing."""
    return stack.storage_client().create_bucket(unique)


@pytest.fixture
def documents(stack: Stack, unique: str) -> Iterator[FirestoreClient]:
    """An empty Firestore of the test's own: a project that no other test has."""
    client = clients.firestore_client(stack.address("firestore"), unique)
    yield client
    client.close()  # type: ignore[no-untyped-call]  # no types there
