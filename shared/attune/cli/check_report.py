"""How a check is told to people: the pairs that have something to say, what was found, the sums. Never the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune.domain.finding import Finding, Severity
from attune.domain.plan import usd
from attune.domain.run import Plan
from attune.services.check.checked import Checked, Judged, State, Totals, codes, totals
from attune.services.check.folder import shown

_COLOURS = {
    State.ACCEPTED: "green",
    State.LOOK: "yellow",
    State.REFUSED: "bold red",
    State.UNREAD: "magenta",
    Severity.REFUSED: "bold red",
    Severity.LOOK: "yellow",
    Severity.REPAIRED: "cyan",
}
_STATES = {
    State.ACCEPTED: "accepted",
    State.LOOK: "accepted with something to look at",
    State.REFUSED: "refused",
    State.UNREAD: "could not be looked at",
}
_MEASURES = ("s", "dBFS", "SNR", "char/s")
_HEADINGS = ("pair", "verdict", *_MEASURES, "what was found")
_FEW = 20  # of what is no pair, unless all is asked for
_LABEL = 10
_NONE = Text("-", style="dim")


def tell(checked: Checked, plan: Plan, console: Console, *, everything: bool) -> None:
    """The whole report. Pairs of which nothing is to be said are told only with `everything`."""
    told = [pair for pair in checked.judged if everything or pair.findings or pair.fault]
    if told and console.is_terminal:
        console.print(_table(told))
    elif told:
        console.print("\n".join(_columns(told)), markup=False, soft_wrap=True)
    _tell_rest(checked, console, None if everything else _FEW)
    for findings in codes(checked).values():
        _tell_code(findings, checked, console)
    console.print()
    for label, sentence in (*_sums(totals(checked)), *_planned(plan), ("speed", _speed(checked))):
        _line(label, sentence, console)


def _table(pairs: Sequence[Judged]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in _HEADINGS:
        measure = heading in _MEASURES
        table.add_column(heading, justify="right" if measure else "left", no_wrap=measure, overflow="fold")
    for pair in pairs:
        table.add_row(*_cells(pair))
    return table


def _columns(pairs: Sequence[Judged]) -> Iterator[str]:
    """The same where there is no terminal: a line each, however long, which is quick for very many."""
    rows = [_HEADINGS, *([cell.plain for cell in _cells(pair)] for pair in pairs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(_HEADINGS, row, widths, strict=True)
        aligned = (f"{cell:>{width}}" if heading in _MEASURES else f"{cell:<{width}}" for heading, cell, width in cells)
        yield "  ".join(aligned).rstrip()


def _cells(pair: Judged) -> Iterator[Text]:
    yield Text(shown(pair.path))
    yield Text(pair.state, _COLOURS[pair.state])
    measured = pair.measured
    yield Text(f"{measured.heard.seconds:.1f}") if measured else _NONE
    yield Text(f"{measured.heard.level_dbfs:.0f}") if measured else _NONE
    yield Text(f"{measured.heard.snr_db:.0f}") if measured else _NONE
    yield Text(f"{measured.pace:.1f}") if measured and measured.pace is not None else _NONE
    yield _found(pair)


def _found(pair: Judged) -> Text:
    if pair.fault:
        return Text(pair.fault, _COLOURS[State.UNREAD])
    return Text(" ").join(Text(finding.code, _COLOURS[finding.severity]) for finding in pair.findings)


def _tell_rest(checked: Checked, console: Console, most: int | None) -> None:
    kinds = {
        "unread": checked.unread,
        "waiting": checked.waiting,
        "superseded": checked.superseded,
        "ignored": checked.ignored,
    }
    for kind, files in kinds.items():
        for file in islice(files, most):
            _line(kind, f"{file.name}: {file.why}", console)
        if most is not None and len(files) > most:
            _line("", f"and {len(files) - most:,} more {kind}; --all shows them", console)


def _tell_code(findings: Sequence[Finding], checked: Checked, console: Console) -> None:
    first = findings[0]
    pair = next(pair for pair in checked.judged if first in pair.findings)
    console.print()
    _line(first.severity, f"{first.code}, {_count(len(findings), 'pair')}", console, _COLOURS[first.severity])
    _line("", f"{shown(pair.path)}: {first.sentence}", console)
    _line("", f"→ {first.fix}", console, "dim")


def _sums(sums: Totals) -> Iterator[tuple[str, str]]:
    states = ", ".join(f"{sums.states[state]:,} {_STATES[state]}" for state in State if sums.states[state])
    yield "pairs", f"{sums.pairs:,}: {states or 'none'}; {sums.repaired:,} repaired"
    yield "files", f"{sums.waiting:,} waiting, {sums.superseded:,} superseded, {sums.ignored:,} ignored"
    yield "rows", f"{sums.hours:.2f} hours; {sums.held_out:.1%} held out for validation"
    for name, share in sums.tasks.items():
        yield "task", f"{name}: {share.rows:,} of {_count(share.pairs, 'pair')}, {share.hours:.2f} hours"
    if sums.fixed:
        yield "fixed", f"{_count(sums.fixed, 'transcript')} written"


def _planned(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "plan", f"train.jsonl: {_count(plan.rows, 'row')}, {plan.train_bytes:,} bytes"
    yield "", f"validation.jsonl: {_count(plan.validation_rows, 'row')}, {plan.validation_bytes:,} bytes"
    yield "", f"{plan.hours:.2f} hours, {plan.tokens:,} tokens to train on"
    yield "", f"cost: {plan.cost_note if plan.cost_usd is None else _cost(plan.cost_usd, plan.epochs)}"
    if near := plan.binding:
        yield "", f"nearest limit: {near.limit}, {near.used:,.0f} of {near.most:,.0f} ({near.share:.1%})"
    yield from (("over", sentence) for sentence in plan.over)
    yield from (("note", sentence) for sentence in plan.notes)


def _cost(amount: float, epochs: int | None) -> str:
    return f"{usd(amount)} USD" if epochs is None else f"{usd(amount)} USD for {_count(epochs, 'epoch')}"


def _speed(checked: Checked) -> str:
    took, pairs = checked.took, len(checked.judged)
    rate = pairs / took.seconds if took.seconds else 0.0
    each = f"{rate / took.processes:,.0f} in each of {_count(took.processes, 'process')}"
    return f"{_count(pairs, 'pair')} in {took.seconds:.2f} s: {rate:,.0f} a second, {each}"


def _line(label: str, sentence: str, console: Console, style: str = "") -> None:
    """A line with its label; on a terminal a long one goes on under its own beginning."""
    text = Text(shown(sentence), "dim" if style == "dim" else "")
    if not console.is_terminal:
        console.print(Text(f"{label:<{_LABEL}}  ") + text, soft_wrap=True)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=_LABEL, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(label, style), text)
    console.print(grid)


def _count(number: int, noun: str) -> str:
    """A number of things."""
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{ending}"
