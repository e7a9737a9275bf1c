"""What a check found: every pair with its verdict, everything else with its reason, and the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from attune.domain.finding import Finding, Severity
from attune.domain.pair import Measured
from attune.domain.split import Split
from attune.services.check.folder import Told
from attune.services.check.look import Material

_GRAVEST_FIRST = (Severity.REFUSED, Severity.LOOK, Severity.REPAIRED)


class State(StrEnum):
    """What would become of a pair: in, in with something to look at, refused; or it could not be looked at."""

    ACCEPTED = "accepted"
    LOOK = "look"
    REFUSED = "refused"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair: its files by their names in the folder, and its verdict. `material` is that of the row it would have."""

    id: str
    path: str
    ending: str
    audio: str
    transcript: str
    task: str
    state: State
    findings: tuple[Finding, ...] = ()
    measured: Measured | None = None
    material: Material | None = None
    split: Split | None = None
    fixed: bool = False
    fault: str | None = None

    @property
    def is_in(self) -> bool:
        """Whether it would become a row."""
        return self.state in {State.ACCEPTED, State.LOOK}

    @property
    def repaired(self) -> bool:
        """Whether its transcript was repaired."""
        return any(finding.severity is Severity.REPAIRED for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Share:
    """A task's pairs: how many there are, how many would be rows, and their hours."""

    pairs: int = 0
    rows: int = 0
    hours: float = 0.0


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums. `hours` are those of the rows; `held_out` is the share of them that is validation."""

    pairs: int
    states: Mapping[State, int]
    repaired: int
    fixed: int
    hours: float
    held_out: float
    tasks: Mapping[str, Share]
    waiting: int
    superseded: int
    ignored: int
    unread: int


@dataclass(frozen=True, slots=True)
class Took:
    """What looking at the pairs took, beside what came before and after: by the clock, and of all processors."""

    processes: int
    seconds: float
    processor_seconds: float


@dataclass(frozen=True, slots=True)
class Checked:
    """The whole result; `judged` and all others in the order of their names."""

    dataset: str
    judged: tuple[Judged, ...]
    waiting: tuple[Told, ...]
    superseded: tuple[Told, ...]
    ignored: tuple[Told, ...]
    unread: tuple[Told, ...]
    took: Took

    @property
    def complete(self) -> bool:
        """Whether everything could be looked at."""
        return not self.unread and not any(pair.state is State.UNREAD for pair in self.judged)

    @property
    def refused(self) -> bool:
        """Whether a pair would be refused."""
        return any(pair.state is State.REFUSED for pair in self.judged)

    @property
    def spotless(self) -> bool:
        """Whether there is nothing that anybody should look at."""
        rest = (self.waiting, self.superseded)
        return all(pair.state is State.ACCEPTED for pair in self.judged) and not any(rest)


def state_of(findings: Iterable[Finding]) -> State:
    """What a pair's findings make of it."""
    severities = {finding.severity for finding in findings}
    if Severity.REFUSED in severities:
        return State.REFUSED
    return State.LOOK if Severity.LOOK in severities else State.ACCEPTED


def totals(checked: Checked) -> Totals:
    """The sums of a check."""
    judged = checked.judged
    rows = [pair for pair in judged if pair.is_in]
    held_out = sum(pair.split is Split.VALIDATION for pair in rows)
    counted = Counter(pair.state for pair in judged)
    return Totals(
        pairs=len(judged),
        states={state: counted[state] for state in State},
        repaired=sum(pair.repaired for pair in judged),
        fixed=sum(pair.fixed for pair in judged),
        hours=_hours(rows),
        held_out=round(held_out / len(rows), 4) if rows else 0.0,
        tasks=_tasks(judged),
        waiting=len(checked.waiting),
        superseded=len(checked.superseded),
        ignored=len(checked.ignored),
        unread=len(checked.unread),
    )


def codes(checked: Checked) -> dict[str, list[Finding]]:
    """Everything that was found, by its code: the gravest first, and of those what most pairs have."""
    found: dict[str, list[Finding]] = {}
    for pair in checked.judged:
        for finding in pair.findings:
            found.setdefault(finding.code, []).append(finding)
    return dict(sorted(found.items(), key=_gravity))


def _gravity(found: tuple[str, list[Finding]]) -> tuple[int, int, str]:
    code, findings = found
    return (_GRAVEST_FIRST.index(findings[0].severity), -len(findings), code)


def _tasks(judged: Iterable[Judged]) -> dict[str, Share]:
    by_name: dict[str, list[Judged]] = {}
    for pair in judged:
        by_name.setdefault(pair.task, []).append(pair)
    return {name: _share(pairs) for name, pairs in sorted(by_name.items())}


def _share(pairs: list[Judged]) -> Share:
    rows = [pair for pair in pairs if pair.is_in]
    return Share(len(pairs), len(rows), _hours(rows))


def _hours(rows: Iterable[Judged]) -> float:
    return round(sum(pair.material.seconds for pair in rows if pair.material) / 3600, 4)
