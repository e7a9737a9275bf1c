"""How the datasets' standing is told: a table of all, lines on one, or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune.cli.telling import at, run_json, standing
from attune.domain.alias import Alias
from attune.domain.pair import PairState
from attune.services.status import MOST, DatasetStatus, Overview

_WIDTH = 18
_COLOURS = {"settings": "bold", "wrong": "bold red"}
_STATES = (PairState.ACCEPTED, PairState.WAITING, PairState.REJECTED)
_READY = "nothing: the next tick opens it"
Line = tuple[str, str]


def tell_all(overview: Overview, console: Console) -> None:
    """A line a dataset, and what all have in common."""
    table = Table("dataset", *_STATES, "new", "run", "alias", "next run waits for", box=None, pad_edge=False)
    for status in overview.datasets:
        counted = (_count(status.pairs[state]) for state in _STATES)
        new = f"{_count(status.new_pairs)} of {status.settings.threshold:,}"
        table.add_row(status.dataset, *counted, new, _runs(status), _alias(status.alias), _next(status))
    if overview.datasets:
        console.print(table)
    else:
        console.print("there is no dataset yet: no settings, and no pair")
    _lines(_in_common(overview), console)


def tell(overview: Overview, console: Console) -> None:
    """All that is known of the datasets in it, a line each."""
    for status in overview.datasets:
        _lines(_of(status), console)
    _lines(_in_common(overview), console)


def as_data_of(overview: Overview) -> dict[str, object]:
    """Everything, for programs: runs and settings whole."""
    return {
        "datasets": [_data(status) for status in overview.datasets],
        "slots": [asdict(slot) for slot in overview.slots],
        "outbox": overview.outbox,
        "counted_to": MOST,
    }


def _data(status: DatasetStatus) -> dict[str, Any]:
    return {
        "dataset": status.dataset,
        "settings": status.settings.model_dump(mode="json"),
        "errors": status.errors,
        "errors_since": status.errors_since,
        "pairs": dict(status.pairs),
        "new_pairs": status.new_pairs,
        "waits_for": status.waits_for,
        "under_way": [run_json(run) for run in status.under_way],
        "last_run": run_json(status.last_run) if status.last_run else None,
        "alias": asdict(status.alias) if status.alias else None,
        "reports": asdict(status.reports) if status.reports else None,
    }


def _of(status: DatasetStatus) -> Iterator[Line]:
    settings = status.settings
    yield "dataset", status.dataset
    yield "settings", f"threshold {settings.threshold:,}, {settings.base_model}, promotion {settings.promotion}"
    for error in status.errors:
        since = f" since {at(status.errors_since)}" if status.errors_since else ""
        yield "wrong", f"{error}{since}; the last good settings are in force"
    yield "pairs", ", ".join(f"{_count(status.pairs[state])} {state}" for state in _STATES)
    yield "new pairs", f"{_count(status.new_pairs)} of the {settings.threshold:,} that start a run"
    yield from _labelled("next run waits for", status.waits_for or (_READY,))
    yield from _labelled("under way", [f"{run.id}  {standing(run)}" for run in status.under_way])
    if status.last_run and status.last_run not in status.under_way:
        yield "last run", f"{status.last_run.id}  {standing(status.last_run)}"
    yield from _of_the_alias(status.alias)
    if reports := status.reports:
        yield "report", f"{reports.page}, of {at(reports.published_at)}"
        yield "", reports.lines


def _of_the_alias(alias: Alias | None) -> Iterator[Line]:
    if alias is None:
        yield "alias", "none yet: the first run that is promoted makes it"
        return
    current, previous = alias.current, alias.previous
    yield "alias", f"{alias.name} stands for {current.run} of {current.dataset} since {at(alias.moved_at)}"
    yield "", current.endpoint
    if previous:
        yield "", f"before, for {previous.run} of {previous.dataset}; it has moved {alias.serial:,} times"


def _labelled(label: str, sentences: list[str] | tuple[str, ...]) -> Iterator[Line]:
    yield from zip((label, *[""] * len(sentences)), sentences, strict=False)


def _in_common(overview: Overview) -> Iterator[Line]:
    taken = [f"{slot.run} of {slot.dataset} since {at(slot.since)}" for slot in overview.slots]
    yield from _labelled("slots in use", taken or ["none"])
    yield "outbox", _waiting(overview.outbox)


def _waiting(messages: int) -> str:
    if not messages:
        return "nothing waits to be sent"
    return f"{_count(messages)} message{' waits' if messages == 1 else 's wait'} to be sent"


def _lines(lines: Iterator[Line], console: Console) -> None:
    for label, said in lines:
        console.print(Text(f"{label:<{_WIDTH}}  ", style=_COLOURS.get(label, "bold")).append(said, style="default"))


def _runs(status: DatasetStatus) -> str:
    shown = status.under_way or ((status.last_run,) if status.last_run else ())
    return "\n".join(f"{run.id} {run.state}" for run in shown) or "-"


def _alias(alias: Alias | None) -> str:
    return f"{alias.name}: {alias.current.run}" if alias else "-"


def _next(status: DatasetStatus) -> str:
    wrong = [f"(settings are wrong: attune status {status.dataset})"] if status.errors else []
    return "\n".join((*(status.waits_for or (_READY,)), *wrong))


def _count(number: int) -> str:
    return f"{number:,}+" if number == MOST else f"{number:,}"
