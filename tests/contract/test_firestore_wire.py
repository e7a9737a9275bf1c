"""What the Firestore adapter does when the service does not answer: look again, but never write again unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.cloud.firestore_v1 import types

from attune.adapters.firestore import FirestoreDocuments
from attune.errors import ConflictError, UnavailableError
from attune.ports import Create, Delete, Replace, Versioned
from attune.services.manifests import of_leases, of_runs
from attune.services.manifests.of_leases import Lease
from attune_local.stack import clients

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = of_leases.lease("calls")
LEASE = Lease("calls", "me", NOW)
FOUND = Versioned(KEY, LEASE, NOW)
SERVICE = "/google.firestore.v1.Firestore/"


@dataclass
class Service(grpc.GenericRpcHandler):  # type: ignore[misc]  # no types there
    """A Firestore that fails the next `failures` calls, and then has no document and takes every write."""

    code: Any = None
    failures: int = 0
    calls: Counter[str] = field(default_factory=Counter)

    def fail(self, code: grpc.StatusCode, times: int = 10**6) -> None:
        self.code, self.failures = code, times

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method.removeprefix(SERVICE)
        answer, stream = ANSWERS[method]

        def handle(request: bytes, context: Any) -> Any:
            self.calls[method] += 1
            if self.failures:
                self.failures -= 1
                context.abort(self.code, "as told")
            return answer(request)

        if stream:
            return grpc.unary_stream_rpc_method_handler(lambda *call: iter([handle(*call)]))
        return grpc.unary_unary_rpc_method_handler(handle)


def _missing(request: bytes) -> bytes:
    asked = types.BatchGetDocumentsRequest.deserialize(request)
    answer: bytes = types.BatchGetDocumentsResponse.serialize({"missing": asked.documents[0], "read_time": NOW})
    return answer


def _taken(request: bytes) -> bytes:
    writes = types.CommitRequest.deserialize(request).writes
    answer: bytes = types.CommitResponse.serialize({"write_results": [{"update_time": NOW} for _ in writes]})
    return answer


def _none_found(_: bytes) -> bytes:
    answer: bytes = types.RunQueryResponse.serialize({"read_time": NOW})
    return answer


def _none_counted(_: bytes) -> bytes:
    result = {"aggregate_fields": {"field_1": {"integer_value": 0}}}
    answer: bytes = types.RunAggregationQueryResponse.serialize({"result": result, "read_time": NOW})
    return answer


ANSWERS: dict[str, tuple[Callable[[bytes], bytes], bool]] = {
    "BatchGetDocuments": (_missing, True),
    "Commit": (_taken, False),
    "RunQuery": (_none_found, True),
    "RunAggregationQuery": (_none_counted, True),
}
READS: dict[str, Callable[[FirestoreDocuments], object]] = {
    "BatchGetDocuments": lambda documents: documents.get(KEY),
    "RunQuery": lambda documents: documents.find(of_leases.all_slots()),
    "RunAggregationQuery": lambda documents: documents.count(of_leases.all_slots(), up_to=5),
}
CONDITIONAL: dict[str, Any] = {
    "create": Create(KEY, LEASE),
    "replace": Replace(FOUND, LEASE),
    "delete while unchanged": Delete(KEY, FOUND),
}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def documents(service: Service) -> Iterator[FirestoreDocuments]:
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, handlers=[service])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        client = clients.firestore_client(f"127.0.0.1:{port}", "demo")
        yield FirestoreDocuments(client, patience=2.0)
        client.close()  # type: ignore[no-untyped-call]  # no types there
        server.stop(None).wait()


@pytest.mark.parametrize("method", READS)
def test_a_read_is_one_call(documents: FirestoreDocuments, service: Service, method: str) -> None:
    READS[method](documents)
    assert service.calls == {method: 1}


@pytest.mark.parametrize("method", READS)
@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    ],
)
def test_a_read_is_asked_again(
    documents: FirestoreDocuments, service: Service, method: str, code: grpc.StatusCode
) -> None:
    service.fail(code, times=2)
    READS[method](documents)
    assert service.calls == {method: 3}


@pytest.mark.parametrize("method", READS)
def test_a_read_is_given_up_in_the_end(documents: FirestoreDocuments, service: Service, method: str) -> None:
    service.fail(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(UnavailableError):
        READS[method](documents)


@pytest.mark.parametrize("kind", CONDITIONAL)
@pytest.mark.parametrize("code", [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED])
def test_a_commit_that_may_have_happened_is_not_repeated(
    documents: FirestoreDocuments, service: Service, kind: str, code: grpc.StatusCode
) -> None:
    service.fail(code)
    with pytest.raises(UnavailableError):
        documents.commit(CONDITIONAL[kind])
    assert service.calls == {"Commit": 1}


@pytest.mark.parametrize("kind", CONDITIONAL)
@pytest.mark.parametrize("code", [grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_a_commit_that_was_surely_not_done_is_repeated(
    documents: FirestoreDocuments, service: Service, kind: str, code: grpc.StatusCode
) -> None:
    service.fail(code, times=2)
    documents.commit(CONDITIONAL[kind])
    assert service.calls == {"Commit": 3}


@pytest.mark.parametrize("code", [grpc.StatusCode.ABORTED, grpc.StatusCode.RESOURCE_EXHAUSTED])
def test_too_many_writers_or_calls_are_no_conflict_since_nobody_need_have_written(
    documents: FirestoreDocuments, service: Service, code: grpc.StatusCode
) -> None:
    service.fail(code)
    with pytest.raises(UnavailableError):
        documents.commit(Create(KEY, LEASE))
    assert service.calls["Commit"] > 1


def test_a_delete_without_a_condition_is_repeated_since_twice_is_the_same_as_once(
    documents: FirestoreDocuments, service: Service
) -> None:
    service.fail(grpc.StatusCode.UNAVAILABLE, times=1)
    assert documents.commit(Delete(KEY)) == [None]
    assert service.calls == {"Commit": 2}


def test_a_delete_beside_another_write_is_not_repeated(documents: FirestoreDocuments, service: Service) -> None:
    service.fail(grpc.StatusCode.UNAVAILABLE, times=1)
    with pytest.raises(UnavailableError):
        documents.commit(Delete(KEY), Create(of_leases.lease("other"), LEASE))
    assert service.calls == {"Commit": 1}


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.NOT_FOUND,
    ],
)
def test_a_commit_that_lost_is_a_conflict_that_names_its_documents(
    documents: FirestoreDocuments, service: Service, code: grpc.StatusCode
) -> None:
    service.fail(code)
    with pytest.raises(ConflictError, match="leases/calls"):
        documents.commit(Create(KEY, LEASE))


def test_asking_for_nothing_and_writing_nothing_are_no_calls(documents: FirestoreDocuments, service: Service) -> None:
    assert documents.get_all([]) == []
    assert documents.commit() == []
    assert not service.calls


def test_only_a_query_without_an_order_can_be_continued(documents: FirestoreDocuments) -> None:
    with pytest.raises(ValueError, match="order"):
        documents.find(of_runs.newest_runs("calls"), after=of_runs.run("calls", 1))
