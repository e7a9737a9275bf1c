"""A webhook over HTTP: signed anew at every attempt, repeated with back-off, and never redirected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

import urllib3
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry
from urllib3.exceptions import HTTPError

from attune.domain.webhook import Notice, Secret, address_fault, headers
from attune.errors import UnavailableError
from attune.ports import Clock
from attune.services.relay import UnwantedError

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 20.0  # the specification advises 15 to 30
_PATIENCE_SECONDS = 30.0  # then the message goes back to its subscription, which waits longer and longer
# The one policy. A notice that comes twice has the same id twice; a wait is anything up to the back-off.
_REPEATED = Retry(initial=1.0, maximum=10.0, multiplier=2.0, timeout=_PATIENCE_SECONDS)
_HEADERS = {"content-type": "application/cloudevents+json; charset=utf-8", "user-agent": "attune"}


class HttpHook:
    """The port `Hook`. Once `wanted` is false, what has failed is not tried again."""

    def __init__(
        self,
        address: str,
        secrets: Sequence[Secret],
        clock: Clock,
        wanted: Callable[[], bool] = lambda: True,
        repeated: Retry = _REPEATED,
    ) -> None:
        if fault := address_fault(address):
            raise ValueError(fault)
        if not secrets:
            raise ValueError("a webhook needs a secret to sign with")
        self._address = address
        self._secrets = tuple(secrets)
        self._clock = clock
        self._wanted = wanted
        self._repeated = repeated.with_predicate(self._may_help)
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS)
        self._pool = urllib3.PoolManager(retries=False, timeout=timeout)

    def post(self, notice: Notice) -> None:
        """Posts the notice, several times if need be, and returns when it was taken.

        Raises:
            UnavailableError: it was not, as often as it was tried.
            UnwantedError: nothing is to be posted there any more.
        """
        try:
            self._repeated(self._attempt)(notice)
        except RetryError as given_up:
            raise UnavailableError(str(given_up.cause)) from given_up

    def _may_help(self, error: Exception) -> bool:
        return isinstance(error, UnavailableError) and self._wanted()

    def _attempt(self, notice: Notice) -> None:
        status = self._status(notice)
        if status == HTTPStatus.GONE:
            raise UnwantedError("the receiver wants no more events (410)")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise UnavailableError(f"the receiver answered {status}")

    def _status(self, notice: Notice) -> int:
        """Of the answer nothing is read but its status; of an error nothing is told but its kind, as it has the URL."""
        told = headers(notice, self._secrets, int(self._clock().timestamp()))
        try:
            answer = self._pool.request(
                "POST",
                self._address,
                body=notice.body,
                headers={**_HEADERS, **told},
                redirect=False,
                preload_content=False,
            )
        except HTTPError as lost:
            raise UnavailableError(f"the receiver did not answer ({type(lost).__name__})") from None
        answer.close()
        return answer.status
