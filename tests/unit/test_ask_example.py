"""The example for applications asks the model as its rows asked: Google's client, seen from the wire."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google import genai

from attune.alias import Served
from attune_local.examples.ask import ask
from attune_local.vertex.content import camel
from receiver import Receiver, receiving

ENDPOINT = "projects/p/locations/us-central1/endpoints/7"
SERVED: dict[str, Any] = {
    "alias": "production",
    "endpoint": ENDPOINT,
    "model": "models/7",
    "dataset": "calls",
    "run": "r000007",
    "serial": 7,
    "prompt": "Write down what is said.",
    "system_instruction": None,
    "task_prompts": {},
    "row_format": "file_uri",
    "resolved_at": datetime(2026, 11, 22, tzinfo=UTC),
}
SOUND = b"\xfb\xff\xfe RIFF"


@pytest.fixture
def vertex() -> Iterator[Receiver]:
    with receiving() as receiver:
        said = {"candidates": [{"content": {"role": "model", "parts": [{"text": "it says so"}]}}]}
        receiver.then, receiver.body = 200, json.dumps(said).encode()
        receiver.headers = {"content-type": "application/json"}
        yield receiver


def asked(vertex: Receiver, thinking: int | None = 0, **fields: Any) -> dict[str, Any]:
    """The request that the example makes."""
    served = Served(**(SERVED | fields))
    with genai.Client(vertexai=True, api_key="local", http_options={"base_url": vertex.url}) as client:
        assert ask(client, served, SOUND, "audio/wav", thinking) == "it says so"
    (posted,) = vertex.posted
    assert posted.path.endswith(f"/{ENDPOINT}:generateContent")
    body: dict[str, Any] = json.loads(posted.body, object_pairs_hook=in_camel_case)
    return body


def in_camel_case(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The client sends some keys so and some otherwise; the service takes both."""
    return {camel(key): value for key, value in pairs}


def kinds(body: dict[str, Any]) -> list[str]:
    (turn,) = body["contents"]
    return [next(iter(part)) for part in turn["parts"]]


def test_a_model_of_file_uri_rows_is_given_the_recording_and_then_the_prompt_of_its_training(vertex: Receiver) -> None:
    body = asked(vertex)
    assert kinds(body) == ["inlineData", "text"]
    sound, prompt = body["contents"][0]["parts"]
    assert prompt["text"] == "Write down what is said."
    assert sound["inlineData"]["mimeType"] == "audio/wav"
    assert urlsafe_b64decode(sound["inlineData"]["data"]) == SOUND
    assert "systemInstruction" not in body


def test_a_model_of_inline_rows_is_given_the_prompt_and_then_the_recording(vertex: Receiver) -> None:
    assert kinds(asked(vertex, row_format="inline_data")) == ["text", "inlineData"]


def test_a_model_that_was_trained_under_an_instruction_is_asked_under_it(vertex: Receiver) -> None:
    body = asked(vertex, system_instruction="You are a clerk.")
    assert body["systemInstruction"]["parts"] == [{"text": "You are a clerk."}]


def test_a_tuned_model_is_asked_not_to_think_unless_it_is_left_to_it(vertex: Receiver) -> None:
    assert asked(vertex)["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 0}
    vertex.posted.clear()
    assert "thinkingConfig" not in asked(vertex, thinking=None).get("generationConfig", {})
