"""What the services ask of the world, call by call: who is asked, what is billed, what is written, how many bytes pass.

Counted on the tests' twins, where every remote call of a service passes; bytes are those of objects, messages and of
documents' fields as JSON. What a protocol puts around them is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import orjson

from attune.adapters.codec import encode
from attune.bootstrap import Ports
from attune.errors import ConflictError
from attune.ports import Delete, Query, Versioned
from attune_local.twins.objects import whole
from service.theatre import REMOTE, Stage, wav

SECONDS = 5.0  # of a recording
RATE = 16_000  # samples a second, of two bytes
_INDEX_ENTRIES = 1_000  # that a count() reads for the price of a document
_GROWING = ("changed_minute", "due_hour", "waiting_hour")  # indexed fields of a pair whose values only grow


@dataclass(frozen=True, slots=True)
class Cost:
    """What is billed for: documents read, written and deleted, a bucket's operations by class; bytes by direction."""

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    class_a: int = 0
    class_b: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    published: int = 0

    def __add__(self, other: Self) -> Cost:
        return Cost(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Cost)))


@dataclass(frozen=True, slots=True)
class Call:
    """A remote call, `port.method`; the collection of each document it touches, and what it writes.

    `growing` is how many of its writes put a value that only grows into an index.
    """

    name: str
    cost: Cost
    collections: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    growing: int = 0

    @property
    def port(self) -> str:
        """Whom it asks."""
        return self.name.partition(".")[0]


def total(calls: Iterable[Call]) -> Cost:
    """What they cost together."""
    return sum((call.cost for call in calls), Cost())


@dataclass(slots=True)
class Metered:
    """A port that writes down what is asked of it, and what it answers."""

    port: Any
    name: str
    note: Callable[[Call], None]

    def __getattr__(self, method: str) -> Any:
        real = getattr(self.port, method)
        if method not in REMOTE[self.name]:
            return real

        def call(*asked: Any, **named: Any) -> Any:
            try:
                answer = real(*asked, **named)
            except ConflictError:
                self.note(_described(f"{self.name}.{method}", asked, None))
                raise
            self.note(_described(f"{self.name}.{method}", asked, answer))
            return answer

        return call


@dataclass(slots=True)
class MeteredStage(Stage):
    """The stage, with every remote call written down in `met`."""

    met: list[Call] = field(default_factory=list)

    def ports(self, gate: Callable[[str], Callable[[], None]] | None = None) -> Ports:
        """The ports, metered."""
        ports = Stage.ports(self, gate)
        metered: dict[str, Any] = {name: self._metered(name, getattr(ports, name)) for name in REMOTE}
        return replace(ports, **metered)

    def _metered(self, name: str, port: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: Metered(port(), name, self.met.append)


@dataclass(frozen=True, slots=True)
class PairTrace:
    """The calls of a pair's first event, which finds no partner, and of its second, which makes the row."""

    first: tuple[Call, ...]
    second: tuple[Call, ...]
    audio_bytes: int

    @property
    def calls(self) -> tuple[Call, ...]:
        """Of both."""
        return self.first + self.second

    @property
    def row_bytes(self) -> int:
        """How long the pair's row is: the last object that is stored is the row."""
        return [call.cost.bytes_out for call in self.calls if call.name == "objects.put"][-1]


def traced(row_format: str, before: int = 3) -> PairTrace:
    """A pair's calls, after so many others."""
    return traces(row_format, before, 1)[0]


def traces(row_format: str, before: int, count: int) -> list[PairTrace]:
    """The calls of so many pairs, one after the other, after so many others."""
    stage = MeteredStage()
    stage.write_settings(threshold=1_000, row_format=row_format)
    return [_dropped(stage, number) for number in range(before + count)][before:]


def _dropped(stage: MeteredStage, number: int) -> PairTrace:
    audio = wav(SECONDS, seed=number, rate=RATE)
    files = {f"d/pair{number:07}.wav": audio, f"d/pair{number:07}.txt": f"it says {number:07}".encode()}
    events: list[tuple[Call, ...]] = []
    for name, data in files.items():
        stage.met.clear()
        stage.ingest(stage.upload(name, data))
        events.append(tuple(stage.met))
    first, second = events
    return PairTrace(first, second, len(audio))


def meeting_points(of: Sequence[PairTrace]) -> set[str]:
    """What the events of more than one pair write."""
    seen: set[str] = set()
    twice: set[str] = set()
    for trace in of:
        mine = {place for call in trace.calls for place in call.written}
        twice |= seen & mine
        seen |= mine
    return twice


def _described(name: str, asked: tuple[Any, ...], answer: Any) -> Call:
    port = name.partition(".")[0]
    if port == "documents":
        return _on_documents(name, asked, answer)
    if port == "post":
        return Call(name, Cost(published=_json_bytes(asked[0])))
    return _on_objects(name, asked, answer) if port in {"intake", "objects"} else Call(name, Cost())


def _on_documents(name: str, asked: tuple[Any, ...], answer: Any) -> Call:
    """As Firestore bills: what was asked for by its name and is not there, too; of a query what it finds, at least one.

    A commit that is refused is taken to be billed as if it had been done.
    """
    match name, asked:
        case "documents.commit", writes:
            return _commit(name, writes, refused=answer is None)
        case "documents.get", (key, *_):
            return Call(name, Cost(reads=1, bytes_in=_found_bytes([answer])), (key.path[-2],))
        case "documents.get_all", (keys, *_):
            collections = tuple(key.path[-2] for key in keys)
            return Call(name, Cost(reads=len(keys), bytes_in=_found_bytes(answer)), collections)
        case "documents.count", (Query() as query, *_):
            reads = max(1, -(-answer // _INDEX_ENTRIES))
            return Call(name, Cost(reads=reads), (query.collection[-1],))
        case "documents.find", (Query() as query, *_):
            cost = Cost(reads=max(1, len(answer)), bytes_in=_found_bytes(answer))
            return Call(name, cost, (query.collection[-1],) * cost.reads)
    raise ValueError(f"{name} is not known")


def _commit(name: str, writes: tuple[Any, ...], *, refused: bool) -> Call:
    kept = [write for write in writes if not isinstance(write, Delete)]
    cost = Cost(
        writes=len(kept),
        deletes=len(writes) - len(kept),
        bytes_out=sum(_json_bytes(write.value) for write in kept),
    )
    collections = tuple(write.key.path[-2] for write in writes)
    if refused:
        return Call(name, cost, collections)
    growing = sum(any(encode(write.value).get(field) for field in _GROWING) for write in kept)
    return Call(name, cost, collections, tuple("/".join(write.key.path) for write in writes), growing)


def _on_objects(name: str, asked: tuple[Any, ...], answer: Any) -> Call:
    match name.partition(".")[2]:
        case "read":
            return Call(name, Cost(class_b=1, bytes_in=len(answer)))
        case "look":
            return Call(name, Cost(class_b=1))
        case "put" | "replace":
            return Call(name, Cost(class_a=1, bytes_out=len(whole(asked[1]))), written=(f"gs:{asked[0]}",))
        case "compose" | "recompose":
            return Call(name, Cost(class_a=1), written=(f"gs:{asked[0]}",))
        case "page":
            return Call(name, Cost(class_a=1))
        case "delete":
            return Call(name, Cost())  # free
    raise ValueError(f"{name} is not known")


def _found_bytes(found: Iterable[Versioned[Any] | None]) -> int:
    return sum(_json_bytes(each.value) for each in found if each is not None)


def _json_bytes(value: Any) -> int:
    return len(orjson.dumps(encode(value), default=str))
