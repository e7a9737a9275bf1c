"""Topics in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from attune.domain.events.message import Channel, Message


@dataclass(slots=True)
class MemoryPost:
    """The twin of `PubSubPost`: keeps what was published, in order."""

    sent: list[Message] = field(default_factory=list)

    def publish(self, message: Message) -> None:
        """Keeps the message."""
        self.sent.append(message)

    def on(self, channel: Channel) -> list[Message]:
        """What was published to one topic."""
        return [message for message in self.sent if message.channel is channel]
