"""Pairs a second through the ingest function on the emulators, beside the same remote calls made by a bare loop.

The function is its staged folder, served as the local stack serves it. The loop knows every call beforehand: it has the
client libraries, as many threads as events are under way, and nothing to decide. They take turns, on their own pairs.
The same events are posted to a function that does nothing, too, to tell what of the difference is the server's.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests.adapters

from attune.domain.pair import PairState
from attune_local.stack import plan
from attune_local.stack.cloud_events import Delivery, Push, storage_delivery
from attune_local.stack.loopback import HOST
from attune_local.stack.stack import PYTHON_SETTINGS, Stack
from bench.ingest_calls import SETTINGS, Recorder, Replay, Step, counted
from bench.line import Line
from sounds import encoded, speech

STAGED = Path("build")
AT_ONCE = (1, 4, 16)
MOST = 1.2
PAIRS = {1: 16, 4: 32, 16: 48}  # in a round
ROUNDS = 9  # each of the three is first three times
_SECONDS = 5.0  # of a recording
_FUNCTION, _LOOP = "function", "loop"
_TAKEN = 200
_EMPTY = str(Path(__file__).with_name("nothing.py"))


@dataclass(frozen=True, slots=True)
class Pace:
    """So many pairs at once: a second through the function, and through the loop; its time over the loop's.

    `without_server` is that of its time less an empty function's.
    """

    at_once: int
    function: float
    loop: float
    times: float
    without_server: float


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the same pairs through the function, through the loop, and through a function that is empty."""

    function: float
    loop: float
    empty: float


class _Connections(threading.local):
    """A connection for each thread that posts, by the library that asks for the least of the function's processors.

    They are for one turn: the server closes what was idle for two seconds, while the others had theirs.
    """

    def __init__(self, place: str) -> None:
        self._connection = HTTPConnection(place)

    def post(self, delivery: Delivery) -> int:
        """The status that it was answered with."""
        self._connection.request("POST", "/", body=delivery.body, headers=delivery.headers)
        with self._connection.getresponse() as answer:
            answer.read()
            return answer.status


@dataclass(slots=True)
class Course:
    """The stack with the function, and pairs that are numbered as they are used."""

    stack: Stack
    recorder: Recorder = field(default_factory=lambda: Recorder(_LOOP))
    used: int = 0
    rounds: int = 0
    _replay: Replay = field(init=False)
    _recording: bytes = field(default_factory=lambda: encoded(".wav", speech(_SECONDS)))

    def __post_init__(self) -> None:
        storage: Any = self.stack.storage_client()
        for scheme in ("https://", "http://"):  # as the function's own client has it
            storage._http.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=max(AT_ONCE)))  # noqa: SLF001
        self._replay = Replay(self.stack.firestore_client(), storage)
        for dataset in (_FUNCTION, _LOOP):
            self.stack.firestore_client().document("datasets", dataset).set(SETTINGS)
        for dataset in (_FUNCTION, _LOOP):  # by the function, too: what it remembers of the settings is there then
            self._through_function(self._uploaded(dataset, 0), 1)
        self.recorder.of(self._files(_LOOP, 0))

    def round(self, at_once: int, pairs: int) -> Took:
        """The seconds of so many pairs, each time in another order: who is first has what the uploads left to do."""
        numbers = range(self.used + 1, self.used + 1 + pairs)
        self.used += pairs
        posts = [post for number in numbers for post in self._uploaded(_FUNCTION, number)]
        steps = [self._steps(number) for number in numbers]
        turns: deque[Callable[[], float]] = deque(
            [
                lambda: self._through_function(posts, at_once),
                lambda: _timed(_all, steps, at_once),
                lambda: self._through_function(posts, at_once, "nothing"),
            ]
        )
        turns.rotate(self.rounds)
        took = deque(turn() for turn in turns)
        took.rotate(-self.rounds)
        self.rounds += 1
        return Took(*took)

    def calls(self) -> str:
        """What a pair asks for."""
        self.used += 1
        return ", ".join(f"{count} {name}" for name, count in counted(self.recorder.of(self._files(_LOOP, self.used))))

    def accepted(self) -> int:
        """The pairs that the function took."""
        pairs: Any = self.stack.firestore_client().collection("datasets", _FUNCTION, "pairs")
        return sum(found.get("state") == PairState.ACCEPTED for found in pairs.stream())

    def _through_function(self, posts: Sequence[Sequence[Delivery]], at_once: int, function: str = "ingest") -> float:
        connections = _Connections(urlsplit(self.stack.url(function)).netloc)
        return _timed(partial(self._post, function, connections), posts, at_once)

    def _post(self, function: str, connections: _Connections, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            status = connections.post(delivery)
            if status != _TAKEN:
                raise RuntimeError(f"{function} answered {status}: {self.stack.processes[function].tail()}")

    def _uploaded(self, dataset: str, number: int) -> list[list[Delivery]]:
        """The events of a pair's files, which are in the bucket."""
        generations = self._upload(self._files(dataset, number))
        sizes = {name: len(data) for name, data in self._files(dataset, number).items()}
        return [[_event(name, generation, sizes[name]) for name, generation in generations.items()]]

    def _steps(self, number: int) -> list[Step]:
        files = self._files(_LOOP, number)
        return self._replay.prepared(self.recorder.of(files), self._upload(files))

    def _upload(self, files: Mapping[str, bytes]) -> dict[str, int]:
        bucket = self.stack.storage_client().bucket(plan.INTAKE_BUCKET)
        generations = {}
        for name, data in files.items():
            blob = bucket.blob(name)
            blob.upload_from_string(data)
            generations[name] = int(blob.generation)
        return generations

    def _files(self, dataset: str, number: int) -> dict[str, bytes]:
        """The transcript, then the recording; no other number has them."""
        last = number.to_bytes(2, "little")
        return {
            f"{dataset}/pair {number:05}.txt": f"This is the sentence that has the number {number}.\n".encode(),
            f"{dataset}/pair {number:05}.wav": self._recording[: -len(last)] + last,
        }


@contextmanager
def course() -> Iterator[Course]:
    """The emulators and the function, without the bridge: here each event is posted when its turn has come."""
    with Stack() as stack:
        folder = (STAGED / "ingest").resolve()
        settings = {"THREADS": str(max(AT_ONCE)), "PYTHONPATH": str(folder), **PYTHON_SETTINGS}
        stack.processes.launch("ingest", partial(_serve, "main.py", "ingest"), stack.environment() | settings, folder)
        stack.processes.launch("nothing", partial(_serve, _EMPTY, "nothing"), settings, folder)
        stack.processes.wait_ready()
        yield Course(stack)


def measure(rounds: int = ROUNDS) -> tuple[list[Pace], str]:
    """Each of `AT_ONCE`, and the calls of a pair."""
    with course() as on:
        on.round(max(AT_ONCE), max(AT_ONCE))  # every thread and connection is there afterwards
        paces = [_pace(on, at_once, rounds) for at_once in AT_ONCE]
        taken = on.accepted()
        if taken != on.used + 1:
            raise RuntimeError(f"of {on.used + 1} pairs the function accepted {taken}")
        return paces, on.calls()


def lines() -> Iterator[Line]:
    """A line for each number of pairs at once."""
    paces, calls = measure()
    for pace in paces:
        many = "pair" if pace.at_once == 1 else "pairs"
        figure = (
            f"{pace.times:.2f} x: {pace.function:.0f} pairs/s, the bare loop {pace.loop:.0f}; "
            f"{pace.without_server:.2f} x without the time of an empty function"
        )
        numbers = {name: value for name, value in asdict(pace).items() if name != "at_once"}
        what = f"ingest on the emulators, {pace.at_once} {many} at once"
        yield Line(what, f"<= {MOST} x its calls alone", figure, pace.times <= MOST, numbers)
    yield Line("ingest: the calls that both make", "-", calls, None)


def _pace(on: Course, at_once: int, rounds: int) -> Pace:
    pairs = PAIRS[at_once]
    took = [on.round(at_once, pairs) for _ in range(rounds)]
    return Pace(
        at_once,
        pairs / median(each.function for each in took),
        pairs / median(each.loop for each in took),
        median(each.function / each.loop for each in took),
        median((each.function - each.empty) / each.loop for each in took),
    )


def _timed(work: Callable[[Any], None], things: Sequence[Any], at_once: int) -> float:
    with ThreadPoolExecutor(at_once) as threads:
        list(threads.map(time.sleep, [0.01] * at_once))  # so that all of them are there
        started = time.perf_counter()
        list(threads.map(work, things))
        return time.perf_counter() - started


def _all(steps: Sequence[Step]) -> None:
    for step in steps:
        step()


def _event(name: str, generation: int, size: int) -> Delivery:
    resource = {"bucket": plan.INTAKE_BUCKET, "name": name, "generation": str(generation), "size": str(size)}
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": plan.INTAKE_BUCKET, "objectId": name}
    push = Push(str(generation), datetime.now(UTC).isoformat(), attributes, orjson.dumps(resource), "attune-ingest")
    return storage_delivery(push)


def _serve(source: str, target: str, port: int) -> tuple[str, ...]:
    serve = (sys.executable, "-m", "functions_framework", "--host", HOST, "--port", str(port))
    return (*serve, "--source", source, "--target", target, "--signature-type", "cloudevent")


if __name__ == "__main__":
    for each in lines():
        print(f"{each.what}: {each.figure} [{each.goal}: {each.met}]")  # noqa: T201 - what this module is run for
