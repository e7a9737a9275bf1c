"""Take a census of a dataset, once an hour: how long it is since anything came of its halves, its alias, the sweep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from attune.config import Settings
from attune.errors import ConflictError
from attune.ports import Documents, Replace
from attune.services.manifests import of_aliases, of_datasets, of_pairs, of_sweeps

_OLDEST = 20  # the order is by whole hours; the time itself is taken from so many of the oldest hour
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Census:
    """What the alerts are about; None where nothing waits, nothing was ever promoted, or no pass has ever begun.

    `ledger_hours_ago` is of the whole bucket: since the last pass closed its ledgers, or since the one under way began.
    """

    dataset: str
    oldest_waiting_hours: float | None
    promoted_days_ago: float | None
    ledger_hours_ago: float | None


def take_census(dataset: str, settings: Settings, documents: Documents, now: datetime) -> Census | None:
    """The census, or None when this hour's was taken: one conditional write picks who takes it."""
    state = documents.get(of_datasets.state(dataset))
    hour = int(now.timestamp() // _HOUR.total_seconds())
    if state is None or state.value.census_hour >= hour:
        return None
    try:
        documents.commit(Replace(state, replace(state.value, census_hour=hour)))
    except ConflictError:
        return None  # another watcher takes it, or a later tick does
    return Census(
        dataset,
        oldest_waiting_hours=_oldest_waiting(dataset, documents, now),
        promoted_days_ago=_promoted(settings.alias or dataset, documents, now),
        ledger_hours_ago=_ledger(documents, now),
    )


def _oldest_waiting(dataset: str, documents: Documents, now: datetime) -> float | None:
    oldest = documents.find(of_pairs.oldest_waiting_pairs(dataset), limit=_OLDEST)
    since = min((pair.value.changed_at for pair in oldest), default=None)
    return None if since is None else round((now - since) / _HOUR, 2)


def _promoted(alias: str, documents: Documents, now: datetime) -> float | None:
    found = documents.get(of_aliases.alias(alias))
    return None if found is None else round((now - found.value.moved_at) / _DAY, 2)


def _ledger(documents: Documents, now: datetime) -> float | None:
    """Of passes that are done the last one is known only until the next begins, which is not before its time."""
    found = documents.get(of_sweeps.sweep())
    return None if found is None else round((now - (found.value.finished_at or found.value.started_at)) / _HOUR, 2)
