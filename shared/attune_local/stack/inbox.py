"""A subscriber's view of a topic: everything received so far, in a list."""

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock

from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message

from attune_local.stack.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came; duplicates are kept."""

    message_id: str
    attributes: Mapping[str, str]
    data: bytes = field(repr=False)


class Inbox:
    """Receives in the background from the subscription until closed."""

    def __init__(self, client: SubscriberClient, subscription: str) -> None:
        self.subscription = subscription
        self._lock = Lock()
        self._received: list[Received] = []
        self._stream = client.subscribe(subscription, callback=self._take)

    def messages(self) -> list[Received]:
        """Return what was received so far, in the order of arrival."""
        with self._lock:
            return list(self._received)

    def wait_for(self, wanted: Callable[[Received], bool], limit: float, what: str) -> Received:
        """Return the first message that is wanted, once it is there; TooLate after `limit` seconds."""
        (found,) = wait_until(lambda: [each for each in self.messages() if wanted(each)][:1], limit, what)
        return found

    def wait_for_count(self, count: int, limit: float) -> list[Received]:
        """Return everything once at least `count` messages are there; TooLate after `limit` seconds."""
        wait_until(lambda: len(self.messages()) >= count, limit, f"{count} messages")
        return self.messages()

    def close(self) -> None:
        """Stop receiving."""
        self._stream.cancel()
        with suppress(CancelledError):
            self._stream.result()

    def _take(self, message: Message) -> None:
        with self._lock:
            self._received.append(Received(message.message_id, dict(message.attributes), message.data))
        message.ack()
