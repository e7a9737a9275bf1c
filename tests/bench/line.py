"""A line of the table: what was measured, its goal, its figure, and whether that meets the goal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Line:
    """What was measured, the goal and the figure in words, and whether it is met (None: there is no goal).

    `numbers` is what the figure was made of, for the file that is kept; `counted` are those that come out the same on
    every machine (calls, bytes, modules, compositions), which `make check` holds to what is on record.
    """

    what: str
    goal: str
    figure: str
    met: bool | None
    numbers: Mapping[str, float] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
