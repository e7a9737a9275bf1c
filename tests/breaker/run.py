"""A run of the breaker: everything at once, then quiet, then the numbers."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from attune_local.stack.plan import Plan, VertexPace
from attune_local.stack.stack import Stack
from breaker.corpus import DATASETS, Corpus, Deed
from breaker.delivery import Deliveries
from breaker.findings import Finding, World, check
from breaker.injections import KINDS, Chaos, Hits
from breaker.outside import Outside
from breaker.people import People
from breaker.plague import Plague
from breaker.processes import Functions, Timing
from breaker.quiet import Quiet, Say
from breaker.sentinel import Sentinel

_TICK_SECONDS = 1.0
_MOST_WAITING = 60  # events: nobody uploads into a jam, so that the harm is spread over all files
_IDLE = 10  # events: fewer wait where more of the same may come
_LONGEST = 90.0, 0.5  # seconds of harm, and more for each pair
_LONG = Timing()
_PACE = VertexPace(quota=3, queue_seconds=0.3, run_seconds=0.6)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much harm: until each kind was hit `least` times and each step died at, but no more than so many seconds.

    All files are uploaded in any case.
    """

    least: int
    seconds: float

    @classmethod
    def of(cls, least: int, pairs: int) -> Wanted:
        """What fits so many pairs."""
        return cls(least, _LONGEST[0] + _LONGEST[1] * pairs)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    seed: int
    pairs: int
    hits: dict[str, int]
    least: int
    deaths: int
    died: int
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def harm(self) -> int:
        """How often anything was done to the machine, to an event or to a file."""
        return sum(number for kind, number in self.hits.items() if kind != "file: uploaded")

    @property
    def missed(self) -> list[str]:
        """The kinds that were hit too seldom."""
        return [kind for kind in KINDS if self.hits.get(kind, 0) < self.least]

    @property
    def holds(self) -> bool:
        """Whether all is as it has to be."""
        return not self.missed and all(finding.holds for finding in self.findings)


def run(
    seed: int,
    pairs: int,
    staged: Path,
    wanted: Wanted,
    say: Say,
    logs: Path | None = None,
    timing: Timing = _LONG,
) -> Outcome:
    """Drives the stack with so many pairs while everything befalls it that can; its logs stay in a folder, if told."""
    began = time.monotonic()
    chaos, corpus = Chaos(seed, Hits()), Corpus(seed, pairs)
    with ExitStack() as closing:
        objects = Path(closing.enter_context(TemporaryDirectory(prefix="breaker-")))
        stack = closing.enter_context(Stack(Plan(vertex=_PACE, logs=logs, objects=objects)))
        functions = Functions(stack, staged, chaos, timing)
        closing.callback(functions.close)
        deliveries = Deliveries(stack, functions.url, chaos, seed)
        closing.callback(deliveries.stop)
        over = threading.Event()
        closing.callback(over.set)
        people = People(stack, corpus, chaos.hits, threading.Lock())
        play = Play(stack, chaos, corpus, people, functions, deliveries, over, say)
        found = play.play(wanted)
    seconds = round(time.monotonic() - began, 1)
    hits = dict(chaos.hits.counted)
    return Outcome(seed, pairs, hits, wanted.least, len(chaos.seen), len(chaos.died), found, seconds)


@dataclass(frozen=True, slots=True)
class Play:
    """The stack, the functions, and all that is done to them."""

    stack: Stack
    chaos: Chaos
    corpus: Corpus
    people: People
    functions: Functions
    deliveries: Deliveries
    over: threading.Event
    say: Say

    def play(self, wanted: Wanted) -> tuple[Finding, ...]:
        """All of it."""
        outside = Outside(self.stack)
        sentinel, inbox = Sentinel(outside), self.stack.subscribe()
        quiet = Quiet(outside, self.deliveries, self.say)
        self._begin()
        until = time.monotonic() + wanted.seconds
        sentinel.start()
        Plague(self.stack, self.functions, self.people, self.chaos, self.over).start()
        self._upload()
        self._go_on(wanted.least, until)
        self._calm_down()
        quiet.wait()
        self._last_run(quiet)
        sentinel.stop()
        return tuple(check(World.seen(outside), sentinel, inbox.messages(), self.corpus.marker))

    def _begin(self) -> None:
        """Everything is up before any harm is done."""
        self.people.settle()
        self.chaos.calm = True
        self.functions.start()
        self.chaos.calm = False
        self.deliveries.start(self.functions.names)
        threading.Thread(target=self._tick, daemon=True).start()

    def _tick(self) -> None:
        while not self.over.wait(_TICK_SECONDS):
            self.stack.tick()

    def _upload(self) -> None:
        for number, deed in enumerate(self.corpus.deeds(), start=1):
            self._do(deed)
            if number % 500 == 0:
                self.say(f"{number} uploads and deletions")

    def _do(self, deed: Deed) -> None:
        self._room(_MOST_WAITING)
        self.people.do(deed)

    def _room(self, most: int) -> None:
        """Waits until no more events of files than that wait."""
        while self.deliveries.files_waiting > most:
            time.sleep(0.05)

    def _go_on(self, least: int, until: float) -> None:
        """With more of the same, until each kind was hit often enough and each step died at, or it takes too long."""
        number = 0
        while (missed := self.chaos.hits.missed(least)) or self.chaos.alive:
            if time.monotonic() > until:
                self.say(f"enough; too seldom: {', '.join(missed) or 'nothing'}; {self.chaos.alive} deaths not died")
                return
            self._room(_IDLE)
            for deed in self.corpus.more(number, DATASETS[number % len(DATASETS)]):
                self._do(deed)
            number += 1
            time.sleep(0.5)

    def _calm_down(self) -> None:
        """New processes with right clocks and good settings: what is to be seen is what the harm left behind."""
        self.say("no more harm")
        self.chaos.calm = True
        for name in self.functions.names:
            self.functions.kill(name)
        self.people.settle()

    def _last_run(self, quiet: Quiet) -> None:
        """One last pair under a threshold of one: its run must hold all that was ever accepted."""
        before = {dataset: len(quiet.runs(dataset)) for dataset in DATASETS}
        self.people.settle(threshold=1)
        for dataset in DATASETS:
            for ending, data in ((".wav", self.corpus.sound(dataset)), (".txt", self.corpus.text(f"last{dataset}"))):
                self.people.do(Deed(f"{dataset}/the last{ending}", data, "upload"))

        def missing() -> str:
            late = [dataset for dataset in DATASETS if len(quiet.runs(dataset)) == before[dataset]]
            due = sum(pair["due"] == "add" for dataset in DATASETS for pair in quiet.pairs(dataset).values())
            return f"the last runs of {', '.join(late) or 'none'}; {due} pairs due" if late or due else ""

        quiet.wait(missing)
