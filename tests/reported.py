"""Pairs as a verdict leaves them, made up: for tests of reports, which look at nothing else."""

import random
from dataclasses import replace
from datetime import datetime

from attune.domain.finding import Finding
from attune.domain.names import HalfKind
from attune.domain.pair import Half, Measured, Pair, PairState, Row
from attune.domain.quality.customs import Cased, Style
from attune.domain.quality.heard import Heard
from attune.domain.quality.rules import RULES
from attune.domain.row import Weight
from attune.domain.split import Split

REFUSALS = ("audio_silent", "audio_duplicate", "transcript_empty", "transcript_too_fast")
LOOKS = ("audio_noisy", "audio_clipped", "audio_long", "transcript_duplicate")
REPAIRS = ("repaired_whitespace", "repaired_unicode")
TASKS = ("transcription", "mood")


def waiting(path: str, now: datetime, dataset: str = "d") -> Pair:
    """A recording without a text."""
    name = f"{dataset}/{path}.wav"
    return Pair(dataset, path, PairState.WAITING, now, Half(HalfKind.AUDIO, name, 7, 8)).waiting(now)


def judged(path: str, now: datetime, dice: random.Random, dataset: str = "d") -> Pair:
    """A pair with any verdict there may be."""
    return rejudged(waiting(path, now, dataset), now, dice)


def rejudged(pair: Pair, now: datetime, dice: random.Random) -> Pair:
    """The same pair with a new text, and any verdict."""
    half = Half(HalfKind.TRANSCRIPT, f"{pair.dataset}/{pair.path}.txt", dice.randrange(1, 10**15), 9)
    pair = replace(pair, transcript=half)
    remarks = found(dice, LOOKS) + found(dice, REPAIRS)
    measured = a_measure(dice)
    ways = [
        lambda: replace(pair, transcript=None).waiting(now),
        lambda: pair.rejected(found(dice, REFUSALS, 1), now, remarks, dice.choice([None, measured])),
        lambda: pair.accepted(a_row(measured), dice.choice(list(Split)), now, remarks, measured),
    ]
    return dice.choices(ways, (1, 2, 5))[0]()


def found(dice: random.Random, codes: tuple[str, ...], least: int = 0) -> tuple[Finding, ...]:
    """Some of these rules' words."""
    chosen = dice.sample(codes, dice.randint(least, 2))
    return tuple(RULES[code].found(f"It is so in {dice.randint(1, 9)} places.") for code in chosen)


def a_measure(dice: random.Random) -> Measured:
    """Any measure, the odd ones included."""
    heard = Heard(
        seconds=dice.choice([0.05, 3600.0, dice.lognormvariate(2, 1)]),
        sample_rate=dice.choice([8000, 16000]),
        channels=dice.choice([1, 2]),
        bit_depth=dice.choice([None, 16]),
        level_dbfs=dice.uniform(-120, 0),
        silent_share=dice.random(),
        clipped_share=dice.choice([0.0, dice.random()]),
        snr_db=dice.uniform(0, 100),
    )
    task = dice.choice(TASKS)
    if task != TASKS[0]:
        return Measured(heard, task)
    style = Style(dice.choice(list(Cased)), punctuated=dice.choice([None, True, False]))
    return Measured(heard, task, dice.uniform(0, 60), style)


def a_row(measured: Measured) -> Row:
    """The row of what was measured so."""
    seconds, task = measured.heard.seconds, measured.task
    return Row("rows/r", 9, 1, "t", None, "audio/wav", "a" * 64, "b" * 64, seconds, 5, Weight(1, 1, 1), task, "v")
