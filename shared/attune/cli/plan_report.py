"""How a plan is told: lines for people, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from attune.domain.base_models import base_model, sources_of
from attune.domain.plan import cost_fault, usd
from attune.domain.run import Plan
from attune.services.check.folder import shown
from attune.services.forecast import Outlook

_WIDTH = 18
_PRICE = "usd_per_million_tokens"
_COLOURS = {"refused": "bold red", "held": "yellow", "note": "cyan"}
Line = tuple[str, str]


def exit_code(outlook: Outlook) -> int:
    """0 for a run that would be launched, 1 for one that would be refused or held."""
    return 1 if outlook.plan.over or _held(outlook) else 0


def tell(outlook: Outlook, console: Console) -> None:
    """A line for each thing that is known of the run."""
    for label, said in (*_settings(outlook), *_price(outlook), *plan_lines(outlook.plan), *_verdict(outlook)):
        console.print(
            Text(f"{label:<{_WIDTH}}", style=_COLOURS.get(label, "bold")).append(shown(said), style="default")
        )


def plan_lines(plan: Plan) -> Iterator[Line]:
    """What the files weigh: a label, which may be empty, and what is to be said."""
    yield "train.jsonl", f"{plan.rows:,} rows, {plan.train_bytes:,} bytes, {plan.hours:,.2f} hours"
    for task, rows in plan.tasks.items():
        yield "", f"{task}: {rows:,} rows, {rows / plan.rows:.1%}"
    yield "validation.jsonl", f"{plan.validation_rows:,} rows, {plan.validation_bytes:,} bytes"
    yield "tokens", f"{plan.tokens:,} in an epoch; epochs: {'not set' if plan.epochs is None else plan.epochs}"
    yield "cost", f"not known: {plan.cost_note}" if plan.cost_usd is None else f"{usd(plan.cost_usd)} USD"
    if near := plan.binding:
        yield "nearest limit", f"{near.limit}: {near.used:,.10g} of {near.most:,.10g}, {near.share:.1%}"


def as_json(outlook: Outlook) -> str:
    """Everything, with `held` as the sentence why it would wait for approval, or null, and where the price is from."""
    plan, near = outlook.plan, outlook.plan.binding
    told = {
        **asdict(outlook),
        "plan": {**asdict(plan), "binding": {**asdict(near), "share": near.share} if near else None},
        "held": _held(outlook),
        "price": {
            _PRICE: base_model(outlook.recipe.base_model).usd_per_million_tokens,
            "source": asdict(sources_of(outlook.recipe.base_model)[_PRICE]),
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False, default=str)


def _settings(outlook: Outlook) -> Iterator[Line]:
    recipe = outlook.recipe
    retirement = base_model(recipe.base_model).retirement
    end = f"; it ends on {retirement.ends}" if retirement else ""
    yield "new pairs", f"{outlook.new_pairs:,} of the {outlook.threshold:,} that start a run"
    if outlook.removed_pairs:
        yield "", f"{outlook.removed_pairs:,} pairs are taken out"
    yield "base model", f"{recipe.base_model}, row_format {recipe.row_format}, scope {recipe.scope}{end}"


def _price(outlook: Outlook) -> Iterator[Line]:
    price = base_model(outlook.recipe.base_model).usd_per_million_tokens
    if price is not None:
        source = sources_of(outlook.recipe.base_model)[_PRICE]
        yield "price", f"{usd(price)} USD for a million training tokens: {source.what}, read {source.read}"


def _verdict(outlook: Outlook) -> Iterator[Line]:
    yield from (("refused", fault) for fault in outlook.plan.over)
    if held := _held(outlook):
        yield "held", f"{held}: it would wait for approval"
    yield from (("note", note) for note in outlook.plan.notes)


def _held(outlook: Outlook) -> str | None:
    return None if outlook.plan.over else cost_fault(outlook.plan, outlook.recipe.max_cost_usd)
