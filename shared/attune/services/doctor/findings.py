"""What a check found: each line says what was looked at, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from attune.ports_project import UnseenError


class Status(StrEnum):
    """How something is. What could not be looked at is `unseen`, and never counts as in order."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; `todo` is empty where there is nothing to do."""

    status: Status
    about: str
    said: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with something that is looked at for several things."""

    status: Status
    said: str
    todo: str


def ok(about: str, said: str) -> Finding:
    """In order."""
    return Finding(Status.OK, about, said)


def warning(about: str, said: str, todo: str) -> Finding:
    """It works, or may; somebody should know."""
    return Finding(Status.WARNING, about, said, todo)


def problem(about: str, said: str, todo: str) -> Finding:
    """It does not work, or not as it should."""
    return Finding(Status.PROBLEM, about, said, todo)


def unseen(about: str, why: UnseenError) -> Finding:
    """It could not be looked at."""
    return Finding(Status.UNSEEN, about, str(why), why.todo)


def judged(about: str, faults: Iterable[Fault], otherwise: str) -> Iterator[Finding]:
    """A line for each fault, or the one that says all is well."""
    found = [Finding(fault.status, about, fault.said, fault.todo) for fault in faults]
    yield from found or [ok(about, otherwise)]


def look(about: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What the check finds; where it can look no further, what it found until then, and why."""
    found: list[Finding] = []
    try:
        for each in check():
            found.append(each)  # noqa: PERF402 - what was found before an error is kept
    except UnseenError as why:
        found.append(unseen(about, why))
    return found


def worst(findings: Iterable[Finding]) -> Status:
    """The gravest of the findings: a problem, then what could not be seen, then a warning."""
    there = {finding.status for finding in findings}
    return next((status for status in (Status.PROBLEM, Status.UNSEEN, Status.WARNING) if status in there), Status.OK)
