"""Which permissions a remote call needs, and on what.

Sources, read in November 2026: "IAM permissions for JSON methods" (Cloud Storage), "Required permissions for API
methods" (Firestore, Security for server client libraries), "Pub/Sub: Access control with IAM", and "Vertex AI IAM
permissions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from breaker.calls import Call, Service
from rights.grants import Need, Resource

_GET, _LIST = "storage.objects.get", "storage.objects.list"
_CREATE, _DELETE = "storage.objects.create", "storage.objects.delete"
# A commit creates, updates or deletes, by its writes' preconditions; which of them it does is not told of a call.
_FIRESTORE: Mapping[str, tuple[str, ...]] = {
    "BatchGetDocuments": ("datastore.entities.get",),
    "Commit": ("datastore.entities.create", "datastore.entities.delete", "datastore.entities.update"),
    "RunAggregationQuery": ("datastore.entities.get", "datastore.entities.list"),
    "RunQuery": ("datastore.entities.get", "datastore.entities.list"),
}
_VERTEX: Mapping[str, str] = {
    "GET endpoints": "aiplatform.endpoints.get",
    "GET models": "aiplatform.models.get",
    "GET tuningJobs": "aiplatform.tuningJobs.get",
    "LIST tuningJobs": "aiplatform.tuningJobs.list",
    "PATCH models": "aiplatform.models.update",
    "POST cancel": "aiplatform.tuningJobs.cancel",
    "POST generateContent": "aiplatform.endpoints.predict",
    "POST mergeVersionAliases": "aiplatform.models.update",
    "POST tuningJobs": "aiplatform.tuningJobs.create",
}


class UnknownCallError(LookupError):
    """A call whose permissions nobody has looked up."""


@dataclass(frozen=True, slots=True)
class Law:
    """The table, for the database of a project; `is_there` says whether there is an object at `bucket/name`."""

    project: str
    is_there: Callable[[str], bool]
    database: str = "(default)"

    def needs(self, call: Call) -> tuple[Need, ...]:
        """All that a call needs.

        Raises:
            UnknownCallError: it is not in the table.
        """
        by_service: dict[Service, Callable[[Call], Iterator[Need]]] = {
            Service.FIRESTORE: self._firestore,
            Service.PUBSUB: self._pubsub,
            Service.STORAGE: self._storage,
            Service.VERTEX: self._vertex,
        }
        return tuple(by_service[call.service](call))

    def _firestore(self, call: Call) -> Iterator[Need]:
        permissions = _FIRESTORE.get(call.method, ())
        if not permissions:
            raise UnknownCallError(f"{call.service}: {call.method}")
        database = Resource(f"projects/{self.project}/databases/{self.database}", self._within())
        yield from (Need(permission, database) for permission in permissions)

    def _pubsub(self, call: Call) -> Iterator[Need]:
        if call.method != "Publish":
            raise UnknownCallError(f"{call.service}: {call.method}")
        for topic in call.targets:
            ours = topic.startswith(f"projects/{self.project}/topics/")
            at = self._within(f"topic/{topic.rpartition('/')[2]}") if ours else frozenset[str]()
            yield Need("pubsub.topics.publish", Resource(topic, at))

    def _storage(self, call: Call) -> Iterator[Need]:
        for target in call.targets:
            bucket, _, name = target.partition("/")
            whole = Resource(f"projects/_/buckets/{bucket}", self._within(f"bucket/{bucket}"))
            this = Resource(f"{whole.name}/objects/{name}", whole.within)
            yield from self._of_object(call, whole, this)

    def _of_object(self, call: Call, whole: Resource, this: Resource) -> Iterator[Need]:
        """To write over an object is to delete the one before.

        Whoever may not list is not told that an object is missing, but refused: so who asks for one that is, must.
        """
        if call.method in {"GET object", "DELETE object"}:
            yield Need(_GET if call.method == "GET object" else _DELETE, this)
            if not self.is_there(call.targets[0]):
                yield Need(_LIST, whole)
        elif call.method == "LIST objects":
            yield Need(_LIST, whole)
        elif call.method in {"UPLOAD object", "COMPOSE object"}:
            yield Need(_CREATE, this)
            if call.method == "COMPOSE object":
                yield Need(_GET, this)  # of its sources, which lie beside it
            if call.overwrites:
                yield Need(_DELETE, this)
        else:
            raise UnknownCallError(f"{call.service}: {call.method}")

    def _vertex(self, call: Call) -> Iterator[Need]:
        if call.method not in _VERTEX:
            raise UnknownCallError(f"{call.service}: {call.method}")
        yield from (Need(_VERTEX[call.method], Resource(target, self._within())) for target in call.targets)

    def _within(self, *narrower: str) -> frozenset[str]:
        return frozenset({f"project/{self.project}", *narrower})
