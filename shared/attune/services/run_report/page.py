"""Page: a run's report for people, one file that asks for nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.score import Edits
from attune.domain.evaluation.scores import Comparison, Cut, Measure, Score
from attune.domain.evaluation.verdict import Decision
from attune.domain.run import Run, RunState
from attune.services.check.folder import shown
from attune.services.run_report import planned, plots, scoreboard, wording
from attune.services.run_report.diff import Diff, diff
from attune.services.run_report.facts import ROLES, RunReport, Utterance
from attune.services.run_report.worst import errors, worst

if TYPE_CHECKING:
    import jinja2

_HEADLINES = {
    Decision.PASS: ("passed", "It passed the gate"),
    Decision.REJECT: ("refused", "The gate rejected it"),
    Decision.HOLD: ("held", "A person decides"),
}
_UNMEASURED = {
    RunState.FAILED: ("refused", "It failed"),
    RunState.CANCELLED: ("held", "It was cancelled"),
    RunState.REJECTED: ("refused", "It was rejected"),
    RunState.PROMOTED: ("passed", "It has the alias, unmeasured"),
    RunState.AWAITING_APPROVAL: ("held", "A person decides"),
}
_CUTS = {Cut.FOLDER: "By folder", Cut.SECONDS: "By duration", Cut.GROUP: "By speaker", Cut.TASK: "By task"}
_STATES = {Decision.PASS: "passed", Decision.REJECT: "rejected", Decision.HOLD: "held"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a contender said to an utterance, against what was asked for."""

    role: Role
    diff: Diff
    errors: str
    flaws: tuple[str, ...]
    failure: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the worst utterances: the challenger's answer, and the others'."""

    utterance: Utterance
    challenger: Told
    others: tuple[Told, ...]


def render(report: RunReport) -> bytes:
    """The page, in UTF-8."""
    return _template().render(_told(report)).encode()


@cache
def _template() -> jinja2.Template:
    """Compiled once a process, which takes longer than filling it in."""
    import jinja2  # noqa: PLC0415 - only who writes a page needs it, and every function imports this module

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("attune.services.run_report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    told = {name: getattr(wording, name) for name in ("count", "rate", "usd", "seconds", "moment", "lapse", "said")}
    environment.filters |= told | {"shown": shown}
    return environment.get_template("run.html")


def _told(report: RunReport) -> dict[str, object]:
    run, evaluation = report.run, report.evaluation
    tone, headline = _headline(report)
    return {
        "report": report,
        "run": run,
        "evaluation": evaluation,
        "tone": tone,
        "headline": headline,
        "why": _why(report),
        "verdict": evaluation.verdict if evaluation else None,
        "planned": planned.lines(run),
        "stays": planned.stays(run),
        "unshown": max(run.dropped_count - len(run.dropped), 0),
        "roles": scoreboard.roles(evaluation) if evaluation else (),
        "scoreboard": scoreboard.rows(evaluation) if evaluation else [],
        "scores": plots.scores(evaluation) if evaluation else [],
        "comparisons": [_compared(each) for each in evaluation.comparisons] if evaluation else [],
        "slices": plots.slices(evaluation) if evaluation else [],
        "worst": [_shown(each) for each in worst(report.utterances)],
        "curves": _curves(report),
        "canvas": plots,
        "measures": scoreboard.MEASURES,
        "cuts": _CUTS,
        "decisions": _STATES,
    }


def _headline(report: RunReport) -> tuple[str, str]:
    verdict = report.evaluation.verdict if report.evaluation else None
    if verdict and report.run.state not in {RunState.FAILED, RunState.CANCELLED}:
        return _HEADLINES[verdict.decision]
    return _UNMEASURED.get(report.run.state, ("going", f"It is under way: {_words(report.run)}"))


def _words(run: Run) -> str:
    return run.state.replace("_", " ")


def _why(report: RunReport) -> Sequence[str]:
    """The verdict's reason, and the run's where that says something else."""
    verdict = report.evaluation.verdict if report.evaluation else None
    reasons = [verdict.reason if verdict else None, report.run.reason, report.run.note]
    return list(dict.fromkeys(reason for reason in reasons if reason))


def _curves(report: RunReport) -> list[plots.Curve]:
    """A curve for each measure, with the base model's rate in this evaluation."""
    base: Mapping[Role, Score] = report.evaluation.scores if report.evaluation else {}
    drawn = (
        plots.curve(report.curve, measure, base[Role.BASE].rate(measure) if Role.BASE in base else None)
        for measure in Measure
    )
    return [each for each in drawn if each]


def _compared(comparison: Comparison) -> str:
    """A comparison in a sentence."""
    better = "worse" if comparison.improvement < 0 else "better"
    told = f"{wording.points(comparison.improvement)} {better} than the {comparison.against}"
    ends = f"{comparison.interval.low * 100:+.1f} to {comparison.interval.high * 100:+.1f}"
    asked = "any improvement" if comparison.margin == 0 else f"more than {comparison.margin * 100:+.1f} points"
    likely = f"{asked} has a probability of {wording.rate(comparison.probability)}"
    return f"{scoreboard.MEASURES[comparison.measure]}: {told} (95\u202f%: {ends}); {likely}."


def _shown(utterance: Utterance) -> Shown:
    told = {role: _said(utterance, role) for role in ROLES if role in utterance.answers and role in utterance.marks}
    return Shown(
        utterance, told[Role.CHALLENGER], tuple(each for role, each in told.items() if role is not Role.CHALLENGER)
    )


def _said(utterance: Utterance, role: Role) -> Told:
    answer, mark = utterance.answers[role], utterance.marks[role]
    flaws = tuple(scoreboard.FLAWS[flaw] for flaw in mark.flaws)
    return Told(
        role,
        diff(utterance.example.reference, answer.text),
        _counted(mark.words, errors(mark), mark.exact),
        flaws,
        answer.failure,
    )


def _counted(words: Edits, many: int, exact: bool | None) -> str:  # noqa: FBT001 - as a mark has it
    if exact is not None:
        return "exact" if exact else "not exact"
    return (
        f"{many:,} {'error' if many == 1 else 'errors'} in {words.length:,} {'word' if words.length == 1 else 'words'}"
    )
