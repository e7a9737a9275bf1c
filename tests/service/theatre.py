"""The whole of attune on twins, one remote call at a time: a director decides who goes on, and who dies where."""

from __future__ import annotations

import io
import json
import random
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import google_crc32c
import numpy as np
import soundfile

from attune import bootstrap
from attune.adapters.scoring import LibraryScorer
from attune.bootstrap import Ports
from attune.deployment import Deployment
from attune.domain.arrival import Arrival
from attune.domain.events.message import Channel
from attune.domain.finding import Finding
from attune.domain.names import pair_id
from attune.domain.pair import Pair
from attune.domain.quality.heard import Heard
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import found
from attune.domain.quality.words import words_digest
from attune.domain.split import Split, split_of
from attune.errors import GoneError, PassingError, UnansweredError
from attune.ports import Create, Delete, Key, Query, RawDocument
from attune.services.manifests import of_outbox, of_pairs, of_runs, of_sweeps
from attune_local.twins.answering import EngineAnswering
from attune_local.twins.documents import MemoryDocuments
from attune_local.twins.objects import MemoryBucket, MemoryIntake, MemoryObjects
from attune_local.twins.post import MemoryPost
from attune_local.twins.tuning import BucketContents, EngineTuning
from attune_local.vertex.engine import Engine
from attune_local.vertex.engine import Settings as ServiceSettings
from attune_local.vertex.objects import MemoryObjects as ServiceObjects
from gates import OPEN

CREATE_DEADLINE = timedelta(seconds=60)  # of the call that creates a job, in attune.adapters.vertex
START = datetime(2026, 1, 1, tzinfo=UTC)
REMOTE = {
    "documents": ("get", "get_all", "commit", "find", "count"),
    "intake": ("read", "look", "page"),
    "objects": ("read", "put", "compose", "replace", "recompose", "delete"),
    "post": ("publish",),
    "tuning": ("jobs", "job", "create", "cancel", "serves", "annotate"),
    "answering": ("ask",),
}


class PlainEar:
    def listen(self, data: bytes, ending: str, limits: Limits) -> Heard | Finding:  # noqa: ARG002 - the port's signature
        try:
            with soundfile.SoundFile(io.BytesIO(data)) as sound:
                return Heard(sound.frames / sound.samplerate, sound.samplerate, sound.channels, 16)
        except soundfile.LibsndfileError:
            return found("audio_unreadable", "It cannot be read.")


class Killed(BaseException):
    """The process died here. Nothing it would still have done happens."""


@dataclass(slots=True)
class Remote:
    """A port that stops at every call, and counts it.

    A call that creates a job has a deadline, as the real one has: what waited longer is given up, and never arrives.
    """

    port: Any
    name: str
    stage: Callable[[str], Callable[[], None]]
    clock: Callable[[], datetime]

    def __getattr__(self, method: str) -> Any:
        real = getattr(self.port, method)
        if method not in REMOTE[self.name]:
            return real

        def call(*args: Any, **kwargs: Any) -> Any:
            called = self.clock()
            after = self.stage(f"{self.name}.{method}")
            if method == "create" and self.clock() - called > CREATE_DEADLINE:
                raise UnansweredError("no answer within the deadline")
            result = real(*args, **kwargs)
            if method == "jobs":
                result = iter(list(result))
            after()
            return result

        return call


@dataclass(slots=True)
class Stage:
    """Twins of everything, a clock that is turned by hand, and the services over them."""

    dataset: str = "d"
    threshold: int = 4
    quota: int = 1
    now: datetime = START
    documents: Any = field(default_factory=MemoryDocuments)
    intake: MemoryBucket = field(default_factory=lambda: MemoryBucket("intake"))
    bucket: MemoryBucket = field(default_factory=lambda: MemoryBucket("datasets"))
    post: MemoryPost = field(default_factory=MemoryPost)
    calls: list[str] = field(default_factory=list)
    seconds_a_look: float = 0
    engine: Engine = field(init=False)
    deployment: Deployment = field(init=False)
    _owners: int = 0

    def __post_init__(self) -> None:
        self.deployment = Deployment(
            project="p", region="us-central1", intake_bucket="intake", dataset_bucket="datasets"
        )
        settings = ServiceSettings(quota=self.quota)
        self.engine = Engine(self.seen_by_the_service(), clock=self.clock, settings=settings)
        self.write_settings(threshold=self.threshold)

    def without_sweeps(self) -> None:
        """For pairs that are written without their objects: a pass over the bucket would find them gone."""
        never = datetime(2100, 1, 1, tzinfo=UTC)
        self.documents.commit(Create(of_sweeps.sweep(), of_sweeps.Sweep(1, never, never)))

    def clock(self) -> datetime:
        self.pass_time(self.seconds_a_look)
        return self.now

    def write_settings(self, **fields: object) -> None:
        key = Key(RawDocument, ("datasets", self.dataset))
        self.documents.commit(Delete(key))
        self.documents.commit(Create(key, RawDocument({"gate": OPEN} | fields)))

    def seen_by_the_service(self) -> Any:
        return ServiceObjects(BucketContents(self.bucket))

    def buckets(self) -> tuple[Any, Any]:
        """The two ports on the buckets."""
        return MemoryIntake(self.intake), MemoryObjects(self.bucket)

    def upload(self, name: str, data: bytes) -> Arrival:
        return Arrival(name, self.intake.upload(name, data), len(data))

    def delete(self, name: str) -> int:
        """A person deletes an object; returns the generation that is gone."""
        generation = self.intake.live[name].generation
        self.intake.delete(name)
        return generation

    def ports(self, gate: Callable[[str], Callable[[], None]] | None = None) -> Ports:
        gate = gate or self._count
        intake, objects = self.buckets()
        real = {
            "documents": self.documents,
            "intake": intake,
            "objects": objects,
            "post": self.post,
            "tuning": EngineTuning(self.engine),
            "answering": EngineAnswering(self.engine),
        }
        remote = {name: Remote(port, name, gate, lambda: self.now) for name, port in real.items()}
        return Ports(
            documents=lambda: remote["documents"],
            intake=lambda: remote["intake"],
            objects=lambda: remote["objects"],
            ear=PlainEar,
            post=lambda: remote["post"],
            tuning=lambda: remote["tuning"],
            answering=lambda: remote["answering"],
            scorer=LibraryScorer,
            checksum=lambda: google_crc32c.value,
            each=one_by_one,
            clock=self.clock,
            new_owner=self._new_owner,
        )

    def ingest(self, arrival: Arrival) -> Any:
        return bootstrap.ingest(self.ports())(arrival)

    def launch(self) -> Any:
        return bootstrap.launch(self.ports(), self.deployment)(self.dataset)

    def watch(self) -> Any:
        return bootstrap.watch(self.ports(), self.deployment)()

    def runs(self) -> list[Any]:
        return [found.value for found in self.documents.find(of_runs.newest_runs(self.dataset))][::-1]

    def pair(self, path: str) -> Any:
        found = self.documents.get(of_pairs.pair(self.dataset, pair_id(self.dataset, path)))
        return found.value if found else None

    def file(self, run: Any, name: str) -> bytes:
        try:
            data: bytes = self.buckets()[1].read(f"{run.folder}/{name}.jsonl")
        except GoneError:
            return b""
        return data

    def pairs(self) -> list[Any]:
        return [found.value for found in self.documents.find(Query(Pair, ("datasets", self.dataset, "pairs")))]

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def settle(self, rounds: int = 60) -> None:
        """Ticks, orders and time, until nothing is under way."""
        sent = 0
        for _ in range(rounds):
            self.watch()
            orders = self.post.on(Channel.LAUNCH)
            for _order in orders[sent:]:
                try:
                    self.launch()
                except PassingError:
                    continue
            done = len(orders) == sent
            sent = len(orders)
            self.pass_time(200)
            if done and not self.documents.find(of_runs.all_active_runs()) and not self._unsent():
                return
        raise AssertionError(f"still under way: {[(run.id, run.state, run.note) for run in self.runs()]}")

    def _unsent(self) -> list[Any]:
        return list(self.documents.find(of_outbox.waiting_messages()))

    def _count(self, call: str) -> Callable[[], None]:
        self.calls.append(call)
        return lambda: None

    def _new_owner(self) -> str:
        self._owners += 1
        return f"owner-{self._owners}"


def one_by_one(work: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    return [work(thing) for thing in things]


@dataclass(slots=True)
class Actor:
    """One delivery, in a thread of its own that runs only when the director says so."""

    what: tuple[str, Any]
    thread: threading.Thread | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fate: str = "go"
    dead: bool = False
    ended: bool = False
    done: bool = False
    error: BaseException | None = None


@dataclass(slots=True)
class Director:
    """Delivers events in any order, several at once, more than once, and kills who delivers them."""

    stage: Stage
    dice: random.Random
    crash_rate: float
    at_once: int
    duplicate_rate: float
    pending: list[tuple[str, Any]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    ordered: int = 0
    crashes: int = 0

    def play(self, most_crashes: int = 20) -> None:
        """Until every delivery has succeeded at least once."""
        while self.pending or self.actors:
            self._hand_out_orders()
            may_start = self.pending and len(self.actors) < self.at_once
            if may_start and (not self.actors or self.dice.random() < 0.5):
                self._start(self.pending.pop(self.dice.randrange(len(self.pending))))
                continue
            actor = self.dice.choice(self.actors)
            if not actor.ended and self.crashes < most_crashes and self.dice.random() < self.crash_rate:
                actor.fate = self.dice.choice(["die before", "die after"])
                self.crashes += 1
            self._step(actor)
            self.stage.pass_time(1)
            if actor.ended:
                self._close(actor)

    def _hand_out_orders(self) -> None:
        orders = self.stage.post.on(Channel.LAUNCH)
        self.pending += [("launch", None) for _ in orders[self.ordered :]]
        self.ordered = len(orders)

    def _start(self, what: tuple[str, Any]) -> None:
        actor = Actor(what)
        actor.thread = threading.Thread(target=self._perform, args=(actor,), daemon=True)
        self.actors.append(actor)
        actor.thread.start()
        actor.waiting.acquire()

    def _step(self, actor: Actor) -> None:
        if not actor.ended:
            actor.go.release()
            actor.waiting.acquire()

    def _close(self, actor: Actor) -> None:
        self.actors.remove(actor)
        if actor.thread:
            actor.thread.join()
        if actor.error is not None:
            raise actor.error
        if not actor.done:
            if actor.what[0] != "watch":
                self.pending.append(actor.what)
            self.stage.pass_time(self.dice.choice([1, 30, 700]))
        elif self.dice.random() < self.duplicate_rate:
            self.pending.append(actor.what)

    def _perform(self, actor: Actor) -> None:
        try:
            self._gate(actor)
            self._deliver(actor)
            actor.done = True
        except (Killed, PassingError):
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised again where the director sees it
            actor.error = error
        finally:
            actor.ended = True
            actor.waiting.release()

    def _deliver(self, actor: Actor) -> None:
        kind, what = actor.what
        ports = self.stage.ports(lambda _call: self._gate(actor))
        if kind == "object":
            bootstrap.ingest(ports)(what)
        elif kind == "gone":
            bootstrap.erase(ports)(what)
        elif kind == "launch":
            bootstrap.launch(ports, self.stage.deployment)(self.stage.dataset)
        else:
            bootstrap.watch(ports, self.stage.deployment)()

    def _gate(self, actor: Actor) -> Callable[[], None]:
        """Waits for the director before a remote call; what is returned is called after it."""
        if actor.dead:
            raise Killed
        actor.waiting.release()
        actor.go.acquire()
        if actor.fate == "die before":
            actor.dead = True
            raise Killed
        return lambda: self._after(actor)

    def _after(self, actor: Actor) -> None:
        if actor.fate == "die after":
            actor.dead = True
            raise Killed


def wav(seconds: float = 1.0, seed: int = 0, rate: int = 8000) -> bytes:
    noise = np.random.default_rng(seed).integers(-8000, 8000, int(seconds * rate), dtype=np.int16)
    out = io.BytesIO()
    soundfile.write(out, noise, rate, format="WAV", subtype="PCM_16")
    return out.getvalue()


def naive_row(audio: bytes, text: str, prompt: str = "Transcribe this audio verbatim.") -> bytes:
    """The recipe's row, as its own script makes it."""
    user = [{"text": prompt}, {"inline_data": {"mime_type": "audio/wav", "data": b64encode(audio).decode()}}]
    row = {"contents": [{"role": "user", "parts": user}, {"role": "model", "parts": [{"text": text}]}]}
    return (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def naive_files(dataset: str, pairs: dict[str, tuple[bytes, str]], fraction: float = 0.1) -> dict[str, bytes]:
    """Both files as a loop over all pairs would write them."""
    files = {"train": b"", "validation": b""}
    for path in sorted(pairs, key=lambda path: pair_id(dataset, path)):
        side = "train" if split_of(dataset, words_digest(pairs[path][1]), fraction) is Split.TRAIN else "validation"
        files[side] += naive_row(*pairs[path])
    return files
