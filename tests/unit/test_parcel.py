"""What goes from one process to another arrives as it was sent."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from attune.config import Settings
from attune.domain.finding import Finding, Severity
from attune.domain.pair import Measured
from attune.domain.quality.customs import Cased, Style
from attune.domain.quality.heard import Heard
from attune.services.check.parcel import pack, unpack


@dataclass(frozen=True, slots=True)
class Single:
    one: object


@dataclass(frozen=True)
class Named:
    one: int
    two: int = field(default=2, kw_only=True)


@dataclass
class Counted:
    one: int
    twice: int = field(init=False)

    def __post_init__(self) -> None:
        self.twice = 2 * self.one


@pytest.mark.parametrize(
    "thing",
    [
        None,
        [Finding("code", Severity.LOOK, "It is so.", "Do this.")] * 3,
        Measured(Heard(2.0, 16_000, 1, None), "transcription", 11.5, Style(Cased.LOWER, punctuated=None)),
        Single(Single((Single("deep"), {"a": Single(1)}))),
        Named(1, two=3),
        Counted(4),
        Settings(threshold=7),
        Single,
    ],
    ids=repr,
)
def test_it_arrives_as_it_was_sent(thing: object) -> None:
    assert unpack(pack(thing)) == thing
