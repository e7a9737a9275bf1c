"""Show the demo as it goes: a live table in a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from attune.domain.evaluation.scores import Score
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.pair import PairState
from attune.domain.run import Run
from attune_local.demo.ground import Told
from attune_local.demo.picture import Picture
from attune_local.demo.proof import Proof

_LAST_TOLD = 10
_COLUMNS = ("dataset", "waiting", "rejected", "accepted", "rows in shards", "shards", "run", "job", "alias")


class Screen:
    """The demo's view. `update` is called with what there is to see now."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8) if console.is_terminal else None
        self._said: dict[str, tuple[str, ...]] = {}
        self._told = 0

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False, soft_wrap=True)

    def watching(self) -> AbstractContextManager[object]:
        """While it lasts, `update` shows."""
        return self._live or nullcontext()

    def update(self, pictures: Sequence[Picture], told: Sequence[Told]) -> None:
        """What there is to see now."""
        if self._live:
            self._live.update(_table(pictures, told))
            return
        for picture in pictures:
            self._print_change(picture)
        for each in told[self._told :]:
            self.say(f"  subscriber: {_type(each)} {each.subject}")
        self._told = len(told)

    def show(self, dataset: str, proofs: Sequence[Proof]) -> None:
        """The invariants and their verdicts."""
        self.say(f"\n{dataset}")
        for proof in proofs:
            self.say(f"  {'ok' if proof.holds else 'BROKEN':8}{proof.name:14}{proof.seen}")

    def scores(self, run: Run, evaluation: Evaluation | None) -> None:
        """What was measured of a run's model beside the others, and what came of it."""
        for role, score in sorted(evaluation.scores.items()) if evaluation else ():
            self.say(f"  {role:12}{_rate(score)} on {score.examples} held-out utterances")
        reason = evaluation.verdict.reason if evaluation and evaluation.verdict else run.reason or ""
        self.say(f"  {run.id} {run.state}: {reason}")

    def _print_change(self, picture: Picture) -> None:
        cells = _cells(picture)
        if self._said.get(picture.dataset) != cells:
            self._said[picture.dataset] = cells
            self.say(
                "  " + ", ".join(f"{name} {cell}" for name, cell in zip(_COLUMNS, cells, strict=True) if cell != "-")
            )


def _table(pictures: Sequence[Picture], told: Sequence[Told]) -> Group:
    table = Table(*_COLUMNS)
    for picture in pictures:
        table.add_row(*_cells(picture))
    heard = Table("a subscriber received", "on", box=None)
    for each in told[-_LAST_TOLD:]:
        heard.add_row(_type(each), each.subject)
    return Group(table, heard)


def _cells(picture: Picture) -> tuple[str, ...]:
    run = picture.runs[-1] if picture.runs else None
    alias = picture.alias
    return (
        picture.dataset,
        str(picture.count(PairState.WAITING)),
        str(picture.count(PairState.REJECTED)),
        str(picture.count(PairState.ACCEPTED)),
        str(picture.rows),
        str(len(picture.shards)),
        f"{run.id} {run.state}" if run else "-",
        run.job_state if run and run.job_state else "-",
        f"{alias.name} → {alias.current.run}" if alias else "-",
    )


def _rate(score: Score) -> str:
    wer, cer = score.words.rate, score.characters.rate
    if wer is None or cer is None or score.wer is None:
        return "no words"
    return f"WER {wer:6.1%} [{score.wer.low:.1%}, {score.wer.high:.1%}], CER {cer:.1%}"


def _type(told: Told) -> str:
    return told.type.removeprefix("dev.attune.")
