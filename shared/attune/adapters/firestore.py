"""The manifests in Firestore: one call for each get, commit, page or count, and no transaction anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError
from google.cloud.firestore import DELETE_FIELD, Client, DocumentReference, DocumentSnapshot, FieldFilter, WriteBatch
from google.cloud.firestore import Query as FirestoreQuery

from attune.adapters.codec import decode, encode, field_names, plain
from attune.errors import ConflictError, UnavailableError
from attune.ports import Contains, Create, Delete, Key, Order, Query, Replace, Versioned, Write

T = TypeVar("T")
A = TypeVar("A")
Snapshot = DocumentSnapshot[DocumentReference]

_ATTEMPT_SECONDS = 20.0
_COMMIT_SECONDS = 30.0
_PATIENCE_SECONDS = 60.0
# What is written says when it was decided, and a lease or an intent is counted from then: it is not held back for long.
_COMMIT_PATIENCE_SECONDS = 10.0

_PASSING = (
    exceptions.Cancelled,
    exceptions.GatewayTimeout,
    exceptions.InternalServerError,
    exceptions.ServiceUnavailable,
    exceptions.TooManyRequests,
    exceptions.Unknown,
    TransportError,
)
_LOST = (exceptions.AlreadyExists, exceptions.FailedPrecondition, exceptions.NotFound)
# Said of a commit that was not done: too many calls, too many writers ("Understand error codes", Firestore). Neither
# says that somebody else wrote.
_UNDONE = (exceptions.TooManyRequests, exceptions.Aborted)
# Rights may be given, and take minutes to arrive.
_NOT_ALLOWED = (exceptions.Forbidden, exceptions.Unauthorized)
# The one policy: a read, and a delete without a condition, may be done twice; a wait is anything up to the back-off.
_REPEATED = Retry(
    if_exception_type(*_PASSING, *_UNDONE),
    initial=0.1,
    maximum=3.0,
    multiplier=2.0,
    timeout=_PATIENCE_SECONDS,
)
# The client's own retry of a broken stream has neither limit nor pause, and falls over None: this one never repeats.
_ONCE = Retry(lambda _: False)
_DIRECTIONS = {Order.ASCENDING: FirestoreQuery.ASCENDING, Order.DESCENDING: FirestoreQuery.DESCENDING}
_ID = "__name__"


class FirestoreDocuments:
    """The port `Documents`; a version is the document's update time.

    A read is tried again for `patience` seconds, and a commit that was not done for 10 of them at most.
    """

    def __init__(self, client: Client, patience: float = _PATIENCE_SECONDS) -> None:
        self._client = client
        self._repeated = _REPEATED.with_timeout(patience)
        of_undone = _REPEATED.with_predicate(if_exception_type(*_UNDONE))
        self._repeated_if_undone = of_undone.with_timeout(min(patience, _COMMIT_PATIENCE_SECONDS))

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """A document, or None."""
        return self.get_all([key])[0]

    def get_all(self, keys: Sequence[Key[Any]]) -> list[Versioned[Any] | None]:
        """Several documents, of any kinds, in one call, in the keys' order; None where there is none."""
        if not keys:
            return []
        references = [self._reference(key) for key in keys]
        found = {
            snapshot.reference.path: snapshot for snapshot in self._read(lambda: list(self._batch_get(references)))
        }
        return [_versioned(key, found["/".join(key.path)]) for key in keys]

    def commit(self, *writes: Write) -> list[object]:
        """All of the writes or none, in one call; returns the version each left behind (None for a delete).

        A commit whose answer was lost may have happened, and then its repetition would look like somebody else's: it
        is repeated here only where the service says that it was not done, or where twice is the same as once.

        Raises:
            ConflictError: a document was there already, or is not what was read.
            UnavailableError: no answer, and it may have happened; or, for too long, too many calls or writers.
        """
        if not writes:
            return []
        batch = self._client.batch()
        for write in writes:
            self._add(batch, write)
        harmless = all(isinstance(write, Delete) and write.read is None for write in writes)
        with _in_our_words(", ".join("/".join(write.key.path) for write in writes)):
            repeated = self._repeated if harmless else self._repeated_if_undone
            results = batch.commit(retry=repeated, timeout=_COMMIT_SECONDS)
        return [
            None if isinstance(write, Delete) else result.update_time
            for write, result in zip(writes, results, strict=True)
        ]

    def find(self, query: Query[T], limit: int | None = None, after: Key[T] | None = None) -> list[Versioned[T]]:
        """The documents that match, at most `limit`, in the query's order and then by id, both in one direction."""
        asked = _ordered(self._filtered(query), query)
        if after is not None:
            asked = asked.start_after(_position(query, self._reference(after)))
        if limit is not None:
            asked = asked.limit(limit)
        snapshots = self._read(lambda: list(asked.stream(retry=_ONCE, timeout=_ATTEMPT_SECONDS)))
        found = (_versioned(_key(query.kind, snapshot), snapshot) for snapshot in snapshots)
        return [each for each in found if each is not None]

    def count(self, query: Query[Any], up_to: int) -> int:
        """How many match, counted no further than `up_to`."""
        # Any: the client's annotation names the class where it returns an instance.
        counted: Any = self._filtered(query).limit(up_to).count()
        answer = self._read(lambda: counted.get(retry=_ONCE, timeout=_ATTEMPT_SECONDS))
        return int(answer[0][0].value)

    def _read(self, ask: Callable[[], A]) -> A:
        with _in_our_words("a read"):
            return self._repeated(ask)()

    def _batch_get(self, references: list[DocumentReference]) -> Iterator[Snapshot]:
        return self._client.get_all(references, retry=None, timeout=_ATTEMPT_SECONDS)

    def _add(self, batch: WriteBatch, write: Write) -> None:
        reference = self._reference(write.key)
        match write:
            case Create(value=value):
                batch.create(reference, encode(value))
            case Replace(read=read, value=value):
                batch.update(reference, _replacing(read.value, value), option=self._unchanged(read))
            case Delete(read=read):
                batch.delete(reference, option=self._unchanged(read) if read else None)

    def _unchanged(self, read: Versioned[Any]) -> Any:
        return self._client.write_option(last_update_time=read.version)

    def _reference(self, key: Key[Any]) -> DocumentReference:
        return self._client.document(*key.path)

    def _filtered(self, query: Query[Any]) -> FirestoreQuery:
        asked = FirestoreQuery(self._client.collection(*query.collection), all_descendants=query.group)
        for field, value in query.where:
            asked = asked.where(filter=_filter(field, value))
        if query.order_by is not None and query.at_least is not None:
            asked = asked.where(filter=FieldFilter(query.order_by, ">=", plain(query.at_least)))
        return asked


def _filter(field: str, value: object) -> FieldFilter:
    if isinstance(value, Contains):
        return FieldFilter(field, "array_contains", plain(value.value))
    return FieldFilter(field, "in" if isinstance(value, tuple) else "==", plain(value))


def _ordered(asked: FirestoreQuery, query: Query[Any]) -> FirestoreQuery:
    """Firestore itself orders what is equal by id, in the last order's direction: no further index is needed."""
    if query.order_by is None:
        return asked.order_by(_ID)
    ordered = asked.order_by(query.order_by, direction=_DIRECTIONS[query.order])
    return ordered if query.at_least is None else ordered.order_by(_ID)  # stated, so that it can be continued by it


def _position(query: Query[Any], reference: DocumentReference) -> dict[str, object]:
    if query.order_by is None:
        return {_ID: reference}
    if query.at_least is None:
        raise ValueError("a query with an order and no value to begin at cannot be continued behind a document")
    return {query.order_by: plain(query.at_least), _ID: reference}


def _replacing(before: object, after: object) -> dict[str, object]:
    """Every field whole, and those gone that are no longer there. Fields that a newer version wrote stay."""
    fields = encode(after)
    return dict.fromkeys(field_names(before) - fields.keys(), DELETE_FIELD) | fields


@contextmanager
def _in_our_words(what: str) -> Iterator[None]:
    try:
        yield
    except _LOST as lost:
        raise ConflictError(f"{what}: there already, or no longer what was read ({type(lost).__name__})") from lost
    except (*_PASSING, *_UNDONE, *_NOT_ALLOWED) as passing:
        raise UnavailableError(f"Firestore did not answer {what} ({type(passing).__name__})") from passing
    except exceptions.RetryError as given_up:
        last = type(given_up.cause).__name__
        raise UnavailableError(f"Firestore did not answer {what}, however often ({last})") from given_up


def _versioned(key: Key[T], snapshot: Snapshot) -> Versioned[T] | None:
    fields = snapshot.to_dict()
    return None if fields is None else Versioned(key, decode(key.kind, fields), snapshot.update_time)


def _key(kind: type[T], snapshot: Snapshot) -> Key[T]:
    return Key(kind, tuple(snapshot.reference.path.split("/")))
