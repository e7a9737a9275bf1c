"""What `attune check` costs beside reading the same files: python -m bench.checking."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import soundfile

from attune_local.corpus import sentences
from sounds import encoded, speech

PAIRS = 2_000
FOLDER = Path("build/bench/sentences")
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """Pairs a second: by the clock, and of one processor's time, which does not count what else the machine does."""

    clock: float
    processor: float


@dataclass(frozen=True, slots=True)
class Speed:
    """A check with so many processes, and as many bare loops at once, each over its share of the same recordings."""

    processes: int
    bare: Pace
    check: Pace

    @property
    def share(self) -> float:
        """What a core does for the check, of what it does in a bare loop."""
        return self.check.processor / self.bare.processor


def measure(folder: Path = FOLDER, pairs: int = PAIRS) -> Speed:
    """The best of some rounds of both, one after the other: what the machine does besides only ever adds."""
    processes = os.cpu_count() or 1
    corpus(folder, pairs)
    recordings = sorted(map(str, folder.glob("*.wav")))
    rounds = [(_bare(recordings, processes), _check(folder, processes)) for _ in range(_ROUNDS)]
    bare, check = (_best(pairs, took) for took in zip(*rounds, strict=True))
    return Speed(processes, bare, check)


def told(speed: Speed) -> str:
    """The figure, in words."""
    by_clock = f"{speed.check.clock:,.0f} pairs/s with {speed.processes} processes (bare loops {speed.bare.clock:,.0f})"
    by_core = f"{speed.share:.2f} x a bare loop's {speed.bare.processor:,.0f} a second of a core"
    return f"{by_clock}; {by_core}"


def corpus(folder: Path, pairs: int) -> None:
    """So many pairs of 3 to 8 seconds, as sentences last, that sound like syllables, made once."""
    if len(list(folder.glob("*.txt"))) == pairs:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(dir=folder.parent))
    dice = Random(1)  # noqa: S311 - a reproducible choice is wanted, not a secret
    for number, text in enumerate(islice(sentences(1), pairs)):
        (made / f"{number:05}.wav").write_bytes(
            encoded(".wav", speech(dice.uniform(3, 8), room=dice.uniform(0.001, 0.002)))
        )
        (made / f"{number:05}.txt").write_text(f"{text}\n", encoding="utf-8")
    made.rename(folder)


def _best(pairs: int, rounds: Sequence[tuple[float, float]]) -> Pace:
    return Pace(*(pairs / min(seconds) for seconds in zip(*rounds, strict=True)))


def _bare(recordings: Sequence[str], processes: int) -> tuple[float, float]:
    """The seconds until the last of the loops has ended, and the processor seconds of all."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        took = pool.map(_loop, [recordings[part::processes] for part in range(processes)], chunksize=1)
    return max(seconds for seconds, _ in took), sum(used for _, used in took)


def _loop(recordings: Sequence[str]) -> tuple[float, float]:
    started, used = time.perf_counter(), time.process_time()
    for recording in recordings:
        soundfile.read(recording)
    return time.perf_counter() - started, time.process_time() - used


def _check(folder: Path, processes: int) -> tuple[float, float]:
    """The same of the command, as it tells them itself."""
    command = [sys.executable, "-m", "attune.cli", "check", str(folder), "--json", "--jobs", str(processes)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    took = json.loads(said.stdout)["took"]
    return took["seconds"], took["processor_seconds"]


if __name__ == "__main__":
    sys.stdout.write(f"{told(measure())}\n")
