"""Page: a dataset's report for people, one file that asks for nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from attune.domain.finding import Finding, Severity
from attune.domain.manner import Casing, Manner, Punctuation
from attune.domain.pair import Pair, PairState
from attune.domain.profile import Histogram, Measure, Profile, Share
from attune.domain.quality.customs import Customs
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES
from attune.domain.split import Split
from attune.services.check.folder import shown
from attune.services.manifests.of_datasets import DatasetState
from attune.services.report import plots
from attune.services.report.entries import shortened

if TYPE_CHECKING:
    import jinja2

_GRAVEST_FIRST = (Severity.REFUSED, Severity.LOOK, Severity.REPAIRED)
_MILLISECONDS_AN_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a page is made of: the profile, the pairs that it names one by one, and how the dataset stands.

    `plan` are labels and values of the next run. A report that is `behind` has yet to take in pairs that have changed.
    """

    dataset: str
    at: datetime
    profile: Profile
    state: DatasetState
    limits: Limits
    manner: Manner = field(default_factory=Manner)
    pairs: Mapping[str, Pair] = field(default_factory=dict)
    plan: Sequence[tuple[str, str]] = ()
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """What a rule found: in how many pairs, under which severities, what to do, and one pair with its sentence."""

    code: str
    pairs: int
    severities: tuple[Severity, ...]
    fix: str
    path: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A task's part of the dataset."""

    name: str
    share: Share
    proportion: float


def render(report: Report) -> bytes:
    """The page, in UTF-8."""
    return _template().render(_told(report)).encode()


@cache
def _template() -> jinja2.Template:
    """Compiled once a process, which takes longer than filling it in."""
    import jinja2  # noqa: PLC0415 - only who writes a page needs it, and every function imports this module

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("attune.services.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "shortened": shortened, "count": "{:,}".format, "moment": _moment}
    return environment.get_template("report.html")


def _told(report: Report) -> dict[str, object]:
    profile, found = report.profile, _found(report)
    return {
        "report": report,
        "states": [(state.value, profile.states.get(state.value, 0)) for state in PairState],
        "hours": profile.milliseconds / _MILLISECONDS_AN_HOUR,
        "tasks": list(_tasks(profile)),
        "held_out": _held_out(profile),
        "waiting": profile.states.get(PairState.WAITING.value, 0),
        "todos": [each for each in found if each.severities[0] is not Severity.REPAIRED],
        "repairs": [each for each in found if each.severities[0] is Severity.REPAIRED],
        "plots": [
            plots.plot(measure, profile.histograms.get(measure, Histogram()), report.limits) for measure in Measure
        ],
        "canvas": plots,
        "worst": list(_worst(report)),
        "inconsistencies": _unsettled(profile.customs, report.manner).inconsistencies(),
    }


def _unsettled(customs: Customs, manner: Manner) -> Customs:
    """The customs, but for what the rows are written in alike whatever the transcripts do."""
    return Customs(
        customs.casing if manner.casing is Casing.KEEP else {},
        customs.punctuation if manner.punctuation is Punctuation.KEEP else {},
    )


def _tasks(profile: Profile) -> Iterator[Task]:
    accepted = sum(share.pairs for share in profile.tasks.values())
    for name, share in sorted(profile.tasks.items(), key=lambda task: (-task[1].pairs, task[0])):
        if share.pairs:
            yield Task(name, share, share.pairs / accepted)


def _held_out(profile: Profile) -> float | None:
    accepted = sum(profile.sides.values())
    return profile.sides.get(Split.VALIDATION, 0) / accepted if accepted else None


def _found(report: Report) -> list[Code]:
    """The gravest first, and of those what most pairs have."""
    found = [_code(code, report) for code in report.profile.found]
    return sorted(found, key=lambda each: (_GRAVEST_FIRST.index(each.severities[0]), -each.pairs, each.code))


def _code(code: str, report: Report) -> Code:
    found = report.profile.found[code]
    severities = tuple(severity for severity in _GRAVEST_FIRST if found.pairs.get(severity))
    rule = RULES.get(code)
    pair = report.pairs.get(found.example)
    example = next((each for each in _findings(pair) if each.code == code), None) if pair else None
    fix = rule.fix if rule else example.fix if example else ""
    told = (pair.path, example.sentence) if pair and example else ("", "")
    return Code(code, sum(found.pairs.values()), severities, fix, *told)


def _worst(report: Report) -> Iterator[tuple[Pair, list[Finding]]]:
    """Those of the worst that still have something to look at, with what that is."""
    for ranked in report.profile.worst:
        pair = report.pairs.get(ranked.pair)
        findings = [each for each in _findings(pair) if each.severity is not Severity.REPAIRED] if pair else []
        if pair and findings:
            yield pair, findings


def _findings(pair: Pair) -> tuple[Finding, ...]:
    return (*pair.reasons, *pair.remarks)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
