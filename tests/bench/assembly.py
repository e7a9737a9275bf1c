"""What it takes to make a run's files: python -m bench.assembly, or lines for `make bench`.

The fewest compositions. A composition joins 32 objects at most, so it lowers the number of pieces by 31 at most: one
file of n rows takes at least ceil((n - 1) / 31) of them. In a second run only those objects are made anew that a new
row is in. Were the rows, in their order, the leaves of a full 32-ary tree, these were the nodes on the paths from the
new rows to the root: `on_paths` counts them. Both are counted for train.jsonl and validation.jsonl, with a row for a
piece, and for manifest.jsonl, with the lines of 32 rows for one. attune's tree is one over hashes instead, so that a
row's place in it depends on that row alone: its leaves are not full, and that is what it makes more of.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import ceil

import google_crc32c

from attune.domain.run import Run, RunState
from attune.domain.shard import FAN_OUT
from attune.domain.split import Split
from attune.ports import Query, RawDocument
from bench.line import Line
from bench.planted import FAR, Ground, planted
from service.scenes import fill

ROWS = (1_000, 10_000, 100_000)
ADDED = 100
CLOSE = 12.0  # times the fewest compositions: a leaf of a hundred thousand rows has three of 32

GOAL = f"<= {CLOSE:g} x the fewest"


@dataclass(frozen=True, slots=True)
class Work:
    """What was done: the remote calls, the bytes sent with them, the compositions that it takes, and the seconds."""

    calls: Counter[str]
    sent: int
    fewest: int
    seconds: float

    @property
    def composed(self) -> int:
        """The compositions."""
        return self.calls["objects.compose"]

    @property
    def times(self) -> float:
        """The compositions, of the fewest."""
        return self.composed / self.fewest


@cache
def first_run(rows: int) -> tuple[Ground, Work]:
    """A dataset of so many rows and the run of them all; what comes later goes into this very dataset."""
    ground = planted(rows)
    settled()
    return ground, assembled(ground, ids(ground), ids(ground))


def add(ground: Ground, name: str) -> None:
    """So many more pairs, through both events each; the last of them opens a run."""
    ground.write_settings(threshold=ADDED)
    fill(ground, ADDED, name)
    ground.write_settings(threshold=FAR)


def assembled(ground: Ground, everyone: Sequence[Sequence[str]], newcomers: Sequence[Sequence[str]]) -> Work:
    """The launch of the run that is open or cut: up to its job, which nobody works on."""
    ground.calls.clear()
    ground.store.sent = 0
    started = time.process_time()
    ground.launch()
    seconds = time.process_time() - started
    work = Work(Counter(ground.calls), ground.store.sent, fewest(everyone, newcomers), seconds)
    verify(ground, ground.runs()[-1], everyone)
    ground.free_slots()
    return work


def verify(ground: Ground, run: Run, everyone: Sequence[Sequence[str]]) -> None:
    """Whether train.jsonl is, byte for byte, the rows that belong in it, in their order."""
    if run.state is not RunState.RUNNING or run.train is None:
        raise AssertionError(f"the run is {run.state}: {run.reason or run.note}")
    rows = (ground.documents.fields((*_pairs(ground), pair))["row"] for pair in everyone[0])
    belongs = chain.from_iterable(ground.store.live[row["name"]].pieces() for row in rows)
    if _weighed(belongs) != _weighed(ground.store.live[run.train.part.name].pieces()):
        raise AssertionError(f"{run.train.uri} is not the {len(everyone[0]):,} rows that belong in it")


def _weighed(pieces: Iterable[bytes]) -> tuple[int, int]:
    """Their bytes, and the CRC32C of them, read one by one."""
    size = crc32c = 0
    for piece in pieces:
        size, crc32c = size + len(piece), google_crc32c.extend(crc32c, piece)
    return size, crc32c


def ids(ground: Ground, *, new: bool = False) -> tuple[list[str], list[str]]:
    """The ids of the pairs on either side of the hold-out, in the rows' order: all, or those that no run has taken."""
    where = (("due", "add"),) if new else ()
    sides: dict[str, list[str]] = {split: [] for split in Split}
    for path in sorted(ground.documents.matching(Query(RawDocument, _pairs(ground), where))):
        sides[str(ground.documents.fields(path)["split"])].append(path[-1])
    return sides[Split.TRAIN], sides[Split.VALIDATION]


def _pairs(ground: Ground) -> tuple[str, ...]:
    return ("datasets", ground.dataset, "pairs")


def fewest(everyone: Sequence[Sequence[str]], newcomers: Sequence[Sequence[str]]) -> int:
    """The fewest compositions, of both sides' files and of the manifest, when the newcomers have come to the others."""
    total = first_leaf = 0
    leaves: set[int] = set()
    for side, new in zip(everyone, newcomers, strict=True):
        place = {pair: index for index, pair in enumerate(side)}
        places = {place[pair] for pair in new}
        total += on_paths(places, len(side))
        leaves |= {first_leaf + at // FAN_OUT for at in places}
        first_leaf += ceil(len(side) / FAN_OUT)
    return total + on_paths(leaves, first_leaf)


def on_paths(pieces: Iterable[int], of: int) -> int:
    """The nodes of a full tree over so many pieces that are above any of these; a node of one piece is that piece."""
    changed, nodes = set(pieces), 0
    if len(changed) == of:
        return ceil((of - 1) / (FAN_OUT - 1))
    while of > 1:
        changed, of = {piece // FAN_OUT for piece in changed}, ceil(of / FAN_OUT)
        nodes += len(changed)
    return nodes


def settled() -> None:
    """Keeps what was planted out of the garbage collector's rounds, which are not attune's."""
    gc.collect()
    gc.freeze()


def lines(sizes: Sequence[int] = ROWS) -> Iterator[Line]:
    """Rows a second and compositions of a first run; those of a second are among `bench.growth`'s."""
    for rows in sizes:
        _, work = first_run(rows)
        figure = f"{rows / work.seconds:,.0f} rows/s of a core to a verified train.jsonl; {told(work)}"
        numbers = {"rows_per_second": rows / work.seconds, "times_fewest": work.times}
        met = work.times <= CLOSE
        yield Line(f"assembly of {rows:,} rows", GOAL, figure, met, numbers, counted(work))


def told(work: Work) -> str:
    """The compositions, in words."""
    return f"{work.composed:,} compositions, {work.times:.1f} x the fewest ({work.fewest:,})"


def counted(work: Work) -> dict[str, int]:
    """What comes out the same on every machine."""
    return {"fewest compositions": work.fewest, "bytes sent": work.sent, **dict(sorted(work.calls.items()))}


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line.what}: {line.figure}\n")
