"""Audio into rows, beside the recipe's own script, Hugging Face datasets' export, and a copy, the least there can be.

All three get their memory as production does, one row after the other.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from attune.domain.row import RowFormat, Template
from attune.services.encode import encode_inline
from bench.line import Line
from bench.turns import in_turn, ratio
from service.theatre import naive_row

SIZES = {"32 KB": 32_000, "320 KB": 320_000, "1 MB": 1_000_000, "16 MB": 16_000_000}
TIMES_THE_RECIPE = {320_000: 8.0, 1_000_000: 8.0, 16_000_000: 8.0}
SHARE_OF_A_COPY = {1_000_000: 0.5}
EXPORTER = Path(".venv-bench/bin/python")
_EXPORT_SCRIPT = Path(__file__).with_name("exporting.py")
_EXPORT_SECONDS = 120
_TEMPLATE = Template(RowFormat.INLINE_DATA, "Transcribe this audio verbatim.")
_SAID = "it says this"
_ROUNDS, _SECONDS = 7, 0.1
_MIXED = 25  # rounds of one row each


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows of recordings of `size` bytes: the seconds of one, and how it stands to the others."""

    size: int
    seconds: float
    times_recipe: float
    share_of_copy: float

    @property
    def megabytes(self) -> float:
        """Of audio a second."""
        return self.size / self.seconds / 1e6


def measure(size: int) -> Pace:
    """The recipe, ours and the copy in turns: many rows of each, as a process makes them, and then one row of each.

    What the one leaves of the memory decides how the next fares: times the recipe, ours is told by the worse of both.
    A copy behind ours would find all that it needs at hand, so its share is that of many.
    """
    audio = os.urandom(size)
    row = b"".join(encode_inline(audio, "audio/wav", _SAID, _TEMPLATE))
    works: dict[str, Callable[[], object]] = {
        "recipe": lambda: naive_row(audio, _SAID),
        "ours": lambda: encode_inline(audio, "audio/wav", _SAID, _TEMPLATE),
        "copy": lambda: bytearray(row),
    }
    many = in_turn(works, _ROUNDS, _SECONDS)
    one = in_turn(works, _MIXED, 0.0, least=1)
    times = min(ratio(took["recipe"], took["ours"]) for took in (many, one))
    return Pace(size, median(many["ours"]), times, ratio(many["copy"], many["ours"]))


def exports() -> Mapping[int, Mapping[str, float]]:
    """The seconds of datasets' export, by the recording's size; empty where it is not installed."""
    if not EXPORTER.exists():
        return {}
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    command = [str(EXPORTER), str(_EXPORT_SCRIPT), *map(str, SIZES.values())]
    said = subprocess.run(command, check=True, capture_output=True, env=os.environ | offline, timeout=_EXPORT_SECONDS)
    return {int(size): seconds for size, seconds in json.loads(said.stdout).items()}


def lines() -> Iterator[Line]:
    """A line for each size, and one for datasets' export."""
    paces = {name: measure(size) for name, size in SIZES.items()}
    for name, pace in paces.items():
        yield _line(name, pace)
    yield _export_line(paces)


def _line(name: str, pace: Pace) -> Line:
    times, share = TIMES_THE_RECIPE.get(pace.size), SHARE_OF_A_COPY.get(pace.size)
    goals = [f">= {times:g} x the recipe"] if times else []
    goals += [f">= {share:g} of a copy"] if share else []
    met = pace.times_recipe >= (times or 0) and pace.share_of_copy >= (share or 0)
    figure = f"{pace.times_recipe:.1f} x the recipe, {pace.share_of_copy:.2f} of a copy, {pace.megabytes:,.0f} MB/s"
    numbers = {"times_recipe": pace.times_recipe, "share_of_copy": pace.share_of_copy, "megabytes": pace.megabytes}
    return Line(f"row encoding, {name}", ", ".join(goals) or "-", figure, met if goals else None, numbers)


def _export_line(paces: Mapping[str, Pace]) -> Line:
    what = "row encoding, times Hugging Face datasets' JSON export"
    exported = exports()
    if not exported:
        return Line(what, "-", "not installed: `make bench-datasets`", None)
    alone = {name: exported[pace.size]["export"] / pace.seconds for name, pace in paces.items()}
    whole = {name: exported[pace.size]["all"] / pace.seconds for name, pace in paces.items()}
    told = ", ".join(
        f"{times:.0f} x ({whole[name]:.0f} x from the audio on) at {name}" for name, times in alone.items()
    )
    numbers = {f"export {name}": times for name, times in alone.items()}
    return Line(what, "-", told, None, numbers | {f"all {name}": times for name, times in whole.items()})


if __name__ == "__main__":
    for each in lines():
        print(f"{each.what}: {each.figure} [{each.goal}: {each.met}]")  # noqa: T201 - what this module is run for
