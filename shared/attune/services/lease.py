"""Be the only one who works on a dataset's trees: a lease that every write of its holder renews, and is fenced by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Create, Documents, Key, Replace, Versioned, Write
from attune.services.manifests import of_leases
from attune.services.manifests.of_leases import Lease

_NOBODY = ""


@dataclass(slots=True)
class Hold:
    """A lease while it is held."""

    documents: Documents
    clock: Clock
    length: timedelta
    read: Versioned[Lease]

    @property
    def owner(self) -> str:
        """Who holds it: unique to one call of one instance."""
        return self.read.value.owner

    @property
    def sharded_ahead(self) -> int:
        """How many due pairs were in the shards when they were last sharded ahead of a cut."""
        return self.read.value.sharded_ahead

    def commit(self, *writes: Write) -> list[object]:
        """Commits the writes together with the lease's renewal: a holder whose lease was taken from him writes nothing.

        Returns:
            The version that each write left behind.

        Raises:
            BusyError: the lease is another's.
            ConflictError: one of the documents is not what was read.
        """
        return self._write(replace(self.read.value, until=self.clock() + self.length), *writes)

    def note_sharded(self, pairs: int) -> None:
        """Remembers how many due pairs are in the shards."""
        self._write(replace(self.read.value, sharded_ahead=pairs))

    def release(self) -> None:
        """Lets go of the lease, unless it is somebody else's by now."""
        try:
            self._write(replace(self.read.value, owner=_NOBODY, until=self.clock()))
        except BusyError:
            return  # it ran out and was taken: there is nothing to let go of

    def _write(self, lease: Lease, *writes: Write) -> list[object]:
        try:
            version, *others = self.documents.commit(Replace(self.read, lease), *writes)
        except ConflictError:
            self._check()
            raise
        self.read = Versioned(self.read.key, lease, version)
        return others

    def _check(self) -> None:
        found = self.documents.get(self.read.key)
        if found is None or found.value.owner != self.owner:
            raise BusyError(f"the lease on {self.read.value.dataset} ran out and another instance has it")
        self.read = found


@contextmanager
def leased(
    dataset: str,
    owner: str,
    length: timedelta,
    documents: Documents,
    clock: Clock,
    key: Key[Lease] | None = None,
) -> Iterator[Hold]:
    """Holds the dataset's lease, which lasts longer than a function may run; or, with a key, another one of it.

    Raises:
        BusyError: somebody else holds it.
    """
    wanted = Lease(dataset, owner, clock() + length)
    hold = Hold(documents, clock, length, _acquire(key or of_leases.lease(dataset), wanted, documents, clock))
    try:
        yield hold
    finally:
        hold.release()


def _acquire(key: Key[Lease], wanted: Lease, documents: Documents, clock: Clock) -> Versioned[Lease]:
    found = documents.get(key)
    if found is not None and found.value.owner != _NOBODY and found.value.until > clock():
        until = f"{found.value.until:%H:%M:%S}"
        raise BusyError(f"{wanted.dataset} is being cut or sharded by another instance until {until}")
    mine = replace(wanted, sharded_ahead=found.value.sharded_ahead if found else 0)
    write: Write = Replace(found, mine) if found else Create(key, mine)
    try:
        version, *_ = documents.commit(write)
    except ConflictError as lost:
        raise BusyError(f"{wanted.dataset} was leased by another instance at this moment") from lost
    return Versioned(key, mine, version)
