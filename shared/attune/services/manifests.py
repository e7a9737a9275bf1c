"""Where every document lies, and every question that is asked of them: what the indexes in `infra` are made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attune.domain.alias import Alias
from attune.domain.events import Message
from attune.domain.pair import Due, Pair, PairState
from attune.domain.run import Run, run_id
from attune.domain.shard import Shard
from attune.domain.split import Split
from attune.ports import Key, Order, Query, RawDocument

DEFAULTS = Key(RawDocument, ("settings", "defaults"))


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What attune knows of a dataset: its last good settings, and what is wrong with those that stand there now.

    `census_hour` is that of its last census, in hours since 1970.
    """

    dataset: str
    good: Mapping[str, object] = field(default_factory=dict)
    written: str = ""
    errors: tuple[str, ...] = ()
    errors_written: str = ""
    errors_since: datetime | None = None
    census_hour: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may cut and shard a dataset, until when; and how many due pairs were last sharded ahead of a cut."""

    dataset: str
    owner: str
    until: datetime
    sharded_ahead: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The right to one running tuning job, and the run that has it."""

    dataset: str
    run: str
    since: datetime


def own_settings(dataset: str) -> Key[RawDocument]:
    """The settings a person wrote for a dataset."""
    return Key(RawDocument, ("datasets", dataset))


def pair(dataset: str, pair_id: str) -> Key[Pair]:
    """A pair."""
    return Key(Pair, ("datasets", dataset, "pairs", pair_id))


def run(dataset: str, number: int) -> Key[Run]:
    """A run."""
    return Key(Run, ("datasets", dataset, "runs", run_id(number)))


def shard(dataset: str, split: Split, prefix: str) -> Key[Shard]:
    """A shard; the root's prefix is empty."""
    return Key(Shard, ("datasets", dataset, "shards", f"{split}-{prefix}" if prefix else str(split)))


def state(dataset: str) -> Key[DatasetState]:
    """What attune knows of a dataset."""
    return Key(DatasetState, ("states", dataset))


def lease(dataset: str) -> Key[Lease]:
    """The lease on a dataset."""
    return Key(Lease, ("leases", dataset))


def slot(index: int) -> Key[Slot]:
    """One of the project's slots for a running job."""
    return Key(Slot, ("slots", str(index)))


def alias(name: str) -> Key[Alias]:
    """An alias."""
    return Key(Alias, ("aliases", name))


def alias_history(name: str, serial: int) -> Key[Alias]:
    """The alias as it was after a move."""
    return Key(Alias, ("aliases", name, "history", f"{serial:06d}"))


def outbox(message_id: str) -> Key[Message]:
    """A message that waits to be sent."""
    return Key(Message, ("outbox", message_id))


def new_pairs(dataset: str) -> Query[Pair]:
    """Accepted pairs that no run has taken: what the threshold counts."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),))


def oldest_new_pairs(dataset: str) -> Query[Pair]:
    """The same, those that have waited longest first."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", Due.ADD),), order_by="due_hour")


def oldest_waiting_pairs(dataset: str) -> Query[Pair]:
    """Pairs that wait for their other half, the longest first."""
    where = (("state", PairState.WAITING),)
    return Query(Pair, ("datasets", dataset, "pairs"), where, order_by="waiting_hour")


def due_pairs(dataset: str) -> Query[Pair]:
    """Pairs that the next cut takes in or out."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("due", (Due.ADD, Due.REMOVE)),))


def taken_pairs(dataset: str, run_name: str) -> Query[Pair]:
    """The pairs in a run's cut."""
    return Query(Pair, ("datasets", dataset, "pairs"), (("taken_by", run_name),))


def newest_runs(dataset: str) -> Query[Run]:
    """A dataset's runs, the newest first."""
    return Query(Run, ("datasets", dataset, "runs"), order_by="number", order=Order.DESCENDING)


def active_runs(dataset: str) -> Query[Run]:
    """A dataset's runs that have not ended."""
    return Query(Run, ("datasets", dataset, "runs"), (("active", True),))


def all_active_runs() -> Query[Run]:
    """Every dataset's runs that have not ended."""
    return Query(Run, ("runs",), (("active", True),), group=True)


def all_slots() -> Query[Slot]:
    """The slots that are taken."""
    return Query(Slot, ("slots",))


def known_datasets() -> Query[DatasetState]:
    """The datasets that attune has accepted a pair of."""
    return Query(DatasetState, ("states",))


def configured_datasets() -> Query[RawDocument]:
    """The datasets that a person has written settings for."""
    return Query(RawDocument, ("datasets",))


def waiting_messages() -> Query[Message]:
    """The outbox."""
    return Query(Message, ("outbox",))
