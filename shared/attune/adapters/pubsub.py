"""The topics in Pub/Sub: each message a CloudEvent in the binary binding, handed over before `publish` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as LateError
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Self

import orjson
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError

from attune.adapters.codec import plain
from attune.domain.events.message import Channel, Message
from attune.errors import UnavailableError

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

_ATTEMPT_SECONDS = 10.0
_PATIENCE_SECONDS = 30.0
# The client publishes in a thread of its own, which ends this long after the last attempt at most.
_THREAD_SECONDS = 5.0
_PASSING = (
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.ServerError,
    exceptions.TooManyRequests,
    TransportError,
)
# Rights may be given, and take minutes to arrive.
_NOT_ALLOWED = (exceptions.Forbidden, exceptions.Unauthorized)
# The one policy. A message that comes twice has the same id twice; a wait is anything up to the back-off.
_REPEATED = Retry(if_exception_type(*_PASSING), initial=0.1, maximum=5.0, multiplier=2.0, timeout=_PATIENCE_SECONDS)


class PubSubPost:
    """The port `Post`. `connect` makes the client, at the first message; `topics` are full names.

    A message is handed over again for `patience` seconds.
    """

    def __init__(
        self,
        connect: Callable[[], PublisherClient],
        topics: Mapping[Channel, str],
        source: str,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._connect = connect
        self._repeated = _REPEATED.with_timeout(patience)
        self._waited = patience + _ATTEMPT_SECONDS + _THREAD_SECONDS
        self._topics = dict(topics)
        self._source = source

    @classmethod
    def of_project(cls, project: str, topics: Mapping[Channel, str]) -> Self:
        """The post of a project, its topics by their ids."""
        full = {channel: f"projects/{project}/topics/{topic}" for channel, topic in topics.items()}
        return cls(unbatched_publisher, full, f"//attune/projects/{project}")

    def publish(self, message: Message) -> None:
        """Hands the message to its topic, and returns when the topic has it. A repetition carries the same id."""
        topic = self._topics[message.channel]
        body = orjson.dumps(plain(message.data), option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
        attributes = _attributes(message, self._source)
        try:
            handed = self._publisher.publish(topic, body, retry=self._repeated, timeout=_ATTEMPT_SECONDS, **attributes)
            handed.result(timeout=self._waited)
        except (*_PASSING, *_NOT_ALLOWED, exceptions.RetryError, LateError) as passing:
            raise UnavailableError(f"Pub/Sub did not take {message.id} for {topic}") from passing

    @cached_property
    def _publisher(self) -> PublisherClient:
        return self._connect()


def unbatched_publisher() -> PublisherClient:
    """Google's client, which would otherwise wait for more messages before it sends one."""
    from google.cloud.pubsub_v1 import PublisherClient  # noqa: PLC0415 - a second that most calls need not spend
    from google.cloud.pubsub_v1.types import BatchSettings  # noqa: PLC0415 - the same

    return PublisherClient(batch_settings=BatchSettings(max_messages=1, max_latency=0))


def _attributes(message: Message, source: str) -> dict[str, str]:
    trace = {"ce-traceparent": message.traceparent} if message.traceparent else {}  # CloudEvents' distributed tracing
    return trace | {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": message.id,
        "ce-source": source,
        "ce-type": message.type,
        "ce-subject": message.subject,
        "ce-time": message.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),  # RFC 3339
        "ce-dataset": message.dataset,  # an extension attribute: what a subscription filters on
    }
