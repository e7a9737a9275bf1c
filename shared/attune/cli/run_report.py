"""How one run is told: lines, and a table of its model's scores."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from attune.cli.plan_report import plan_lines
from attune.cli.telling import at, standing
from attune.domain.evaluation.scores import Interval, Measure, Score
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.recipe import Recipe
from attune.domain.run import DataFile, Run
from attune.services.check.folder import shown
from attune.services.runs import WholeRun

_WIDTH = 18
_DROPPED = 10  # rows that the service left out, shown
Line = tuple[str, str]


def tell(whole: WholeRun, console: Console) -> None:
    """All of it."""
    run, evaluation = whole.run, whole.evaluation
    _lines(_head(run), console)
    if run.recipe:
        _lines(_recipe(run.recipe), console)
    if run.plan:
        _lines(plan_lines(run.plan), console)
        _lines((("refused", fault) for fault in run.plan.over), console)
        _lines((("note", note) for note in run.plan.notes), console)
    _lines(_made(run), console)
    if evaluation:
        _lines(_measured(evaluation), console)
        console.print(_scores(evaluation))
        _lines(_compared(evaluation), console)
    _lines((("history" if first else "", said) for first, said in _history(run)), console)


def _head(run: Run) -> Iterator[Line]:
    yield "run", f"{run.id} of {run.dataset}"
    yield "state", standing(run)
    yield "pairs", f"{run.pairs_taken:,} taken; {run.threshold:,} start a run"
    for allowed, what in ((run.cost_allowed, "its cost"), (run.promotion_allowed, "its promotion")):
        if allowed:
            yield "allowed", f"{what}: {allowed}"


def _recipe(recipe: Recipe) -> Iterator[Line]:
    yield "base model", f"{recipe.base_model}, row_format {recipe.row_format}, scope {recipe.scope}"
    yield "alias", f"{recipe.alias}, promotion {recipe.promotion}"


def _made(run: Run) -> Iterator[Line]:
    for file in (run.train, run.validation, run.manifest):
        if file:
            yield "file", _file(file)
    if run.started_from:
        yield "started from", run.started_from
    for label, said in (("job", run.job), ("job's state", run.job_state), ("model", run.model)):
        if said:
            yield label, said
    if run.endpoint:
        yield "endpoint", run.endpoint
    if run.dropped_count:
        yield "dropped", f"{run.dropped_count:,} rows, by the tuning service"
        yield from (("", f"line {row.line}, {row.path}: {row.reason}") for row in run.dropped[:_DROPPED])


def _file(file: DataFile) -> str:
    return f"{file.uri}, generation {file.generation}: {file.rows:,} rows, {file.part.size:,} bytes"


def _history(run: Run) -> Iterator[tuple[bool, str]]:
    for index, step in enumerate(run.history):
        yield index == 0, f"{at(step.at)}  {step.state}"


def _measured(evaluation: Evaluation) -> Iterator[Line]:
    if verdict := evaluation.verdict:
        yield "gate", f"{verdict.decision}: {verdict.reason}"
        yield from (("", f"{'passed' if check.passed else 'FAILED'}  {check.sentence}") for check in verdict.checks)
    yield "evaluation", f"{evaluation.examples:,} of {evaluation.held_out:,} held out, at {at(evaluation.at)}"
    if evaluation.normalisation:
        yield "", evaluation.normalisation
    yield from (("not measured", f"{role}: {why}") for role, why in evaluation.absent.items())


def _scores(evaluation: Evaluation) -> Table:
    figures = (Column(name, no_wrap=True) for name in ("WER", "CER", "mismatch", "flawed", "median s"))
    table = Table("who", *figures, "model", box=None, pad_edge=False)
    for contender in evaluation.contenders:
        if score := evaluation.scores.get(contender.role):
            table.add_row(contender.role, *_figures(score), contender.run or contender.target)
    return table


def _figures(score: Score) -> tuple[str, ...]:
    return (
        _rate(score.rate(Measure.WER), score.wer),
        _rate(score.characters.rate, None),
        _rate(score.rate(Measure.MISMATCH), score.mismatch),
        f"{sum(score.flaws.values()):,}",
        f"{score.median_seconds:.2f}",
    )


def _compared(evaluation: Evaluation) -> Iterator[Line]:
    for each in evaluation.comparisons:
        sure = f"better by more than {each.margin:g} with a probability of {each.probability:.1%}"
        yield f"against {each.against}", f"{each.measure} {each.improvement:+.1%} {_interval(each.interval)}; {sure}"


def _rate(rate: float | None, interval: Interval | None) -> str:
    if rate is None:
        return "-"
    return f"{rate:.1%} {_interval(interval)}" if interval else f"{rate:.1%}"


def _interval(interval: Interval) -> str:
    return f"[{interval.low:.1%}, {interval.high:.1%}]"


def _lines(lines: Iterator[Line], console: Console) -> None:
    for label, said in lines:
        console.print(Text(f"{label:<{_WIDTH}}", style="bold").append(shown(said), style="default"))
