"""Where leases lie, and the slots for running jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from attune.ports import Key, Query


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


def lease(dataset: str) -> Key[Lease]:
    """The lease on a dataset."""
    return Key(Lease, ("leases", dataset))


def report_lease(dataset: str) -> Key[Lease]:
    """The lease on a dataset's report."""
    return Key(Lease, ("datasets", dataset, "leases", "report"))


def evaluation_lease(dataset: str) -> Key[Lease]:
    """The lease on asking a dataset's hold-out."""
    return Key(Lease, ("datasets", dataset, "leases", "evaluation"))


def sweep_lease() -> Key[Lease]:
    """The lease on sweeping."""
    return Key(Lease, ("sweeps", "intake", "leases", "sweep"))


def slot(index: int) -> Key[Slot]:
    """One of the project's slots for a running job."""
    return Key(Slot, ("slots", str(index)))


def all_slots() -> Query[Slot]:
    """The slots that are taken."""
    return Query(Slot, ("slots",))
