"""What the gate says of a run, and the evaluation that it says it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.scores import Comparison, Score, Slice


class Decision(StrEnum):
    """What becomes of the challenger."""

    PASS = "pass"  # noqa: S105 - no password
    REJECT = "reject"
    HOLD = "hold"  # nothing was measured: a person decides


@dataclass(frozen=True, slots=True)
class Check:
    """One limit of the gate: what was asked for, what was seen, and both in a sentence with their figures."""

    name: str
    passed: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision, its reason in a sentence, and every check that was made."""

    decision: Decision
    reason: str
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured, of whom, on how many of the hold-out's `held_out` utterances, and the verdict.

    `normalisation` says in words what was done to both texts before words were compared. `absent` are the contenders
    that could not be measured, with why.
    """

    at: datetime
    examples: int
    held_out: int
    normalisation: str
    contenders: tuple[Contender, ...] = ()
    absent: Mapping[Role, str] = field(default_factory=dict)
    scores: Mapping[Role, Score] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    slices: tuple[Slice, ...] = ()
    verdict: Verdict | None = None

    def contender(self, role: Role) -> Contender | None:
        """Who was measured in a role."""
        return next((each for each in self.contenders if each.role is role), None)
