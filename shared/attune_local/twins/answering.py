"""Models that answer, in memory: the stand-in's own engine, without the wire between."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from attune.adapters.quiet import quiet
from attune.domain.evaluation.example import Answer
from attune.errors import QuotaError, UnavailableError, VanishedError
from attune_local.vertex.content import parse_conversation
from attune_local.vertex.engine import Engine
from attune_local.vertex.errors import Code, ServiceError

_TROUBLE = {Code.NOT_FOUND: VanishedError, Code.RESOURCE_EXHAUSTED: QuotaError}


@dataclass(frozen=True, slots=True)
class EngineAnswering:
    """The twin of `VertexAnswering`."""

    engine: Engine

    def ask(self, target: str, row: bytes) -> Answer:
        """The engine's answer."""
        asked = orjson.loads(row)
        asked["contents"] = asked["contents"][:-1]
        name = target if target.startswith("projects/") else f"publishers/google/models/{target}"
        try:
            said = self.engine.generate_content(name, parse_conversation(asked))
        except ServiceError as error:
            if error.code is Code.INVALID_ARGUMENT:
                return Answer("", 0.0, failure=quiet(error.message))
            raise _TROUBLE.get(error.code, UnavailableError)(quiet(error.message)) from error
        return Answer(said.text, 0.0, said.prompt_tokens, said.answer_tokens, finish="STOP")
