"""Tasks: what a dataset teaches beside transcription, each with its own prompt, chosen by the path's first folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

TRANSCRIPTION = "transcription"  # the task of every pair that lies in no other task's folder


class Kind(StrEnum):
    """What a pair's text is: what is said, one of a few labels, or a JSON document."""

    TRANSCRIPTION = "transcription"
    CLASSIFICATION = "classification"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Task:
    """A task. `labels` (none: any) are a classification's, `json_schema` (None: any document) a JSON task's."""

    name: str
    kind: Kind
    prompt: str
    labels: tuple[str, ...] = ()
    json_schema: Mapping[str, object] | None = None
