"""Where messages lie that are still to be sent."""

from __future__ import annotations

from attune.domain.events.message import Message
from attune.ports import Key, Query


def outbox(message_id: str) -> Key[Message]:
    """A message that waits to be sent."""
    return Key(Message, ("outbox", message_id))


def waiting_messages() -> Query[Message]:
    """The outbox."""
    return Query(Message, ("outbox",))
