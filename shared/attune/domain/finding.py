"""A finding: one thing a rule says of a file, for programs as a code and for people as what is wrong and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for its pair: it is refused, was repaired, or is in and somebody should look at it."""

    REFUSED = "refused"
    REPAIRED = "repaired"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's word on one pair.

    `code` names the rule, `sentence` says what is wrong with its figures, `fix` what to do; never what is said in it.
    """

    code: str
    severity: Severity
    sentence: str
    fix: str
