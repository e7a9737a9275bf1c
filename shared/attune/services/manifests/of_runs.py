"""Where runs lie, and every question that is asked of them."""

from __future__ import annotations

from attune.domain.names import run_id
from attune.domain.run import Run
from attune.ports import Key, Order, Query


def run(dataset: str, number: int) -> Key[Run]:
    """A run."""
    return Key(Run, ("datasets", dataset, "runs", run_id(number)))


def newest_runs(dataset: str) -> Query[Run]:
    """A dataset's runs, the newest first."""
    return Query(Run, ("datasets", dataset, "runs"), order_by="number", order=Order.DESCENDING)


def active_runs(dataset: str) -> Query[Run]:
    """A dataset's runs that have not ended."""
    return Query(Run, ("datasets", dataset, "runs"), (("active", True),))


def runs_in(dataset: str, state: str) -> Query[Run]:
    """A dataset's runs in a state."""
    return Query(Run, ("datasets", dataset, "runs"), (("state", state),))


def all_active_runs() -> Query[Run]:
    """Every dataset's runs that have not ended."""
    return Query(Run, ("runs",), (("active", True),), group=True)
