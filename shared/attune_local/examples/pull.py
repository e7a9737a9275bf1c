"""Pull: hear of what happens in a process of your own, behind any firewall.

python -m attune_local.examples.pull SUBSCRIPTION [TYPE [DATASET]]    made where it is not there yet

With the variables that `make local` prints, or in a cloud. The emulator ignores filters; the service does not.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from google.api_core.exceptions import AlreadyExists
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message

from attune_local.examples.filters import only

TOPIC = "attune-events"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. A duplicate has the same `id`: whoever does something once remembers the ids it was done for."""

    id: str
    type: str
    dataset: str
    subject: str
    time: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, attributes: Mapping[str, str], data: bytes) -> Self:
        """The event in a message; attune.schemas has the schema of the data of each type."""
        told = {name: attributes[f"ce-{name}"] for name in ("id", "type", "dataset", "subject", "time")}
        return cls(**told, data=json.loads(data))


def subscribe(subscriber: SubscriberClient, project: str, name: str, wanted: str) -> str:
    """The full name of a subscription to the events, made where it is not there yet.

    What its reader does not acknowledge comes again after 10 s, then more and more rarely, for 7 days.
    """
    asked = {
        "name": subscriber.subscription_path(project, name),
        "topic": subscriber.topic_path(project, TOPIC),
        "filter": wanted,
        "ack_deadline_seconds": 60,
        "retry_policy": {"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 600}},
        "expiration_policy": {},  # never: the default is 31 days without a reader
    }
    with suppress(AlreadyExists):  # with whatever filter it was made
        subscriber.create_subscription(request=asked)
    return str(asked["name"])


def listen(subscriber: SubscriberClient, subscription: str, handle: Callable[[Event], None]) -> Any:
    """Hands every event to `handle`, in threads, until the future that this returns is cancelled.

    An event is acknowledged once `handle` returns; when it raises, the event comes again.
    """

    def take(message: Message) -> None:
        handle(Event.of(message.attributes, message.data))
        message.ack()

    return subscriber.subscribe(subscription, callback=take)


def main(name: str, event_type: str = "", dataset: str = "") -> None:
    """Prints events until Ctrl-C."""
    with SubscriberClient() as subscriber:
        project = os.environ["GOOGLE_CLOUD_PROJECT"]
        subscription = subscribe(subscriber, project, name, only(event_type, dataset))
        stream = listen(subscriber, subscription, lambda event: print(event.time, event.type, event.subject))
        try:
            stream.result()
        except KeyboardInterrupt:
            stream.cancel()
            stream.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
