"""Send what waits in the outbox: published first, deleted after, so that a crash sends twice and never not at all."""

from __future__ import annotations

from collections.abc import Iterable

from attune.domain.events.message import Message
from attune.ports import Delete, Documents, Post
from attune.services.manifests import of_outbox

_PAGE = 100


def deliver(messages: Iterable[Message], documents: Documents, post: Post) -> None:
    """Sends messages that are in the outbox."""
    for message in messages:
        post.publish(message)
        documents.commit(Delete(of_outbox.outbox(message.id)))


def drain(documents: Documents, post: Post) -> int:
    """Sends all that a crash left behind, at most a page a call; returns how many."""
    waiting = [found.value for found in documents.find(of_outbox.waiting_messages(), limit=_PAGE)]
    deliver(waiting, documents, post)
    return len(waiting)
