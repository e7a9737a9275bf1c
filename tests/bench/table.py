"""What attune costs, as ratios and counts from one run: `make bench`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attune.domain.row import RowFormat, Template
from attune.services.encode import encode_inline
from bench import checking
from service.scenes import drop, fill
from service.theatre import Stage, naive_row

KEPT = Path("build/bench.json")
SIZES = {"32 KB": 32_000, "320 KB": 320_000, "1 MB": 1_000_000, "16 MB": 16_000_000}
AUDIO_MB = 100
MOST_CALLS = 11
PROMPT = "Transcribe this audio verbatim."


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, the goal, the figure, and whether it meets the goal (None: no goal)."""

    what: str
    goal: str
    figure: str
    met: bool | None


def encoding() -> Iterator[Line]:
    """Inline rows against the recipe's own script, and against copying the row's bytes."""
    template = Template(RowFormat.INLINE_DATA, PROMPT)
    for name, size in SIZES.items():
        audio = os.urandom(size)
        row = bytes(encode_inline(audio, "audio/wav", "it says this", template))
        ours = _seconds(lambda audio=audio: encode_inline(audio, "audio/wav", "it says this", template))  # type: ignore[misc]
        recipe = _seconds(lambda audio=audio: naive_row(audio, "it says this"))  # type: ignore[misc]
        copy = _seconds(lambda row=row: bytearray(row))  # type: ignore[misc]
        wanted = 8 if size >= SIZES["320 KB"] else None
        figure = f"{recipe / ours:.1f} x the recipe's speed, {copy / ours:.0%} of a copy's"
        yield Line(f"row encoding, {name}", f">= {wanted} x" if wanted else "-", figure, _met(recipe / ours, wanted))


def calls() -> Iterator[Line]:
    """Remote calls for both events of one more pair."""
    for row_format in RowFormat:
        few, many = _calls_of_one_more(row_format, 10), _calls_of_one_more(row_format, 1000)
        told = ", ".join(f"{count} {call}" for call, count in sorted(few.items()))
        flat = few == many
        figure = f"{few.total()} ({told}); {'the same' if flat else many.total()} after 1,000 pairs"
        met = flat and few.total() <= MOST_CALLS
        yield Line(f"calls a pair, {row_format}", f"<= {MOST_CALLS}, flat", figure, met)


def growth() -> Iterator[Line]:
    """What a second run of 20 pairs composes, after few and after many."""
    for before in (100, 1000):
        stage = Stage()
        stage.write_settings(threshold=before)
        fill(stage, before)
        stage.settle()
        stage.write_settings(threshold=20)
        stage.calls.clear()
        fill(stage, 20, name="later")
        stage.settle()
        count = Counter(stage.calls)
        figure = f"{count['objects.compose']} compositions, {count['documents.commit']} commits"
        yield Line(f"a run of 20 pairs after {before}", "-", figure, None)


def memory() -> Iterator[Line]:
    """The most that is held while a large recording is read and encoded, the recording itself included."""
    tracemalloc.start()
    audio = os.urandom(AUDIO_MB * 1_000_000)
    encode_inline(audio, "audio/wav", "it says this", Template(RowFormat.INLINE_DATA, PROMPT))
    ratio = tracemalloc.get_traced_memory()[1] / len(audio)
    tracemalloc.stop()
    yield Line(f"peak memory, {AUDIO_MB} MB inline", "<= 3 x", f"{ratio:.2f} x the file", _met(3 / ratio, 1))


def modules() -> Iterator[Line]:
    """What ingest imports before its first event."""
    script = "import sys, attune.entry.doors; print(sum(name.startswith('google.cloud.') for name in sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    count = int(said.stdout)
    yield Line("Google modules imported with the doors", "0", str(count), count == 0)


def _calls_of_one_more(row_format: RowFormat, before: int) -> Counter[str]:
    stage = Stage()
    stage.write_settings(threshold=10_000, row_format=row_format.value)
    fill(stage, before)
    stage.calls.clear()
    drop(stage, "one more")
    return Counter(stage.calls)


def _seconds(work: Callable[[], object]) -> float:
    """The best of several runs: what the machine does besides only ever adds."""
    best, until = float("inf"), time.perf_counter() + 0.5
    while time.perf_counter() < until:
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def _met(figure: float, wanted: float | None) -> bool | None:
    return None if wanted is None else figure >= wanted


def main() -> None:
    """Prints the table, and keeps it as JSON."""
    lines = [line for measure in (encoding, calls, growth, memory, modules) for line in measure()]
    lines += [Line(*told) for told in checking.lines()]
    table = Table("what", "goal", "figure", "verdict")
    for line in lines:
        table.add_row(line.what, line.goal, line.figure, {True: "met", False: "NOT MET", None: "-"}[line.met])
    Console(width=160).print(table)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps([asdict(line) for line in lines], indent=1))


if __name__ == "__main__":
    main()
