"""What the local storage server and the stack's clients can be relied upon for."""

import pytest
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.firestore import Client as FirestoreClient
from google.cloud.storage import Bucket

pytestmark = pytest.mark.emulators


def test_a_generation_that_was_overwritten_is_not_found(bucket: Bucket) -> None:
    blob = bucket.blob("a.wav")
    blob.upload_from_string(b"one")
    first = blob.generation
    blob.upload_from_string(b"two")
    assert bucket.blob("a.wav", generation=blob.generation).download_as_bytes() == b"two"
    assert bucket.get_blob("a.wav", generation=first) is None
    with pytest.raises(NotFound):
        bucket.blob("a.wav", generation=first).download_as_bytes()


def test_an_upload_holds_its_precondition(bucket: Bucket) -> None:
    bucket.blob("a.wav").upload_from_string(b"one", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        bucket.blob("a.wav").upload_from_string(b"two", if_generation_match=0)


def test_each_test_has_an_empty_firestore_of_its_own(documents: FirestoreClient, unique: str) -> None:
    assert documents.project == unique
    assert list(documents.collection("states").stream()) == []
    documents.document("states/here").create({"seen": True})
    assert documents.document("states/here").get().to_dict() == {"seen": True}
