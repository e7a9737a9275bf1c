"""How datasets and the bucket stand, told: a table of all datasets, lines on one, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune.cli.telling import at, run_json, standing
from attune.domain.alias import Alias
from attune.domain.ledger import Ledger
from attune.domain.pair import PairState
from attune.services.check.folder import shown
from attune.services.status import MOST, DatasetStatus, Overview, SweepStatus

_WIDTH = 18
_COLOURS = {"settings": "bold", "wrong": "bold red", "gap": "bold red", "parked": "bold red"}
_STATES = (PairState.ACCEPTED, PairState.WAITING, PairState.REJECTED)
_READY = "nothing: the next tick opens it"
Line = tuple[str, str]


def tell_all(overview: Overview, console: Console) -> None:
    """A line a dataset, and what all have in common. The gap is in objects, as of the last pass over the bucket."""
    states = _shown(overview.datasets)
    table = Table("dataset", *states, "gap", "new", "run", "alias", "next run waits for", box=None, pad_edge=False)
    for status in overview.datasets:
        counted = [_count(status.pairs[state]) for state in states]
        gap = f"{status.ledger.gap:,}" if status.ledger else "-"
        new = f"{_count(status.new_pairs)} of {status.settings.threshold:,}"
        cells = (_runs(status), _alias(status.alias), _next(status))
        table.add_row(_cell(status.dataset), *counted, gap, new, *map(_cell, cells))
    if overview.datasets:
        console.print(table)
    else:
        console.print("there is no dataset yet: no settings, and no pair")
    _lines(_in_common(overview), console)


def _cell(said: str) -> Text:
    """Its lines, as they are."""
    return Text("\n".join(map(shown, said.split("\n"))))


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
        "sweep": _sweep_data(overview.sweep) if overview.sweep else None,
        "parked": overview.parked,
        "parked_first": [{"id": each.id, **asdict(each)} for each in overview.parked_first],
        "to_forget": overview.to_forget,
        "counted_to": MOST,
    }


def _sweep_data(sweep: SweepStatus) -> dict[str, Any]:
    seconds = sweep.left.total_seconds() if sweep.left is not None else None
    return {**{name: value for name, value in asdict(sweep).items() if name != "left"}, "seconds_left": seconds}


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
        "ledger": asdict(status.ledger) if status.ledger else None,
    }


def _of(status: DatasetStatus) -> Iterator[Line]:
    settings = status.settings
    yield "dataset", status.dataset
    yield "settings", f"threshold {settings.threshold:,}, {settings.base_model}, promotion {settings.promotion}"
    for error in status.errors:
        since = f" since {at(status.errors_since)}" if status.errors_since else ""
        yield "wrong", f"{error}{since}; the last good settings are in force"
    yield "pairs", ", ".join(f"{_count(status.pairs[state])} {state}" for state in _shown((status,)))
    yield from _of_the_ledger(status.ledger)
    yield "new pairs", f"{_count(status.new_pairs)} of the {settings.threshold:,} that start a run"
    yield from _labelled("next run waits for", status.waits_for or (_READY,))
    yield from _labelled("under way", [f"{run.id}  {standing(run)}" for run in status.under_way])
    if status.last_run and status.last_run not in status.under_way:
        yield "last run", f"{status.last_run.id}  {standing(status.last_run)}"
    yield from _of_the_alias(status.alias)
    if reports := status.reports:
        yield "report", f"{reports.page}, of {at(reports.published_at)}"
        yield "", reports.lines


def _of_the_ledger(ledger: Ledger | None) -> Iterator[Line]:
    """What was listed against what is known of: objects, where pairs have two each."""
    if ledger is None:
        yield "in the bucket", "no pass over it has ended yet"
        return
    kinds = ("accepted", "waiting", "rejected", "ignored", "superseded")
    known = " + ".join(f"{getattr(ledger, kind):,} {kind}" for kind in kinds)
    yield "in the bucket", f"{ledger.listed:,} objects = {known}"
    if ledger.gap:
        yield "gap", f"{ledger.gap:,} objects that are in no state, at {at(ledger.at)}"
    else:
        yield "", f"no gap, at {at(ledger.at)}"
    beside = (
        (ledger.parked, "of the rejected parked"),
        (ledger.taken_in, "taken in that no event had told of"),
        (ledger.erased, "deleted ones remembered"),
        (ledger.vanished, "found gone without an event"),
    )
    if said := ", ".join(f"{count:,} {what}" for count, what in beside if count):
        yield "", said


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
    yield from _labelled("sweep", list(_of_the_sweep(overview.sweep)))
    if overview.parked:
        first = [f"{each.task} {each.subject}: {each.reason}" for each in overview.parked_first]
        events = "event" if overview.parked == 1 else "events"
        yield "parked", f"{_count(overview.parked)} {events} that could not be worked on: attune retry"
        yield from (("", said) for said in first)
    if overview.to_forget:
        pairs = "pair" if overview.to_forget == 1 else "pairs"
        yield (
            "to be forgotten",
            f"{_count(overview.to_forget)} {pairs}, whose copies go as soon as no run under way needs them",
        )


def _of_the_sweep(sweep: SweepStatus | None) -> Iterator[str]:
    if sweep is None:
        yield "no pass over the intake bucket yet: the next tick begins one"
    elif sweep.finished_at is not None:
        yield f"rests since {at(sweep.finished_at)}: pass {sweep.pass_number:,} listed {sweep.listed:,} objects"
        if sweep.next_at is not None:
            yield f"the next pass is at {at(sweep.next_at)}"
    else:
        about = f" of about {sweep.expected:,}" if sweep.expected else ""
        rate = f", {sweep.rate:,.0f} a second" if sweep.rate else ""
        left = f", about {_span(sweep.left)} left" if sweep.left is not None else ""
        yield f"pass {sweep.pass_number:,} since {at(sweep.started_at)}: {sweep.listed:,} objects{about}{rate}{left}"
        if sweep.closing:
            yield f"looks at the pairs of {sweep.closing} one by one: other halves were listed than they have"


def _span(time: timedelta) -> str:
    """A length of time for people, to a minute; less than that is one."""
    hours, minutes = divmod(max(1, round(time.total_seconds() / 60)), 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min"


def _shown(datasets: Iterable[DatasetStatus]) -> list[PairState]:
    """The states to tell of: pairs whose files were deleted only where there are any."""
    erased = any(status.pairs.get(PairState.ERASED) for status in datasets)
    return [*_STATES, PairState.ERASED] if erased else list(_STATES)


def _waiting(messages: int) -> str:
    if not messages:
        return "nothing waits to be sent"
    return f"{_count(messages)} message{' waits' if messages == 1 else 's wait'} to be sent"


def _lines(lines: Iterator[Line], console: Console) -> None:
    for label, said in lines:
        console.print(
            Text(f"{label:<{_WIDTH}}  ", style=_COLOURS.get(label, "bold")).append(shown(said), style="default")
        )


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
