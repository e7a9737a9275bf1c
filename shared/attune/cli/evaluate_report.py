"""How an evaluation on a folder is told: the contenders side by side, for people, for programs, or as a page.

What was said is told to people alone, and only when they ask for it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from attune.domain.evaluation.contender import Contender
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.gate import Limits
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.evaluation.scores import Interval, Measure, Score
from attune.ports_tuning import Scorer
from attune.services.check.folder import shown
from attune.services.evaluate.folder import Chosen, PairFolder
from attune.services.evaluate.interview import Answers
from attune.services.evaluate.side_by_side import Against, SideBySide
from attune.services.run_report import wording
from attune.services.run_report.diff import Change, Diff, diff
from attune.services.run_report.worst import errors

_WIDTH = 18
_PAGE_WIDTH = 120  # characters
_SHORT = "/endpoints/"
_MARKS = {Change.DELETED: ("[-", "-]", "red"), Change.INSERTED: ("{+", "+}", "green"), Change.WRITTEN: ("", "", "cyan")}
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>attune evaluate</title>
<style>
{stylesheet}
body {{ color: {foreground}; background: {background}; }}
pre {{ font-family: monospace; overflow-x: auto; }}
</style>
</head>
<body><pre>{code}</pre></body>
</html>
"""
_Row = tuple[str, Callable[[Score], str]]


@dataclass(frozen=True, slots=True)
class Told:
    """An evaluation with all that it was made of. `names` are the targets as they were named."""

    pairs: PairFolder
    chosen: Chosen
    names: Mapping[str, str]
    contenders: tuple[Contender, ...]
    answers: Answers
    measured: SideBySide
    limits: Limits
    scorer: Scorer
    at: datetime

    def short(self, target: str) -> str:
        """A target's name for a column."""
        name = self.names[target]
        place, found, number = name.partition(_SHORT)
        return f"endpoint {number}" if found and place else name


def tell(told: Told, console: Console, worst: int) -> None:
    """Everything, and of so many of the worst utterances what was said and heard."""
    for label, sentence in _about(told):
        _line(label, sentence, console)
    console.print(_scores(told))
    if told.measured.parts:
        console.print(_parts(told))
    for each in told.measured.against:
        _line("compared", _compared(told, each), console)
    for number, (example, mark) in enumerate(_worst(told, worst), start=1):
        _tell_utterance(told, number, example, mark, console)


def save(told: Told, page: Path, worst: int) -> None:
    """Writes what `tell` prints as an HTML page.

    Raises:
        OSError: it cannot be written.
    """
    console = Console(record=True, file=io.StringIO(), width=_PAGE_WIDTH, highlight=False, force_terminal=True)
    tell(told, console, worst)
    page.write_text(console.export_html(code_format=_PAGE), encoding="utf-8")


def as_data_of(told: Told) -> dict[str, object]:
    """Everything but what was said; rates and shares are of 1, `better` is None where nothing was compared."""
    measured = told.measured
    return {
        "folder": str(told.pairs.folder),
        "at": told.at,
        "pairs": told.chosen.pairs,
        "examples": len(told.chosen.examples),
        "left_out": told.chosen.left_out,
        "prompt": told.pairs.settings.prompt,
        "row_format": told.pairs.settings.row_format,
        "normalisation": measured.normalisation,
        "contenders": [_contender(told, each) for each in told.contenders],
        "comparisons": [{"against": told.names[each.target], **_comparison(each)} for each in measured.against],
        "slices": [
            {**asdict(part), "rates": {told.names[target]: rate for target, rate in part.rates.items()}}
            for part in measured.parts
        ],
        "confidence": told.limits.confidence,
        "better": measured.better,
    }


def _contender(told: Told, contender: Contender) -> dict[str, object]:
    score = told.measured.scores[contender.target]
    return {
        "name": told.names[contender.target],
        "target": contender.target,
        "model": contender.model,
        "run": contender.run,
        "dataset": contender.dataset,
        "rates": {measure: score.rate(measure) for measure in Measure},
        "score": {**asdict(score), "words": _edits(score.words), "characters": _edits(score.characters)},
    }


def _edits(edits: Edits) -> dict[str, object]:
    return {**asdict(edits), "errors": edits.errors, "rate": edits.rate}


def _comparison(each: Against) -> dict[str, object]:
    return {name: value for name, value in asdict(each.comparison).items() if name != "against"}


def _about(told: Told) -> Iterator[tuple[str, str]]:
    chosen, settings = told.chosen, told.pairs.settings
    yield "folder", f"{told.pairs.folder}: {len(chosen.examples):,} of {chosen.pairs:,} pairs were asked"
    for why, many in sorted(chosen.left_out.items()):
        yield "left out", f"{many:,}: {why}"
    yield "asked with", f"{settings.prompt} ({settings.row_format})"
    yield "compared after", told.measured.normalisation


def _scores(told: Told) -> Table:
    table = _table("", *(told.short(each.target) for each in told.contenders))
    scores = [told.measured.scores[each.target] for each in told.contenders]
    for label, figure in _rows(scores):
        table.add_row(label, *(Text(figure(score)) for score in scores))
    return table


def _rows(scores: list[Score]) -> Iterator[_Row]:
    """A figure for each line; what nobody was measured in has none."""
    if any(score.words.length for score in scores):
        yield from _word_rows()
    if any(score.targets for score in scores):
        yield "not exact", lambda score: _rate(score.rate(Measure.MISMATCH), score.mismatch)
    for flaw in Flaw:
        if any(score.flaws.get(flaw) for score in scores):
            yield f"{flaw} answers", _flawed(flaw)
    yield "seconds, median", lambda score: f"{score.median_seconds:.2f}"
    yield "seconds, slow", lambda score: f"{score.slow_seconds:.2f}"
    yield "tokens, in", lambda score: f"{score.input_tokens:,}"
    yield "tokens, out", lambda score: f"{score.output_tokens:,}"
    yield "cost", lambda score: wording.usd(score.cost_usd)


def _word_rows() -> Iterator[_Row]:
    yield "WER", lambda score: _rate(score.words.rate, score.wer)
    yield "CER", lambda score: _rate(score.characters.rate, None)
    yield "substituted", lambda score: f"{score.words.substitutions:,}"
    yield "inserted", lambda score: f"{score.words.insertions:,}"
    yield "deleted", lambda score: f"{score.words.deletions:,}"
    yield "of words", lambda score: f"{score.words.length:,}"
    yield "casing", lambda score: f"{score.casing:,}"
    yield "punctuation", lambda score: f"{score.punctuation:,}"


def _flawed(flaw: Flaw) -> Callable[[Score], str]:
    return lambda score: f"{score.flaws.get(flaw, 0):,}"


def _rate(rate: float | None, interval: Interval | None) -> str:
    told = wording.rate(rate)
    return f"{told} ({wording.spread((interval.low, interval.high))})" if interval else told


def _parts(told: Told) -> Table:
    table = _table("slice", "pairs", "measure", *(told.short(each.target) for each in told.contenders))
    for part in told.measured.parts:
        rates = (wording.rate(part.rates.get(each.target)) for each in told.contenders)
        name = Text(f"{part.cut} {shown(part.name)}")
        table.add_row(name, f"{part.examples:,}", part.measure.upper(), *map(Text, rates))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(Text(first), overflow="fold")
    for other in others:
        table.add_column(Text(other), justify="right", overflow="fold")
    return table


def _compared(told: Told, each: Against) -> str:
    comparison = each.comparison
    interval = f"{comparison.interval.low * 100:+.1f} to {comparison.interval.high * 100:+.1f}"
    direction = "lower" if comparison.improvement >= 0 else "higher"
    return (
        f"{told.short(told.contenders[0].target)} against {told.short(each.target)}: {comparison.measure.upper()} is "
        f"{wording.points(comparison.improvement)} {direction} (95 % interval of the improvement {interval}); better "
        f"with a probability of {comparison.probability:.3f}, and {told.limits.confidence:g} is asked for"
    )


def _worst(told: Told, most: int) -> list[tuple[Example, Mark]]:
    """Those with most of the first contender's errors, and none without one."""
    answers = told.answers[told.contenders[0].target]
    marked = [(each, told.scorer.mark(each, answers[each.pair])) for each in told.chosen.examples] if most else []
    faulty = [(example, mark) for example, mark in marked if errors(mark) or mark.flaws]
    return sorted(faulty, key=lambda one: (-errors(one[1]), -(one[1].words.rate or 0.0), one[0].path))[:most]


def _tell_utterance(told: Told, number: int, example: Example, mark: Mark, console: Console) -> None:
    console.print()
    _line(f"worst {number}", f"{shown(example.path)}: {errors(mark):,} errors, {example.seconds:.1f} s", console)
    for each in told.contenders:
        answer = told.answers[each.target][example.pair]
        label = Text().append(f"{told.short(each.target)}: ", "bold")
        console.print(label.append_text(_heard(example, answer)), soft_wrap=True)


def _heard(example: Example, answer: Answer) -> Text:
    if answer.failure is not None:
        return Text(shown(f"no answer: {answer.failure}"), style="magenta")
    return _marked(diff(example.reference, answer.text))


def _marked(found: Diff) -> Text:
    """The words, with [-what is missing-] and {+what was added+}."""
    text = Text()
    for piece in found.pieces:
        before, after, style = _MARKS.get(piece.change, ("", "", ""))
        text.append(piece.space).append(f"{before}{shown(piece.text)}{after}", style=style or None)
    if left := found.reference_left + found.answer_left:
        text.append(f" … and {left:,} more words", style="dim")
    return text


def _line(label: str, sentence: str, console: Console) -> None:
    console.print(Text().append(f"{label:<{_WIDTH}}", "bold").append(shown(sentence)), soft_wrap=True)
