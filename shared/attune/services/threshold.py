"""Open a run when enough new pairs are in: one count decides, and one conditional write picks the winner."""

from __future__ import annotations

from datetime import datetime, timedelta

from attune.config import Settings
from attune.domain.events import LaunchTuning, ThresholdReached, message
from attune.domain.run import Run, RunState, opened, run_id
from attune.errors import ConflictError
from attune.ports import Create, Documents, Post
from attune.services import manifests
from attune.services.outbox import deliver
from attune.tracing import here, note, span

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
    oldest = documents.find(manifests.oldest_new_pairs(dataset), limit=_OLDEST)
    waited_until = now - timedelta(hours=settings.max_wait_hours)
    if not any(pair.value.changed_at <= waited_until for pair in oldest):
        return None
    pairs = min(settings.min_pairs, settings.threshold)
    if not _enough(dataset, pairs, documents):
        return None
    return _open(dataset, settings, pairs, documents, post, now)


def _enough(dataset: str, pairs: int, documents: Documents) -> bool:
    return documents.count(manifests.new_pairs(dataset), up_to=pairs) >= pairs


def _open(dataset: str, settings: Settings, pairs: int, documents: Documents, post: Post, now: datetime) -> Run | None:
    newest = documents.find(manifests.newest_runs(dataset), limit=1)
    latest = newest[0].value if newest else None
    if latest is not None and _must_wait_for(latest, settings, now):
        return None
    # Counted again, after the latest run was read: the first count may have seen the pairs which that run has cut.
    if not _enough(dataset, pairs, documents):
        return None
    number = latest.number + 1 if latest else 1
    with span("open run", dataset=dataset, run=run_id(number), pairs=pairs):
        return _create(opened(dataset, number, settings.threshold, now, here()), pairs, documents, post, now)


def _create(run: Run, pairs: int, documents: Documents, post: Post, now: datetime) -> Run | None:
    facts = (
        ThresholdReached(run.dataset, run.id, pairs, run.threshold, waited=pairs < run.threshold),
        LaunchTuning(run.dataset, run.id),
    )
    messages = [message(fact, now, run.traceparent) for fact in facts]
    announced = [Create(manifests.outbox(told.id), told) for told in messages]
    try:
        documents.commit(Create(manifests.run(run.dataset, run.number), run), *announced)
    except ConflictError:
        note(opened="by another event")
        return None  # another event opened it, and its messages are in the outbox with it
    deliver(messages, documents, post)
    return run


def _must_wait_for(latest: Run, settings: Settings, now: datetime) -> bool:
    cooling = now - latest.opened_at < timedelta(hours=settings.cooldown_hours)
    return latest.state is RunState.OPENED or cooling
