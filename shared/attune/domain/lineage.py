"""Lineage: which runs have had a pair, which generations of it, and what was trained on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attune.domain.alias import Alias
from attune.domain.names import run_number
from attune.domain.pair import Half, Pair, Stay
from attune.domain.recipe import Scope
from attune.domain.run import Run


class Training(StrEnum):
    """What a run's job made of its training rows."""

    TRAINED = "trained"
    UNDER_WAY = "under way"
    NO_MODEL = "no model"
    NO_JOB = "no job"


class Presence(StrEnum):
    """What became of a generation in the intake bucket, as far as its pair's document knows."""

    LIVE = "live"
    REPLACED = "replaced"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Tenure:
    """An alias stood for a run from one of its moves to the next; `until` is None while it does."""

    alias: str
    since: datetime
    until: datetime | None


def stays_of(pair: Pair) -> tuple[Stay, ...]:
    """Its stays, the oldest first. Of a pair that only an older version cut, the last cut is all that is known."""
    taken = pair.taken
    if pair.stays or taken is None:
        return pair.stays
    kept = taken.row is not None
    return (Stay(taken.run, taken.audio if kept else None, taken.transcript if kept else None, taken.split),)


def has_all_its_stays(pair: Pair) -> bool:
    """Whether no cut is known of that is in none of them."""
    return bool(pair.stays) or pair.taken is None


def stay_in(pair: Pair, number: int) -> Stay | None:
    """What the run of that number had of the pair, as far as cuts tell: of all pairs so far, and none left out."""
    before = [stay for stay in stays_of(pair) if _number(stay) <= number]
    return before[-1] if before and before[-1].audio is not None else None


def first_run(pair: Pair) -> int | None:
    """The number of the first run that can have had it; None where no cut has taken it yet."""
    if not has_all_its_stays(pair):
        return 1
    return min((_number(stay) for stay in stays_of(pair)), default=None)


def may_have(run: Run, pair: Pair) -> Stay | None:
    """What a run may have had of a pair; None where it surely had nothing. A run before its cut has nothing yet."""
    return stay_in(pair, run.number) if run.recipe is not None and run.pairs_taken else None


def is_told_by_cuts(run: Run) -> bool:
    """Whether the cuts tell what a run had; else only its manifest does, for some rows were left out of its files."""
    if run.recipe is None or run.recipe.scope is not Scope.ALL:
        return False
    return run.plan is not None and not run.plan.left_out and not run.plan.validation_left_out


def training(run: Run) -> Training:
    """What became of the rows on its training side. Without a job, nothing was trained on them."""
    if run.job is not None and run.model is not None:
        return Training.TRAINED
    if run.active:
        return Training.UNDER_WAY
    return Training.NO_JOB if run.job is None else Training.NO_MODEL


def half_named(name: str, *halves: Half | None) -> Half | None:
    """The one of them that is an object of this name."""
    return next((half for half in halves if half is not None and half.name == name), None)


def presence(pair: Pair, half: Half) -> Presence:
    """What became of one of its generations."""
    here = half_named(half.name, pair.audio, pair.transcript)
    if here is not None and here.generation == half.generation:
        return Presence.LIVE
    return Presence.ERASED if pair.has_erased(half) else Presence.REPLACED


def tenures(moves: Sequence[Alias], run: Run) -> Iterator[Tenure]:
    """When an alias stood for a run; `moves` are what it was after each of its moves, the first move first."""
    for index, move in enumerate(moves):
        if (move.current.dataset, move.current.number) == (run.dataset, run.number):
            after = moves[index + 1 : index + 2]
            yield Tenure(move.name, move.moved_at, after[0].moved_at if after else None)


def heirs(model: str, runs: Sequence[Run]) -> list[Run]:
    """The runs whose jobs went on from a model, or from one that was made so, and so on; each once."""
    found: dict[tuple[str, int], Run] = {}
    waiting = [model]
    while waiting:
        below = waiting.pop(0)
        for run in runs:
            key = (run.dataset, run.number)
            if run.started_from == below and key not in found and training(run) is not Training.NO_JOB:
                found[key] = run
                waiting += [run.model] if run.model else []
    return list(found.values())


def _number(stay: Stay) -> int:
    return run_number(stay.run) or 0
