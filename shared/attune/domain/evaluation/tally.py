"""Tally: a contender's marks as a score, two contenders' marks as comparisons, and both by slices of the hold-out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from statistics import median

from attune.domain.evaluation.bootstrap import Counted, differences, interval, probability, rates
from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.score import Edits, Mark
from attune.domain.evaluation.scores import Comparison, Cut, Interval, Measure, Score, Slice

_SLICES = 50  # of a cut, the largest
_SLOW = 0.95
_BANDS = ((2.0, "under 2 s"), (5.0, "2 to 5 s"), (15.0, "5 to 15 s"), (30.0, "15 to 30 s"))
_LONGEST = "over 30 s"

Marks = Sequence[Mark]
"""Of all examples, in the examples' order."""


def score(marks: Marks, answers: Sequence[Answer], usd: float | None) -> Score:
    """What a contender's answers are worth together; `usd` is what they cost."""
    targets = [mark for mark in marks if mark.exact is not None]
    return Score(
        examples=len(marks),
        words=sum((mark.words for mark in marks), Edits()),
        characters=sum((mark.characters for mark in marks), Edits()),
        wer=_interval(counted(marks, Measure.WER)),
        mismatch=_interval(counted(marks, Measure.MISMATCH)),
        casing=sum(mark.casing for mark in marks),
        punctuation=sum(mark.punctuation for mark in marks),
        targets=len(targets),
        exact=sum(mark.exact is True for mark in targets),
        flaws=dict(Counter(flaw for mark in marks for flaw in mark.flaws)),
        median_seconds=median([answer.seconds for answer in answers] or [0.0]),
        slow_seconds=_slow([answer.seconds for answer in answers]),
        input_tokens=sum(answer.input_tokens for answer in answers),
        output_tokens=sum(answer.output_tokens for answer in answers),
        cost_usd=usd,
    )


def counted(marks: Marks, measure: Measure) -> list[Counted]:
    """What a rate is made of, example by example; what the measure is not of counts nothing."""
    if measure is Measure.WER:
        return [Counted(mark.words.errors, mark.words.length) for mark in marks]
    return [Counted(int(mark.exact is False), int(mark.exact is not None)) for mark in marks]


def compare(challenger: Marks, other: Marks, against: Role, margin: float) -> Iterator[Comparison]:
    """The challenger against another, in each measure that anything was measured in."""
    for measure in Measure:
        mine, its = counted(challenger, measure), counted(other, measure)
        if not any(each.length for each in mine):
            continue
        drawn = differences(its, mine)
        yield Comparison(
            against=against,
            measure=measure,
            improvement=_rate(its) - _rate(mine),
            interval=interval(drawn),
            margin=margin,
            probability=probability(drawn, margin),
        )


def slices(examples: Sequence[Example], marks: Mapping[Role, Marks]) -> Iterator[Slice]:
    """Each contender's rate in every part of the hold-out, the largest first. What has one part only is not cut."""
    for cut in Cut:
        parts: defaultdict[str, list[int]] = defaultdict(list)
        for place, example in enumerate(examples):
            if (name := _part(example, cut)) is not None:
                parts[name].append(place)
        if len(parts) > 1:
            for name, places in sorted(parts.items(), key=lambda part: (-len(part[1]), part[0]))[:_SLICES]:
                yield from _slice(cut, name, places, marks)


def _slice(cut: Cut, name: str, places: Sequence[int], marks: Mapping[Role, Marks]) -> Iterator[Slice]:
    for measure in Measure:
        of_each = {role: counted([its[place] for place in places], measure) for role, its in marks.items()}
        used = sum(bool(each.length) for each in next(iter(of_each.values()), []))
        if used:
            yield Slice(cut, name, used, measure, {role: _rate(each) for role, each in of_each.items()})


def _part(example: Example, cut: Cut) -> str | None:
    if cut is Cut.FOLDER:
        folder = str(PurePosixPath(example.path).parent)
        return "" if folder == "." else folder
    if cut is Cut.SECONDS:
        return next((name for most, name in _BANDS if example.seconds < most), _LONGEST)
    return example.group if cut is Cut.GROUP else example.task


def _interval(units: Sequence[Counted]) -> Interval | None:
    return interval(rates(units)) if any(each.length for each in units) else None


def _rate(units: Sequence[Counted]) -> float:
    length = sum(each.length for each in units)
    return sum(each.errors for each in units) / length if length else 0.0


def _slow(seconds: Sequence[float]) -> float:
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * _SLOW), len(ordered) - 1)] if ordered else 0.0
