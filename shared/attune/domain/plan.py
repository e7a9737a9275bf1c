"""Plan: what a run's files would be, and how that stands against what the service takes and what the run may cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attune.domain.base_models import BaseModel, Limits
from attune.domain.fit import Kept, Room, Rows, size_of
from attune.domain.recipe import OverLimit, Recipe, Scope
from attune.domain.row import RowFormat
from attune.domain.run import Binding, Plan
from attune.domain.shard import Span

_MILLION = 1_000_000
_HOUR = 3600
_CENTS = 0.1  # smaller sums are told to the hundredth of a cent


@dataclass(frozen=True, slots=True)
class Draft:
    """A run's plan, and the rows of its two files."""

    plan: Plan
    train: Kept
    validation: Kept


def drafted(train: Rows, validation: Rows, recipe: Recipe, known: BaseModel, *, exact: bool = True) -> Draft:
    """What a run makes of these rows. The hold-out is always cut to what the service takes, training only if told."""
    limits = known.limits
    fitting = train.first(Room(limits.rows, limits.file_bytes))
    taken = fitting if recipe.over_limit is OverLimit.SAMPLE else Kept(train.span)
    beside = Room(min(limits.rows, limits.most_validation_rows(taken.span.count)), limits.file_bytes)
    held_out = validation.first(beside)
    cost, cost_note = _cost(taken.span, recipe, known)
    plan = Plan(
        rows=taken.span.count,
        hours=round(taken.span.seconds / _HOUR, 4),
        tokens=taken.span.tokens,
        epochs=_epochs(recipe, known),
        cost_usd=cost,
        cost_note=cost_note,
        tasks=taken.span.tasks,
        train_bytes=size_of(taken.span),
        validation_rows=held_out.span.count,
        validation_bytes=size_of(held_out.span),
        binding=_binding(train.span, validation.span, beside, limits, recipe.max_cost_usd, cost),
        over=(*_rows_faults(train.span, fitting.span, recipe, limits), *_adapter_faults(recipe, known)),
        notes=tuple(_notes(train.span, taken.span, validation.span, held_out.span, beside, exact=exact)),
        left_out=train.span.count - fitting.span.count,
        validation_left_out=validation.span.count - held_out.span.count,
        exact=exact,
    )
    return Draft(plan, taken, held_out)


def cost_fault(plan: Plan, most: float | None) -> str | None:
    """Why the run may not cost what it costs, or None. What is not known is not allowed under any maximum."""
    if most is None:
        return None
    if plan.cost_usd is None:
        return f"what it costs is not known ({plan.cost_note}), and max_run_cost_usd is {usd(most)}"
    if plan.cost_usd > most:
        return f"it costs {usd(plan.cost_usd)} USD, and max_run_cost_usd is {usd(most)}"
    return None


def usd(amount: float) -> str:
    """A sum as it is told."""
    return f"{amount:,.2f}" if amount >= _CENTS or not amount else f"{amount:.4f}"


def _epochs(recipe: Recipe, known: BaseModel) -> int | None:
    return recipe.epochs or known.epochs


def _cost(span: Span, recipe: Recipe, known: BaseModel) -> tuple[float | None, str | None]:
    """Training tokens of all epochs at the catalogue's price; or why that is not known."""
    if known.usd_per_million_tokens is None:
        return None, f"no source tells what tuning {recipe.base_model} costs"
    one = span.tokens * known.usd_per_million_tokens / _MILLION
    epochs = _epochs(recipe, known)
    if epochs is None:
        return None, f"epochs is not set, and the service does not tell how many it takes; each costs {usd(one)} USD"
    return round(one * epochs, 4), None


def _binding(
    train: Span, validation: Span, beside: Room, limits: Limits, most_cost: float | None, cost: float | None
) -> Binding:
    uses = [
        Binding("bytes of train.jsonl", size_of(train), limits.file_bytes),
        Binding("training rows", train.count, limits.rows),
        Binding("bytes of validation.jsonl", size_of(validation), limits.file_bytes),
        Binding("validation rows", validation.count, beside.rows),
    ]
    if cost is not None and most_cost:
        uses.append(Binding("max_run_cost_usd", cost, most_cost))
    return max(uses, key=lambda use: use.share)


def _rows_faults(all_rows: Span, fitting: Span, recipe: Recipe, limits: Limits) -> Iterator[str]:
    if not all_rows.count:
        yield "no pair is on the training side; add more pairs, or lower validation_fraction"
    elif recipe.over_limit is OverLimit.SAMPLE:
        if not fitting.count:
            yield f"not even one row fits: train.jsonl may have {limits.file_bytes:,} bytes and {limits.rows:,} rows"
    else:
        left_out = f"over_limit sample, which leaves out {all_rows.count - fitting.count:,} of {all_rows.count:,} rows"
        if size_of(all_rows) > limits.file_bytes:
            said = f"train.jsonl has {size_of(all_rows):,} bytes, and {limits.file_bytes:,} are taken"
            yield f"{said}: {_advice(recipe, inline=True)}{left_out}"
        if all_rows.count > limits.rows:
            said = f"train.jsonl has {all_rows.count:,} rows, and {limits.rows:,} are taken"
            yield f"{said}: {_advice(recipe, inline=False)}{left_out}"


def _advice(recipe: Recipe, *, inline: bool) -> str:
    """What could be set to have less, up to the last choice, which is to leave rows out."""
    ways = ["row_format file_uri"] if inline and recipe.row_format is RowFormat.INLINE_DATA else []
    ways += ["scope new"] if recipe.scope is Scope.ALL else []
    return f"use {', '.join(ways)}, or " if ways else "use "


def _adapter_faults(recipe: Recipe, known: BaseModel) -> Iterator[str]:
    if recipe.adapter_size is not None and recipe.adapter_size not in known.adapter_sizes:
        sizes = ", ".join(str(size) for size in known.adapter_sizes)
        yield f"adapter_size {recipe.adapter_size} is not one of {recipe.base_model}'s: {sizes}"


def _notes(train: Span, taken: Span, validation: Span, held_out: Span, beside: Room, *, exact: bool) -> Iterator[str]:
    if left_out := train.count - taken.count:
        yield f"over_limit sample leaves out {left_out:,} of {train.count:,} training rows"
    if left_out := validation.count - held_out.count:
        yield (
            f"{left_out:,} of {validation.count:,} validation rows are left out: beside {taken.count:,} training rows "
            f"{beside.rows:,} are taken, of {beside.size:,} bytes"
        )
    if not exact:
        yield "bytes and tokens are estimates: casing or punctuation was changed since some rows were written"
