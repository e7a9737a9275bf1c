"""Where models' answers lie."""

from __future__ import annotations

from attune.domain.evaluation.example import Answered
from attune.ports import Key, Query


def answer(dataset: str, key: str) -> Key[Answered]:
    """What a model answered to a held-out utterance."""
    return Key(Answered, ("datasets", dataset, "answers", key))


def answers_about(dataset: str, pair_id: str) -> Query[Answered]:
    """What models answered about a pair."""
    return Query(Answered, ("datasets", dataset, "answers"), (("pair", pair_id),))
