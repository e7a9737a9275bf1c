"""Plan: hold the assembled files against what the service takes, before a job is asked for."""

from __future__ import annotations

from attune.domain.base_models import (
    LARGEST_FILE_BYTES,
    MOST_ROWS,
    BaseModel,
    base_model,
    most_validation_rows,
)
from attune.domain.run import DataFile, Plan, Recipe, Run
from attune.errors import RefusedError

_MILLION = 1_000_000


def plan_run(run: Run) -> Plan:
    """What the run weighs, and costs where the price is known.

    Raises:
        RefusedError: the service would not take it, with every limit it breaks and what to do.
    """
    recipe, train = run.recipe, run.train
    if recipe is None or train is None:
        raise RefusedError("no pair is on the training side; add more pairs, or lower validation_fraction")
    known = base_model(recipe.base_model)
    if faults := [*_file_faults(run), *_adapter_faults(recipe, known)]:
        raise RefusedError("; ".join(faults))
    cost = _cost(train, recipe, known)
    return Plan(train.rows, round(train.seconds / 3600, 4), train.tokens, recipe.epochs, cost)


def _file_faults(run: Run) -> list[str]:
    faults = []
    for name, file in (("train.jsonl", run.train), ("validation.jsonl", run.validation)):
        if file and file.part.size > LARGEST_FILE_BYTES:
            faults.append(
                f"{name} has {file.part.size} bytes, and {LARGEST_FILE_BYTES} are taken: use row_format file_uri, or "
                "scope new"
            )
    if run.train and run.train.rows > MOST_ROWS:
        faults.append(f"{run.train.rows} training rows, and {MOST_ROWS} are taken: use scope new")
    if run.train and run.validation and run.validation.rows > most_validation_rows(run.train.rows):
        most = most_validation_rows(run.train.rows)
        faults.append(f"{run.validation.rows} validation rows, and {most} are taken: lower validation_fraction")
    return faults


def _adapter_faults(recipe: Recipe, known: BaseModel) -> list[str]:
    if recipe.adapter_size is None or recipe.adapter_size in known.adapter_sizes:
        return []
    sizes = ", ".join(str(size) for size in known.adapter_sizes)
    return [f"adapter_size {recipe.adapter_size} is not one of {recipe.base_model}'s: {sizes}"]


def _cost(train: DataFile, recipe: Recipe, known: BaseModel) -> float | None:
    if known.usd_per_million_tokens is None or recipe.epochs is None:
        return None
    return round(train.tokens * recipe.epochs * known.usd_per_million_tokens / _MILLION, 4)
