"""Open a run: one conditional write picks the winner."""

from __future__ import annotations

from datetime import datetime, timedelta

from attune.config import Settings
from attune.domain.events.message import message
from attune.domain.events.opening import LaunchTuning, ThresholdReached
from attune.domain.names import run_id
from attune.domain.run import Run, RunState, opened
from attune.errors import ConflictError
from attune.ports import Create, Documents, Post
from attune.services.manifests import of_outbox, of_pairs, of_runs
from attune.services.outbox import deliver
from attune.tracing import here, note, span


def open_run(
    dataset: str, settings: Settings, pairs: int, documents: Documents, post: Post, now: datetime
) -> Run | None:
    """Opens the dataset's next run; None where it must wait, or so many pairs are no longer there for it."""
    newest = documents.find(of_runs.newest_runs(dataset), limit=1)
    latest = newest[0].value if newest else None
    if latest is not None and _must_wait_for(latest, settings, now):
        return None
    # Counted again, after the latest run was read: the first count may have seen the pairs which that run has cut.
    if documents.count(of_pairs.new_pairs(dataset), up_to=pairs) < pairs:
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
    announced = [Create(of_outbox.outbox(told.id), told) for told in messages]
    try:
        documents.commit(Create(of_runs.run(run.dataset, run.number), run), *announced)
    except ConflictError:
        note(opened="by another event")
        return None  # another event opened it, and its messages are in the outbox with it
    deliver(messages, documents, post)
    return run


def _must_wait_for(latest: Run, settings: Settings, now: datetime) -> bool:
    cooling = now - latest.opened_at < timedelta(hours=settings.cooldown_hours)
    return latest.state is RunState.OPENED or cooling
