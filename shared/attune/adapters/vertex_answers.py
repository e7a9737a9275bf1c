"""Gemini models that answer: tuned ones behind their endpoints, and base models, asked as the training rows ask."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from threading import Lock

import orjson
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.aiplatform_v1 import (
    Candidate,
    GenerateContentRequest,
    GenerateContentResponse,
    PredictionServiceClient,
)
from google.cloud.aiplatform_v1.services.prediction_service.transports.rest import PredictionServiceRestTransport
from google.protobuf.json_format import ParseDict

from attune.adapters.quiet import quiet
from attune.domain.evaluation.example import Answer
from attune.errors import QuotaError, UnavailableError, VanishedError

Clients = Callable[[str], PredictionServiceClient]
"""The client of a location: a region, or a multi-region."""
Locations = Callable[[str], str]
"""Where a base model is asked, by its name."""

_ANSWER_SECONDS = 120.0
_MOST_OUTPUT_TOKENS = 8_192  # what is said in half an hour; a model that runs away is stopped there
_LOCATION = re.compile(r"/locations/([^/]+)/")
_MULTI_REGIONS = ("us", "eu")
# OSError is what requests raises of a connection, under REST; gRPC makes ServiceUnavailable of it.
_PASSING = (exceptions.ServiceUnavailable, exceptions.InternalServerError, exceptions.BadGateway, OSError)
_PATIENCE_SECONDS = 30.0
# The one policy. A question changes nothing, so that it may be put twice, if not to one who is asked too often: that
# waits for the next tick. A wait is anything up to the back-off.
_REPEATED = Retry(if_exception_type(*_PASSING), initial=0.3, maximum=8.0, multiplier=2.0, timeout=_PATIENCE_SECONDS)
_LOST = (exceptions.GoogleAPIError, GoogleAuthError, OSError)
_STOPPED = (Candidate.FinishReason.STOP, Candidate.FinishReason.MAX_TOKENS)


class VertexAnswering:
    """The port `Answering`. An unavailable model is asked again for `patience` seconds.

    Tuned models answer best without thinking; one that cannot but think is let.
    """

    def __init__(
        self, clients: Clients, project: str, locations: Locations, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._repeated = _REPEATED.with_timeout(patience)
        self._clients = clients
        self._project = project
        self._locations = locations
        self._thinkers: set[str] = set()
        self._lock = Lock()

    def ask(self, target: str, row: bytes) -> Answer:
        """Puts the question of a row, all of it but the model's turn, to an endpoint or to a base model by its name.

        What the service will never answer is an answer with its `failure`.

        Raises:
            VanishedError: there is nobody at the target.
            QuotaError: not now: the target is asked too often.
            UnavailableError: no answer; asking again may help.
        """
        name = self._name(target)
        began = time.monotonic()
        try:
            said = self._thoughtless(name, row)
        except exceptions.BadRequest as refused:
            return Answer("", time.monotonic() - began, failure=quiet(refused.message) or "the question was refused")
        except exceptions.DeadlineExceeded:
            return Answer("", time.monotonic() - began, failure=f"no answer within {_ANSWER_SECONDS:g} seconds")
        except exceptions.NotFound as missing:
            raise VanishedError(f"{target} does not answer: {quiet(missing.message)}") from None
        except exceptions.TooManyRequests as full:
            raise QuotaError(f"{target} takes no more questions now: {quiet(full.message)}") from None
        except _LOST as lost:
            raise UnavailableError(f"{target} did not answer ({type(lost).__name__}): {quiet(str(lost))}") from None
        return _answer(said, time.monotonic() - began)

    def _name(self, target: str) -> str:
        if target.startswith("projects/"):
            return target
        return f"projects/{self._project}/locations/{self._locations(target)}/publishers/google/models/{target}"

    def _thoughtless(self, name: str, row: bytes) -> GenerateContentResponse:
        if name not in self._thinkers:
            try:
                return self._send(name, row, {"thinkingBudget": 0})
            except exceptions.BadRequest as refused:
                if "thinking" not in refused.message.lower():
                    raise
        said = self._send(name, row, None)
        with self._lock:
            self._thinkers.add(name)
        return said

    def _send(self, name: str, row: bytes, thinking: dict[str, int] | None) -> GenerateContentResponse:
        found = _LOCATION.search(name)
        client = self._clients(found.group(1) if found else "")
        ask = partial(client.generate_content, retry=self._repeated, timeout=_ANSWER_SECONDS)
        return ask(_request(name, row, thinking))


def vertex_answering(
    project: str, endpoint: str | None, locations: Locations, patience: float = _PATIENCE_SECONDS
) -> VertexAnswering:
    """The models of a project; at an `http://` endpoint, those of the stand-in there, without credentials."""
    return VertexAnswering(_remembered(partial(_client, endpoint)), project, locations, patience)


def _remembered(make: Clients) -> Clients:
    made: dict[str, PredictionServiceClient] = {}
    lock = Lock()

    def client(location: str) -> PredictionServiceClient:
        with lock:
            if location not in made:
                made[location] = make(location)
            return made[location]

    return client


def _client(endpoint: str | None, location: str) -> PredictionServiceClient:
    if endpoint and endpoint.startswith("http://"):
        host = endpoint.removeprefix("http://").rstrip("/")
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # no types there
        plain = PredictionServiceRestTransport(host=host, credentials=nobody, url_scheme="http")
        return PredictionServiceClient(transport=plain)
    return PredictionServiceClient(client_options={"api_endpoint": endpoint or host_of(location)})


def host_of(location: str) -> str:
    """The host that serves a region, a multi-region or `global` (Vertex AI, "Locations")."""
    if location in _MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return "aiplatform.googleapis.com" if location == "global" else f"{location}-aiplatform.googleapis.com"


def _request(name: str, row: bytes, thinking: dict[str, int] | None) -> GenerateContentRequest:
    asked = orjson.loads(row)
    asked["contents"] = asked["contents"][:-1]
    asked["generationConfig"] = {"temperature": 0, "maxOutputTokens": _MOST_OUTPUT_TOKENS}
    if thinking is not None:
        asked["generationConfig"]["thinkingConfig"] = thinking
    request = GenerateContentRequest(model=name)
    ParseDict(asked, GenerateContentRequest.pb(request))
    return request


def _answer(said: GenerateContentResponse, seconds: float) -> Answer:
    used = said.usage_metadata
    tokens = (used.prompt_token_count, used.candidates_token_count + used.thoughts_token_count)
    if not said.candidates:
        reason = said.prompt_feedback.block_reason.name
        return Answer("", seconds, *tokens, failure=f"the question was blocked: {reason}")
    first = said.candidates[0]
    text = "".join(part.text for part in first.content.parts if not part.thought)
    finish = first.finish_reason.name
    if not text and first.finish_reason not in _STOPPED:
        return Answer("", seconds, *tokens, finish=finish, failure=f"the answer was withheld: {finish}")
    return Answer(text, seconds, *tokens, finish=finish)
