"""Planned: what a run was to be, beside what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from attune.domain.run import DataFile, Plan, Run, RunState
from attune.services.run_report.facts import trained_rows
from attune.services.run_report.wording import NONE, count, hours, size, usd

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity, as it was planned and as it came."""

    label: str
    planned: str
    actual: str


@dataclass(frozen=True, slots=True)
class Stay:
    """A state a run was in, and for how long; None where it is in it still."""

    state: RunState
    since: str
    lasted: timedelta | None


def lines(run: Run) -> list[Line]:
    """The plan against the files that were made of it and what the service took of them; none without a plan."""
    return [*_train(run, run.plan), *_validation(run, run.plan), *_job(run, run.plan)] if run.plan else []


def stays(run: Run) -> list[Stay]:
    """The run's states in their order."""
    ends = [step.at for step in run.history[1:]]
    lasted = [end - step.at for step, end in zip(run.history, ends, strict=False)]
    return [
        Stay(step.state, f"{step.at:%Y-%m-%d %H:%M:%S}", lasted[at] if at < len(lasted) else None)
        for at, step in enumerate(run.history)
    ]


def _train(run: Run, plan: Plan) -> Iterator[Line]:
    yield Line("Training rows", count(plan.rows), _rows(run.train))
    if run.job:
        yield Line("Of them dropped or cut short", NONE, count(run.dropped_count))
        yield Line("Rows learned from whole", NONE, count(trained_rows(run)))
    if plan.left_out:
        yield Line("Rows a sample leaves out", count(plan.left_out), NONE)
    yield Line("Training audio", hours(plan.hours), hours(run.train.seconds / _HOUR if run.train else None))
    yield Line("Training tokens, each epoch", count(plan.tokens), count(run.train.tokens if run.train else None))
    yield Line("Training file", size(plan.train_bytes), _bytes(run.train))


def _validation(run: Run, plan: Plan) -> Iterator[Line]:
    yield Line("Hold-out rows", count(plan.validation_rows), _rows(run.validation))
    if plan.validation_left_out:
        yield Line("Hold-out rows left out", count(plan.validation_left_out), NONE)
    yield Line("Hold-out file", size(plan.validation_bytes), _bytes(run.validation))


def _job(run: Run, plan: Plan) -> Iterator[Line]:
    told = run.recipe.epochs if run.recipe else None
    yield Line("Epochs", count(plan.epochs), count(told) if told else "the service's choice")
    yield Line("Cost of tuning", usd(plan.cost_usd), "see the bill")


def _rows(file: DataFile | None) -> str:
    return count(file.rows if file else None)


def _bytes(file: DataFile | None) -> str:
    return size(file.part.size if file else None)
