"""Where it lies what was measured of models."""

from __future__ import annotations

from attune.domain.evaluation.guard import Check
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.names import run_id
from attune.ports import Key


def evaluation(dataset: str, number: int) -> Key[Evaluation]:
    """What was measured of a run's model, and what the gate said of it."""
    return Key(Evaluation, ("datasets", dataset, "runs", run_id(number), "evaluations", "gate"))


def guard_check(dataset: str, number: int, check: int) -> Key[Check]:
    """What one of the checks after a run's promotion found."""
    return Key(Check, ("datasets", dataset, "runs", run_id(number), "evaluations", f"guard-{check}"))
