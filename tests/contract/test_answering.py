"""Answering: a row's question to a model, and what of its troubles may pass."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from attune.adapters.vertex_answers import host_of, vertex_answering
from attune.errors import QuotaError, UnavailableError, VanishedError
from attune.ports_tuning import Answering
from attune_local.twins.answering import EngineAnswering
from attune_local.vertex.mischief import Kind, Method, Mischief
from attune_local.vertex.server import serving
from contract.conftest import MEMORY, PROJECT, REGION, SERVED, Shop
from contract.test_tuning import ended
from vertex_samples import TRAIN, file_row

ASKED = frozenset({Method.GENERATE_CONTENT})
BASE = "gemini-2.5-flash"


@pytest.fixture(params=[MEMORY, SERVED])
def answering(request: pytest.FixtureRequest, shop: Shop) -> Iterator[Answering]:
    if request.param == "memory":
        yield EngineAnswering(shop.engine)
        return
    with serving(shop.engine) as address:
        yield vertex_answering(PROJECT, address, lambda _: REGION)


def row(shop: Shop) -> bytes:
    """One that the shop's models were trained on."""
    return shop.contents[TRAIN].splitlines()[0]


def trouble(shop: Shop, kind: Kind, times: int = 50) -> None:
    shop.engine.misbehave(Mischief(kind, times=times, methods=ASKED))


def test_a_tuned_model_is_asked_at_its_endpoint_and_its_words_and_tokens_are_counted(
    shop: Shop, answering: Answering
) -> None:
    job = ended(shop)
    answer = answering.ask(str(job.endpoint), row(shop))
    assert answer.text == json.loads(row(shop))["contents"][-1]["parts"][0]["text"]
    assert answer.failure is None
    assert answer.finish == "STOP"
    assert answer.input_tokens > 0
    assert answer.output_tokens > 0
    assert answer.seconds >= 0


def test_a_base_model_is_asked_by_its_name(shop: Shop, answering: Answering) -> None:
    answer = answering.ask(BASE, row(shop))
    assert answer.text
    assert answer.text != json.loads(row(shop))["contents"][-1]["parts"][0]["text"]


def test_what_the_model_should_say_is_not_told_to_it(shop: Shop, answering: Answering) -> None:
    told = json.loads(row(shop))
    told["contents"][-1]["parts"][0]["text"] = "other words"
    assert answering.ask(BASE, json.dumps(told).encode()).text == answering.ask(BASE, row(shop)).text


@pytest.mark.parametrize("target", [BASE + "-nano", f"projects/{PROJECT}/locations/{REGION}/endpoints/1"])
def test_who_is_not_there_has_vanished(answering: Answering, target: str, shop: Shop) -> None:
    with pytest.raises(VanishedError, match=target):
        answering.ask(target, row(shop))


def test_a_question_that_is_never_answered_is_an_answer_with_its_failure(shop: Shop, answering: Answering) -> None:
    trouble(shop, Kind.BLOCK)
    answer = answering.ask(BASE, row(shop))
    assert (answer.text, answer.failure) == ("", "Request contains an invalid argument.")


def test_a_recording_that_is_not_there_is_a_question_never_answered(answering: Answering) -> None:
    answer = answering.ask(BASE, json.dumps(file_row("gs://sets/none.wav")).encode())
    assert answer.failure


def test_too_many_questions_may_be_asked_again_later(shop: Shop, answering: Answering) -> None:
    trouble(shop, Kind.EXHAUSTED)
    with pytest.raises(QuotaError):
        answering.ask(BASE, row(shop))


def test_an_unavailable_service_is_asked_again_and_then_left_for_later(shop: Shop) -> None:
    with serving(shop.engine) as address:
        trouble(shop, Kind.UNAVAILABLE, times=2)
        assert vertex_answering(PROJECT, address, lambda _: REGION).ask(BASE, row(shop)).text
        trouble(shop, Kind.UNAVAILABLE)
        with pytest.raises(UnavailableError, match=BASE):
            vertex_answering(PROJECT, address, lambda _: REGION, patience=0.5).ask(BASE, row(shop))


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
    ],
)
def test_each_location_has_its_host(location: str, host: str) -> None:
    assert host_of(location) == host


def test_who_answers_nothing_is_unavailable(shop: Shop) -> None:
    nobody = vertex_answering(PROJECT, "http://127.0.0.1:1", lambda _: REGION, patience=0.5)
    with pytest.raises(UnavailableError):
        nobody.ask(BASE, row(shop))
