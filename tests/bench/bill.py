"""What pairs cost: calls and bytes, counted, and US dollars, by the prices listed; beside two naive designs.

Counted are the calls of real events, runs and ticks of the services on the tests' twins, where every remote call
passes; bytes are those of objects, messages and of documents' fields as JSON. Prices are Google's, for us-central1, and
nothing that is free each day or month is taken off. Left out: what is stored, logs, tuning itself, and asking models.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from attune.domain.row import RowFormat
from bench.line import Line
from bench.scale.limits import Assumed, deployed
from bench.scale.model import INSTANCES, demand
from bench.scale.trace import Call, Cost, MeteredStage, PairTrace, total, traced
from service.scenes import fill

MILLION = 1_000_000
RUN = 100  # pairs in the run that is measured
DAYS = 30
_DAY_TICKS = 24 * 60
_TIB = 2**40
_SIZES = (10_000, MILLION)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for so many, where that stands, and how it was seen."""

    usd: float
    per: float
    source: str
    seen: str

    def of(self, amount: float) -> float:
        """What so many cost."""
        return self.usd * amount / self.per


_COPY = "a stored copy of the page, read in November 2026"
_MEMORY = "not seen on Google's page, whose copies lack the table"


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices listed for us-central1, with no free tier and no discount taken off.

    Firestore's are those of the Standard edition. That of the reads and of the writes stands at a third party's
    (airbyte.com/data-engineering-resources/google-firestore-pricing); that of the deletes and of the scheduler is from
    memory. Check them before anybody is promised anything.
    """

    read: Price = Price(0.03, 100_000, "https://cloud.google.com/firestore/pricing", f"third party; {_MEMORY}")
    write: Price = Price(0.09, 100_000, "https://cloud.google.com/firestore/pricing", f"third party; {_MEMORY}")
    delete: Price = Price(0.01, 100_000, "https://cloud.google.com/firestore/pricing", f"from memory; {_MEMORY}")
    class_a: Price = Price(0.005, 1_000, "https://cloud.google.com/storage/pricing-examples", _COPY)
    class_b: Price = Price(0.0004, 1_000, "https://cloud.google.com/storage/pricing-examples", _COPY)
    message: Price = Price(40.0, _TIB, "https://cloud.google.com/pubsub/pricing", _COPY)
    request: Price = Price(0.40, MILLION, "https://cloud.google.com/run/pricing", f"third party; {_MEMORY}")
    processor: Price = Price(0.000024, 1, "https://cloud.google.com/run/pricing", _COPY)
    memory: Price = Price(0.0000025, 1, "https://cloud.google.com/run/pricing", f"third party; {_MEMORY}")
    schedule: Price = Price(0.10, 1, "https://cloud.google.com/scheduler/pricing", "from memory")


PRICES = Prices()
_LEAST_MESSAGE = 1_000  # bytes that a publish or a push is billed for at least
_NOTICE = 2_000  # bytes of a notice that an object is there, with its attributes; assumed
_GIB = 2  # of an ingest or a watch instance, as infra sets it
_TICK_SECONDS = 0.5  # of a quiet tick; assumed
_EVENTS = 2  # of a pair


def services_usd(cost: Cost, prices: Prices = PRICES) -> float:
    """What Firestore and Cloud Storage bill for it, and Pub/Sub for publishing."""
    firestore = prices.read.of(cost.reads) + prices.write.of(cost.writes) + prices.delete.of(cost.deletes)
    storage = prices.class_a.of(cost.class_a) + prices.class_b.of(cost.class_b)
    return firestore + storage + prices.message.of(cost.published)


def events_usd(events: float, prices: Prices = PRICES) -> float:
    """What it costs that objects are told of: a notice is a class B operation, published once and pushed once."""
    return prices.class_b.of(events) + prices.message.of(2 * events * _NOTICE) + prices.request.of(events)


def instances_usd(seconds: float, prices: Prices = PRICES) -> float:
    """What so many seconds of an instance with one processor cost."""
    return prices.processor.of(seconds) + prices.memory.of(seconds * _GIB)


def billed(cost: Cost) -> dict[str, int]:
    """What is billed for, by the names in the table."""
    return {
        "reads": cost.reads,
        "writes": cost.writes,
        "deletes": cost.deletes,
        "class A": cost.class_a,
        "class B": cost.class_b,
    }


# --- pairs -----------------------------------------------------------------------------------------------------


def lines() -> Iterator[Line]:
    """A pair's calls, bytes and dollars in both formats; a run's share; two naive designs; a month without pairs."""
    for row_format in RowFormat:
        trace = traced(row_format.value)
        yield _calls(row_format, trace)
        yield _bytes(row_format, trace)
        yield _dollars(row_format, trace)
    yield _run()
    for size in _SIZES:
        yield _one_file(traced(RowFormat.FILE_URI.value), traced(RowFormat.INLINE_DATA.value), size)
        yield _one_counter(size)
    for datasets in (1, 3):
        yield _idle(datasets)


def counted(row_format: RowFormat) -> dict[str, int]:
    """What both events of a pair ask and send, and what is billed for it."""
    trace = traced(row_format.value)
    return {**_calls(row_format, trace).counted, **_bytes(row_format, trace).counted}


def _calls(row_format: RowFormat, trace: PairTrace) -> Line:
    by_port = Counter(call.port for call in trace.calls)
    names = {"documents": "Firestore", "intake": "intake bucket", "objects": "dataset bucket", "post": "Pub/Sub"}
    counted = {f"{names[port]} calls": count for port, count in sorted(by_port.items())} | billed(total(trace.calls))
    figure = f"{len(trace.calls)} calls: {_told(counted)}"
    return Line(f"a pair, {row_format}: calls, and what is billed (counted)", "-", figure, None, {}, counted)


def _bytes(row_format: RowFormat, trace: PairTrace) -> Line:
    cost = total(trace.calls)
    read, sent = (each / trace.audio_bytes for each in (cost.bytes_in, cost.bytes_out))
    figure = f"{read:.3f} read and {sent:.3f} sent per byte of audio ({trace.audio_bytes:,} bytes, 5 s at 16 kHz)"
    counted = {"bytes in": cost.bytes_in, "bytes out": cost.bytes_out, "audio": trace.audio_bytes}
    return Line(f"a pair, {row_format}: bytes (counted)", "-", figure, None, {"in": read, "out": sent}, counted)


def _dollars(row_format: RowFormat, trace: PairTrace) -> Line:
    """The functions' time is no count: it is what the simulation assumes of each call, shared by who runs beside it."""
    at_once = deployed().concurrency
    services = MILLION * services_usd(total(trace.calls))
    events = events_usd(_EVENTS * MILLION)
    held = MILLION * demand(trace, Assumed())[INSTANCES]
    shared, alone = instances_usd(held / at_once), instances_usd(held)
    usd = services + events + shared
    figure = (
        f"${usd:.2f}: ${services:.2f} Firestore and Cloud Storage, ${events:.2f} events, ${shared:.2f} functions' time "
        f"({held / at_once:,.0f} vCPU-s, assumed, {at_once} events at once; ${alone:.2f} one at a time)"
    )
    numbers = {"services": services, "events": events, "functions": shared, "functions, one at a time": alone}
    what = f"a million pairs, {row_format}, taken in (list prices)"
    return Line(what, "-", figure, None, numbers)


def _run() -> Line:
    """All that comes after intake: cut, shards, job and announcements, with the ticks in between; the gate is open."""
    stage = MeteredStage()
    stage.write_settings(threshold=RUN)
    fill(stage, RUN)
    stage.met.clear()
    stage.settle()
    cost = total(stage.met)
    usd = MILLION * services_usd(cost) / RUN
    counted = {"calls": len(stage.met), **billed(cost)}
    figure = f"{_told(counted)}; ${usd:.2f} for a million pairs at {RUN} a run, asking the model not counted"
    return Line(f"a run of {RUN} pairs, from the cut to its end (counted)", "-", figure, None, {"usd": usd}, counted)


# --- naive designs ---------------------------------------------------------------------------------------------


def rewritten(row_bytes: int, pairs: int) -> int:
    """The bytes written when one file is written anew for each pair: a row, two rows, and so on."""
    return row_bytes * pairs * (pairs + 1) // 2


def _one_file(linked: PairTrace, inline: PairTrace, pairs: int) -> Line:
    """Bytes only, and the hours of one object that may be written once a second: the rest depends on the writer."""
    written = {"file_uri": rewritten(linked.row_bytes, pairs), "inline_data": rewritten(inline.row_bytes, pairs)}
    ours = {"file_uri": linked, "inline_data": inline}
    told = []
    for name, bytes_ in written.items():
        mine = total(ours[name].calls).bytes_out * pairs
        told.append(f"{name}: {_size(bytes_)} written, {bytes_ / mine:,.1f} x ours ({_size(mine)}, recordings and all)")
    figure = f"{'; '.join(told)}; at least {pairs / 3600:,.1f} h at one write a second to an object"
    return Line(f"naive: one JSONL rewritten for each of {pairs:,} pairs (computed)", "-", figure, None, written)


def _one_counter(pairs: int) -> Line:
    hours = pairs / 3600
    figure = f"at least {hours:,.1f} h at one sustained write a second to a document (a rule of thumb); ours has none"
    return Line(f"naive: one counter document, {pairs:,} pairs (computed)", "-", figure, None, {"hours": hours})


# --- a month without pairs -------------------------------------------------------------------------------------


def quiet_day(datasets: int) -> tuple[list[list[Call]], Cost]:
    """The calls of each tick of a day on which nothing happens, after a run of each dataset has ended."""
    stage = MeteredStage(dataset="d0")
    for number in range(datasets):
        stage.dataset = f"d{number}"
        stage.write_settings(threshold=4)
        fill(stage, 4)
        stage.settle()
    ticks = list(islice(_ticks(stage), _DAY_TICKS))
    return ticks, total(call for tick in ticks for call in tick)


def _ticks(stage: MeteredStage) -> Iterator[list[Call]]:
    while True:
        stage.pass_time(60)
        stage.met.clear()
        stage.watch()
        yield list(stage.met)


def _idle(datasets: int) -> Line:
    ticks, day = quiet_day(datasets)
    counted = {"calls of a tick": _usual(ticks), "calls a day": sum(map(len, ticks)), **billed(day)}
    services = DAYS * services_usd(day)
    ticking = _ticking()
    figure = (
        f"{counted['calls of a tick']} calls a tick, {DAYS * day.reads:,} reads a month; ${services + ticking:.2f}: "
        f"${services:.2f} Firestore and Cloud Storage, ${ticking:.2f} ticks (of {_TICK_SECONDS} s, assumed)"
    )
    numbers = {"services": services, "ticks": ticking}
    what = f"a month with {datasets} dataset{'s' if datasets > 1 else ''} at rest, a tick a minute (counted over a day)"
    return Line(what, "-", figure, None, numbers, counted)


def _usual(ticks: Sequence[Sequence[Call]]) -> int:
    return Counter(map(len, ticks)).most_common(1)[0][0]


def _ticking(prices: Prices = PRICES) -> float:
    """A month of ticks: the scheduler's job, a message published and pushed, and the function's call and time."""
    ticks = DAYS * _DAY_TICKS
    messages = prices.message.of(2 * ticks * _LEAST_MESSAGE)
    return prices.schedule.of(1) + messages + prices.request.of(ticks) + instances_usd(ticks * _TICK_SECONDS, prices)


def _told(counted: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counted.items() if count)


def _size(bytes_: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB", "TB", "PB"):
        if bytes_ < 1_000:
            return f"{bytes_:,.1f} {unit}"
        bytes_ /= 1_000
    return f"{bytes_:,.1f} EB"


if __name__ == "__main__":
    for each in lines():
        sys.stdout.write(f"{each.what}: {each.figure} [{each.goal}: {each.met}]\n")
