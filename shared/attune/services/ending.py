"""End a run, or move it on: its document, its slot and its announcement, in one atomic batch."""

from __future__ import annotations

from attune.domain.events.message import Fact, Message, message
from attune.domain.events.run import RunCancelled, RunFailed
from attune.domain.run import Run, RunState
from attune.ports import Clock, Create, Documents, Post, Replace, Versioned, Write
from attune.services.manifests import of_outbox
from attune.services.outbox import deliver
from attune.services.slots import freed_slot
from attune.tracing import here


def move(
    read: Versioned[Run], after: Run, facts: tuple[Fact, ...], documents: Documents, post: Post, *also: Write
) -> None:
    """Writes the run's next state together with what is told of it, then tells it.

    Raises:
        ConflictError: somebody else moved the run; nothing was written.
    """
    deliver(record(read, after, facts, documents, *also), documents, post)


def record(
    read: Versioned[Run], after: Run, facts: tuple[Fact, ...], documents: Documents, *also: Write
) -> list[Message]:
    """The same without telling it: it stands in the outbox, which the next tick drains.

    Raises:
        ConflictError: somebody else moved the run; nothing was written.
    """
    messages = [message(fact, after.changed_at, here() or after.traceparent) for fact in facts]
    announced = [Create(of_outbox.outbox(told.id), told) for told in messages]
    documents.commit(Replace(read, after), *also, *announced)
    return messages


def fail(read: Versioned[Run], after: Run, reason: str, documents: Documents, post: Post, clock: Clock) -> None:
    """Ends the run as failed, gives its slot back and says why. `after` is the run with what is known of its job."""
    ended = after.to(RunState.FAILED, clock(), reason)
    told = RunFailed(ended.dataset, ended.id, reason, ended.job, ended.model)
    move(read, ended, (told,), documents, post, *freed_slot(ended, documents))


def cancel(read: Versioned[Run], after: Run, reason: str, documents: Documents, post: Post, clock: Clock) -> None:
    """Ends the run as cancelled, gives its slot back and says why."""
    ended = after.to(RunState.CANCELLED, clock(), reason)
    told = RunCancelled(ended.dataset, ended.id, reason, ended.job)
    move(read, ended, (told,), documents, post, *freed_slot(ended, documents))
