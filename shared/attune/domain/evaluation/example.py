"""A held-out utterance as it is put to a model, and what a model answered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attune.domain.evaluation.contender import Contender
from attune.domain.task import Kind


@dataclass(frozen=True, slots=True)
class Example:
    """An utterance of the hold-out.

    `row` names what is asked: the row's object, whose name is a digest of all that is in it. `seconds` are the
    recording's; `group` is its speaker's, where the dataset names speakers. `schema` is that of a JSON target.
    `labels` (none: any) are a classification's. `reference` is empty until the row was read.
    """

    pair: str
    path: str
    row: str
    seconds: float
    reference: str = field(default="", repr=False)
    kind: Kind = Kind.TRANSCRIPTION
    task: str = ""
    group: str | None = None
    labels: tuple[str, ...] = ()
    schema: Mapping[str, object] | None = None

    def key(self, contender: Contender) -> str:
        """Names a contender's answer to this very question: it begins with the pair, to be found with it."""
        asked = f"{contender.target}\n{contender.model}\n{self.row}"
        return f"{self.pair}-{hashlib.sha256(asked.encode()).hexdigest()[:24]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answered, how long it took in seconds, and what it counted.

    `finish` is the service's reason for ending. `failure` says why there is no answer and will not be one; the text is
    empty then.
    """

    text: str = field(repr=False)
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    finish: str | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer's document: who answered what, when, and the reference that stood beside the question."""

    pair: str
    target: str
    model: str
    at: datetime
    answer: Answer
    reference: str = field(repr=False)
