"""What a gRPC call to Firestore or Pub/Sub touches, read from its request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from google.cloud.firestore_v1 import types as firestore
from google.pubsub_v1 import types as pubsub

from breaker.calls import Call, Service

_DOCUMENTS = "/documents"
_READERS: dict[str, tuple[Any, Callable[[Any], Iterable[str]]]] = {
    "Commit": (firestore.CommitRequest.pb(), lambda asked: map(_written, asked.writes)),
    "BatchGetDocuments": (firestore.BatchGetDocumentsRequest.pb(), lambda asked: map(_relative, asked.documents)),
    "GetDocument": (firestore.GetDocumentRequest.pb(), lambda asked: [_relative(asked.name)]),
    "RunQuery": (firestore.RunQueryRequest.pb(), lambda asked: _collections(asked.parent, asked.structured_query)),
    "RunAggregationQuery": (
        firestore.RunAggregationQueryRequest.pb(),
        lambda asked: _collections(asked.parent, asked.structured_aggregation_query.structured_query),
    ),
    "Publish": (pubsub.PublishRequest.pb(), lambda asked: [asked.topic]),
}


def described(function: str, service: Service, path: str, request: bytes) -> Call:
    """The call of a method by its path, `/package.Service/Method`.

    Its targets are the documents of a Commit or a BatchGetDocuments, such as `datasets/calls`; the collection of a
    RunQuery or a RunAggregationQuery (`datasets/calls/pairs`; `**/pairs` for all collections of that name below); the
    full name of a Publish's topic; none for any other method.
    """
    method = path.rpartition("/")[2]
    if method not in _READERS:
        return Call(function, service, method)
    message, targets = _READERS[method]
    return Call(function, service, method, tuple(targets(message.FromString(request))))


def _written(write: Any) -> str:
    operation = write.WhichOneof("operation")
    named = {"update": write.update.name, "delete": write.delete, "transform": write.transform.document}
    return _relative(named[operation])


def _collections(parent: str, query: Any) -> list[str]:
    below = _relative(parent)
    return [
        "/".join(part for part in (below, "**" if asked.all_descendants else "", asked.collection_id) if part)
        for asked in query.from_
    ]


def _relative(name: str) -> str:
    """The part behind `projects/*/databases/*/documents`: nothing for the root."""
    return name.partition(_DOCUMENTS)[2].removeprefix("/")
