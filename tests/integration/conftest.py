"""One stack of emulators for a worker's tests, and names that no other test has."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.storage import Bucket

from attune_local.stack import clients
from attune_local.stack.emulators import find_emulators
from attune_local.stack.errors import EmulatorsMissing
from attune_local.stack.stack import Stack


@pytest.fixture(scope="session")
def emulators_installed() -> None:
    try:
        find_emulators()
    except EmulatorsMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def stack(emulators_installed: None) -> Iterator[Stack]:  # noqa: ARG001 - skips, and gives nothing
    """Firestore, Pub/Sub and object storage."""
    with Stack() as running:
        yield running


@pytest.fixture
def unique() -> str:
    """A name that no other test has, fit for a bucket, a topic, a document or a folder."""
    return f"test-{uuid4().hex[:16]}"


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
