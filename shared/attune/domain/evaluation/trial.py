"""How a run's model is to be measured, frozen with its recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from attune.domain.evaluation.gate import Limits

_LONGEST_HOURS = 24 * 90


@dataclass(frozen=True, slots=True)
class Guard:
    """Whether a promoted model is measured again: for so many `hours`, `checks` times, evenly spaced.

    Each time on at most `examples` of its hold-out. When its error rate has risen by more than `max_regression` (of 1)
    since it was promoted, the alias goes back. Without hours it is not measured again.
    """

    hours: float | None = None
    checks: int = 3
    examples: int = 50
    max_regression: float = 0.05


@dataclass(frozen=True, slots=True)
class Trial:
    """On at most `examples` of the hold-out, whose words are of a `language` (BCP 47), and against which limits.

    `group_by` is the dataset's pattern for speakers, whose slices are told apart.
    """

    examples: int = 200
    language: str = "en"
    group_by: str | None = None
    gate: Limits = field(default_factory=Limits)
    guard: Guard = field(default_factory=Guard)


def faults(guard: Guard) -> Iterator[str]:
    """What is wrong with a guard that somebody wrote, a sentence each."""
    if guard.hours is not None and not 0 < guard.hours <= _LONGEST_HOURS:
        yield f"hours must be more than 0 and at most {_LONGEST_HOURS}"
    if guard.checks < 1 or guard.examples < 1:
        yield "checks and examples must be 1 or more"
    if not 0 <= guard.max_regression <= 1:
        yield "max_regression must be 0 to 1"
