"""The condition that each write carries on the wire: the service, and nobody else, decides who came first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1 import types

from attune.adapters.firestore import FirestoreDocuments
from attune.ports import Create, Delete, Replace, Versioned
from attune.services.manifests import of_leases
from attune.services.manifests.of_leases import Lease
from attune_local.stack import clients

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = of_leases.lease("calls")
LEASE = Lease("calls", "me", NOW)
FOUND = Versioned(KEY, LEASE, NOW)


@dataclass
class Commits(grpc.GenericRpcHandler):  # type: ignore[misc]  # no types there
    """A Firestore that takes every commit and keeps its writes."""

    taken: list[list[Any]] = field(default_factory=list)

    def service(self, handler_call_details: Any) -> Any:
        assert handler_call_details.method.endswith("/Commit")
        return grpc.unary_unary_rpc_method_handler(self._take)

    def _take(self, request: bytes, _context: Any) -> Any:
        writes = list(types.CommitRequest.deserialize(request).writes)
        self.taken.append(writes)
        return types.CommitResponse.serialize({"write_results": [{"update_time": NOW} for _ in writes]})


@pytest.fixture
def commits() -> Commits:
    return Commits()


@pytest.fixture
def documents(commits: Commits) -> Iterator[FirestoreDocuments]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[commits])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        client = clients.firestore_client(f"127.0.0.1:{port}", "demo")
        yield FirestoreDocuments(client)
        client.close()  # type: ignore[no-untyped-call]  # no types there
        server.stop(None).wait()


def test_a_new_document_is_written_only_where_there_is_none(documents: FirestoreDocuments, commits: Commits) -> None:
    documents.commit(Create(KEY, LEASE))
    ((write,),) = commits.taken
    assert "exists" in write.current_document
    assert write.current_document.exists is False


def test_a_document_is_replaced_only_as_it_was_read(documents: FirestoreDocuments, commits: Commits) -> None:
    documents.commit(Replace(FOUND, LEASE))
    ((write,),) = commits.taken
    assert write.current_document.update_time == NOW


def test_a_document_is_deleted_as_it_was_read_where_that_is_asked(
    documents: FirestoreDocuments, commits: Commits
) -> None:
    documents.commit(Delete(KEY, FOUND))
    documents.commit(Delete(KEY))
    ((as_read,), (anyhow,)) = commits.taken
    assert as_read.current_document.update_time == NOW
    assert "update_time" not in anyhow.current_document


def test_writes_that_belong_together_are_one_commit(documents: FirestoreDocuments, commits: Commits) -> None:
    documents.commit(Replace(FOUND, LEASE), Create(of_leases.lease("other"), LEASE))
    (writes,) = commits.taken
    assert len(writes) == 2
