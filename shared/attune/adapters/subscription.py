"""A subscription to the events, pulled in small batches: each message a notice, acknowledged once it was taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError

from attune.domain.webhook import Notice
from attune.errors import NotAnEventError, RefusedError, UnavailableError
from attune.services.relay import Fate

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import SubscriberClient

A = TypeVar("A")

_CONTEXT = ("specversion", "id", "source", "type", "subject", "time")
_AT_ONCE = 10
_LEASE_SECONDS = 120  # longer than a webhook is tried; after a crash, messages come again that much later
_PULL_SECONDS = 5.0  # for a message to come; how long an end may have to wait
_PAUSE_SECONDS = 0.2  # where a pull comes back with nothing at once
_CALL_SECONDS = 20.0
_PATIENCE_SECONDS = 600.0
_PASSING = (exceptions.ServerError, exceptions.TooManyRequests, exceptions.Aborted, exceptions.Cancelled)
_REPEATED = Retry(initial=1.0, maximum=60.0, multiplier=2.0, timeout=_PATIENCE_SECONDS)


def notice_of(attributes: Mapping[str, str], data: bytes) -> Notice:
    """The CloudEvent in a message, in JSON whole: in its body, its type and dataset are signed, too.

    Raises:
        NotAnEventError: it is none.
    """
    try:
        context = {name: attributes[f"ce-{name}"] for name in _CONTEXT}
        extension = {"dataset": attributes["ce-dataset"]}
        whole = {**context, **extension, "datacontenttype": "application/json", "data": orjson.loads(data)}
        return Notice(context["id"], context["type"], orjson.dumps(whole))
    except KeyError as missing:
        raise NotAnEventError(f"the message has no attribute {missing}") from None
    except ValueError:
        raise NotAnEventError("the message's id or data is none of ours") from None


class Subscription:
    """Hands messages on, several at once, until it is told to end."""

    def __init__(self, client: SubscriberClient, name: str, ended: Event, lease_seconds: int = _LEASE_SECONDS) -> None:
        self._client = client
        self._name = name
        self._ended = ended
        self._lease_seconds = lease_seconds
        self._repeated = _REPEATED.with_predicate(self._may_help)

    def hand_on(self, handle: Callable[[Notice], Fate], refuse: Callable[[NotAnEventError], None]) -> None:
        """Acknowledges each message that was taken; the others come again. An unwanted one is the end.

        What is no event of ours goes to `refuse` and is acknowledged, since it would come again for ever.

        Raises:
            RefusedError: there is no such subscription, or no right to it.
            UnavailableError: Pub/Sub did not answer for ten minutes.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while not self._ended.is_set():
                received = self._call(self._pull)
                list(pool.map(lambda each: self._take(each, handle, refuse), received))
                if not received:
                    self._ended.wait(_PAUSE_SECONDS)

    def _pull(self) -> Sequence[Any]:
        asked = {"subscription": self._name, "max_messages": _AT_ONCE}
        try:
            received: Sequence[Any] = self._client.pull(asked, retry=None, timeout=_PULL_SECONDS).received_messages
        except exceptions.DeadlineExceeded:
            return ()  # nothing came
        if received:
            self._lease([each.ack_id for each in received], self._lease_seconds)
        return received

    def _take(self, received: Any, handle: Callable[[Notice], Fate], refuse: Callable[[NotAnEventError], None]) -> None:
        fate = Fate.AGAIN if self._ended.is_set() else self._fate(received.message, handle, refuse)
        if fate is Fate.UNWANTED:
            self._ended.set()
        if fate is Fate.TAKEN:
            self._call(lambda: self._acknowledge(received.ack_id))
        else:
            self._call(lambda: self._lease([received.ack_id], 0))

    def _fate(self, message: Any, handle: Callable[[Notice], Fate], refuse: Callable[[NotAnEventError], None]) -> Fate:
        try:
            notice = notice_of(dict(message.attributes), message.data)  # the map itself makes up what it lacks
        except NotAnEventError as other:
            refuse(other)
            return Fate.TAKEN
        return handle(notice)

    def _acknowledge(self, ack_id: str) -> None:
        asked = {"subscription": self._name, "ack_ids": [ack_id]}
        self._client.acknowledge(asked, retry=None, timeout=_CALL_SECONDS)

    def _lease(self, ack_ids: Sequence[str], seconds: int) -> None:
        """Keeps messages from others for so long; for no time at all, and they come again."""
        asked = {"subscription": self._name, "ack_ids": ack_ids, "ack_deadline_seconds": seconds}
        self._client.modify_ack_deadline(asked, retry=None, timeout=_CALL_SECONDS)

    def _call(self, ask: Callable[[], A]) -> A:
        try:
            return self._repeated(ask)()
        except (exceptions.ClientError, GoogleAuthError) as refusal:
            raise RefusedError(f"{self._name} cannot be read: {refusal}") from refusal
        except (exceptions.GoogleAPICallError, exceptions.RetryError) as lost:
            raise UnavailableError(f"{self._name} cannot be read now: {lost}") from lost

    def _may_help(self, error: Exception) -> bool:
        return isinstance(error, _PASSING) and not self._ended.is_set()
