"""generateContent without HTTP: finds who serves, hears the recording, has the listener answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from attune_local.vertex.admission import base_model_name
from attune_local.vertex.answers import Listener, Memory, ModelKind
from attune_local.vertex.content import Conversation, InlineData, Part, Text
from attune_local.vertex.errors import Code, ServiceError, not_found
from attune_local.vertex.limits import INLINE_REQUEST_BYTES, SERVING, ModelLimits
from attune_local.vertex.media import Sound, UnusableError, hear, text_tokens
from attune_local.vertex.objects import Objects
from attune_local.vertex.registry import Registry
from attune_local.vertex.resources import Endpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and what it cost."""

    text: str
    prompt_tokens: int
    answer_tokens: int
    model_version: str


@dataclass(frozen=True, slots=True)
class Served:
    """A model that can answer."""

    kind: ModelKind
    version: str
    """What `modelVersion` says."""
    memory: Memory

    @classmethod
    def on_endpoint(cls, endpoint: Endpoint, registry: Registry) -> Self:
        """What is deployed on an endpoint; 404 when nothing is."""
        if not endpoint.deployed_models:
            raise ServiceError(Code.NOT_FOUND, f"The Endpoint {endpoint.name} has no deployed model.")
        deployed = endpoint.deployed_models[0]
        model = registry.model(f"{deployed.model}@{deployed.model_version_id}")
        return cls(ModelKind.TUNED, model.base_model, registry.memory(model))

    @classmethod
    def as_base(cls, name: str, catalogue: Mapping[str, ModelLimits]) -> Self:
        """A publisher's model; 404 when there is none of that name."""
        model = base_model_name(name)
        if model not in catalogue:
            raise not_found("Publisher Model", name)
        return cls(ModelKind.BASE, model, ())


@dataclass(frozen=True, slots=True)
class Desk:
    """Takes questions."""

    objects: Objects
    listener: Listener

    def answer(self, served: Served, asked: Conversation) -> Answer:
        """The model's answer; 400 when a part cannot be used."""
        parts = [part for turn in asked.turns for part in turn.parts]
        _check_inline(parts)
        heard = [self._hear(part) for part in parts]
        text = self.listener.answer(served.kind, served.memory, heard)
        prompt = text_tokens(asked.system) + sum(_tokens(part) for part in heard)
        return Answer(text, prompt, text_tokens(text), served.version)

    def _hear(self, part: Part) -> Text | Sound:
        if isinstance(part, Text):
            return part
        try:
            return hear(part, self.objects, SERVING)
        except UnusableError as error:
            raise ServiceError(Code.INVALID_ARGUMENT, f"The request {error}.") from error


def _check_inline(parts: list[Part]) -> None:
    size = sum(len(part.data) for part in parts if isinstance(part, InlineData))
    if size > INLINE_REQUEST_BYTES:
        raise ServiceError(Code.INVALID_ARGUMENT, f"The request has more than {INLINE_REQUEST_BYTES} bytes inline.")


def _tokens(part: Text | Sound) -> int:
    return part.recording.tokens if isinstance(part, Sound) else text_tokens(part.text)
