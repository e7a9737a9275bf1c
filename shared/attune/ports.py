"""What attune needs of the world, in its own words. Adapters speak to the vendors, their twins to memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:  # no function pays for what the ports that it has no use for speak of
    from attune.domain.events.message import Message
    from attune.domain.finding import Finding
    from attune.domain.quality.heard import Heard
    from attune.domain.quality.limits import Limits

T = TypeVar("T")
R = TypeVar("R")
Clock = Callable[[], datetime]
Checksum = Callable[[bytes], int]


# --- documents -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """Where a document of a kind lies: alternating collection and id."""

    kind: type[T]
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A document as it was read; `version` is what a compare-and-set is made on."""

    key: Key[T]
    value: T
    version: object = field(compare=False)


@dataclass(frozen=True, slots=True)
class Create(Generic[T]):
    """Write a document that must not be there yet."""

    key: Key[T]
    value: T


@dataclass(frozen=True, slots=True)
class Replace(Generic[T]):
    """Write a document that must still be what was read."""

    read: Versioned[T]
    value: T

    @property
    def key(self) -> Key[T]:
        """The document's place."""
        return self.read.key


@dataclass(frozen=True, slots=True)
class Delete(Generic[T]):
    """Delete a document, if it is there; with `read`, only while it is still what was read."""

    key: Key[T]
    read: Versioned[T] | None = None


Write = Create[Any] | Replace[Any] | Delete[Any]


@dataclass(frozen=True, slots=True)
class Contains:
    """In a query: the field is a list that has this value."""

    value: object


class Order(StrEnum):
    """The direction of a query's order."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """Documents of a kind in one collection, or in every collection of that name (`group`).

    `where` are equalities, or (for a tuple value) membership in at most 30 values, or `Contains`. `at_least` leaves out
    what is less in the field that an ascending order is by.
    """

    kind: type[T]
    collection: tuple[str, ...]
    where: tuple[tuple[str, object], ...] = ()
    order_by: str | None = None
    order: Order = Order.ASCENDING
    group: bool = False
    at_least: object = None


class Documents(Protocol):
    """The manifests: strongly consistent documents with compare-and-set and atomic batches."""

    def get(self, key: Key[T]) -> Versioned[T] | None:
        """A document, or None."""
        ...

    def get_all(self, keys: Sequence[Key[Any]]) -> list[Versioned[Any] | None]:
        """Several documents, of any kinds, in one call, in the keys' order; None where there is none."""
        ...

    def commit(self, *writes: Write) -> list[object]:
        """All of the writes or none, in one call; returns the version each left behind (None for a delete).

        Raises:
            ConflictError: a document was there already, or is not what was read.
        """
        ...

    def find(self, query: Query[T], limit: int | None = None, after: Key[T] | None = None) -> list[Versioned[T]]:
        """The documents that match, at most `limit`, in the query's order and then by id.

        `after` continues an unordered query behind that document, so that any number can be walked in pages; and one
        with `at_least` behind the document of that id which has just that value.
        """
        ...

    def count(self, query: Query[Any], up_to: int) -> int:
        """How many match, counted no further than `up_to`."""
        ...


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A document that people write: its fields as they stand, to be judged by whoever reads it."""

    fields: Mapping[str, object]


# --- objects ---------------------------------------------------------------------------------------------------

Buffer = bytes | bytearray | memoryview
Parts = tuple[Buffer, ...]
"""Bytes that follow one another, and are one object once they are stored."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store has it; `size` in bytes."""

    name: str
    generation: int
    size: int
    crc32c: int


class Intake(Protocol):
    """The bucket people drop files into. We only read it."""

    def read(self, name: str, generation: int) -> bytes:
        """The bytes of this very generation.

        Raises:
            GoneError: it was overwritten or deleted.
        """
        ...

    def look(self, name: str) -> Stored | None:
        """The live generation of an object; None where there is none."""
        ...

    def page(self, after: str, limit: int) -> list[Stored]:
        """The live objects behind a name (all of them behind the empty one), in the names' order, at most `limit`."""
        ...


class Objects(Protocol):
    """The dataset bucket. Rows are written once: a name that is taken is "already done". Only reports are replaced."""

    def read(self, name: str) -> bytes:
        """An object's bytes.

        Raises:
            GoneError: there is no such object.
        """
        ...

    def put(self, name: str, data: Buffer | Parts, content_type: str) -> Stored:
        """Stores the bytes under a name that is free, or returns what stands there."""
        ...

    def compose(self, name: str, sources: Sequence[str]) -> Stored:
        """Joins 1 to 32 objects, server-side, under a name that is free, or returns what stands there.

        Raises:
            GoneError: one of the sources is not there.
        """
        ...

    def replace(self, name: str, data: Buffer, content_type: str) -> Stored:
        """Stores the bytes in place of what stands under the name, if anything."""
        ...

    def recompose(self, name: str, sources: Sequence[str], content_type: str) -> Stored:
        """Joins 1 to 32 objects, server-side, in place of what stands under the name, if anything.

        Raises:
            GoneError: one of the sources is not there.
        """
        ...

    def delete(self, name: str) -> None:
        """Deletes an object, if it is there."""
        ...

    def uri(self, name: str) -> str:
        """The object's gs:// address."""
        ...


# --- audio -----------------------------------------------------------------------------------------------------


class Ear(Protocol):
    """Decodes recordings."""

    def listen(self, data: bytes, ending: str, limits: Limits) -> Heard | Finding:
        """Decodes all of a recording and measures it, or says why it is none of what its ending promises."""
        ...


# --- messages --------------------------------------------------------------------------------------------------


class Post(Protocol):
    """The topics."""

    def publish(self, message: Message) -> None:
        """Hands the message to its topic, and returns when the topic has it."""
        ...


# --- doing several things at once ------------------------------------------------------------------------------


class Each(Protocol):
    """Does the same to many things, at once where it can; the first error is raised when all have ended."""

    def __call__(self, work: Callable[[T], R], things: Iterable[T]) -> list[R]:
        """The results, in the things' order."""
        ...
