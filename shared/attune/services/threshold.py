"""Whether enough new pairs are in for a run: one count decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attune.config import Settings
from attune.ports import Documents, Post
from attune.services.manifests import of_pairs

if TYPE_CHECKING:
    from attune.domain.run import Run

_OLDEST = 20  # the order is by whole hours; the time itself is taken from so many of the oldest hour


def consider_run(dataset: str, settings: Settings, documents: Documents, post: Post, now: datetime) -> Run | None:
    """Opens the dataset's next run if its threshold is reached, and returns it.

    It can be called at any time and by any number at once: only one creates the run, and the others return None.
    """
    if settings.paused or not _enough(dataset, settings.threshold, documents):
        return None
    return _open(dataset, settings, settings.threshold, documents, post, now)


def consider_waiting(dataset: str, settings: Settings, documents: Documents, post: Post, now: datetime) -> Run | None:
    """The same, for fewer pairs that have waited `max_wait_hours`."""
    if settings.paused or settings.max_wait_hours is None:
        return None
    oldest = documents.find(of_pairs.oldest_new_pairs(dataset), limit=_OLDEST)
    waited_until = now - timedelta(hours=settings.max_wait_hours)
    if not any(pair.value.changed_at <= waited_until for pair in oldest):
        return None
    pairs = min(settings.min_pairs, settings.threshold)
    if not _enough(dataset, pairs, documents):
        return None
    return _open(dataset, settings, pairs, documents, post, now)


def _enough(dataset: str, pairs: int, documents: Documents) -> bool:
    return documents.count(of_pairs.new_pairs(dataset), up_to=pairs) >= pairs


def _open(dataset: str, settings: Settings, pairs: int, documents: Documents, post: Post, now: datetime) -> Run | None:
    from attune.services.open_run import open_run  # noqa: PLC0415 - of all pairs, few reach the threshold

    return open_run(dataset, settings, pairs, documents, post, now)
