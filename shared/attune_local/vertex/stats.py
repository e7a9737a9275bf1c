"""The statistics a job carries, drawn from what became of its rows."""

import math
import statistics
from collections.abc import Sequence

from attune_local.vertex.judge import Judgement
from attune_local.vertex.limits import ROWS_PER_STEP
from attune_local.vertex.resources import DataStats, Distribution


def steps_per_epoch(judgement: Judgement) -> int:
    """Tuning steps that one pass over the rows takes."""
    return math.ceil(len(judgement.kept) / ROWS_PER_STEP)


def data_stats(judgement: Judgement, epochs: int, sample: int) -> DataStats:
    """The statistics, naming at most `sample` of the dropped rows."""
    named = judgement.dropped[:sample]
    characters = sum(row.characters for row in judgement.kept)
    return DataStats(
        examples=judgement.rows,
        characters=characters,
        billable_tokens=judgement.billable_tokens,
        steps=steps_per_epoch(judgement) * epochs,
        input_tokens=_distribution([row.input_tokens for row in judgement.kept]),
        output_tokens=_distribution([row.output_tokens for row in judgement.kept]),
        messages=_distribution([row.messages for row in judgement.kept]),
        dropped=len(judgement.dropped),
        dropped_indices=tuple(row.index for row in named),
        dropped_reasons=tuple(row.reason for row in named),
    )


def _distribution(values: Sequence[int]) -> Distribution:
    """Of none, all zero: a job can have lost its last row to misbehaviour."""
    if not values:
        return Distribution(0, 0, 0, 0, 0, 0, 0)
    twentieths = statistics.quantiles([*values, *values], n=20, method="inclusive")
    return Distribution(
        total=sum(values),
        least=min(values),
        most=max(values),
        mean=statistics.fmean(values),
        median=statistics.median(values),
        p5=twentieths[0],
        p95=twentieths[-1],
    )
