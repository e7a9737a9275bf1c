"""What was said in a hold-out, and what models answered, stands in answers and reports: no line, error or message."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from attune import bootstrap, log
from attune.bootstrap import Ports
from attune.domain.evaluation.example import Answer, Answered, Example
from attune.domain.evaluation.score import Mark
from attune.domain.run import RunState
from attune.entry import doors
from attune.errors import AttuneError
from attune.ports import Query
from attune.raised import stack, words
from attune_local.vertex.answers import Memory, ModelKind
from attune_local.vertex.content import Text
from attune_local.vertex.engine import Engine
from attune_local.vertex.engine import Settings as ServiceSettings
from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.media import Sound
from service.scenes import dies_at, drop, told
from service.schoolroom import Pupil, School, sentence
from service.theatre import Killed, wav

MARKER = "zebra marmalade"
SLIP = re.compile("zebra|marmalade", re.IGNORECASE)
ORDER = {"kind": "json", "prompt": "What is ordered?", "json_schema": {"type": "object", "required": ["dish"]}}
MOOD = {"kind": "classification", "prompt": "Which mood?", "labels": ["angry", "calm"]}
LENIENT = {"min_improvement": -1.0, "confidence": 0.0}
DAY = 86_400.0
# What a run is made of has the transcripts, and so have reports, which show the worst answers beside them.
MADE_OF_WHAT_WAS_SAID = ("texts/", "rows/", "shards/", "drafts/", "reports/")
OF_A_RUN = ("/train.jsonl", "/validation.jsonl")


def said_in(text: object) -> bool:
    return SLIP.search(text.decode(errors="replace") if isinstance(text, bytes) else str(text)) is not None


class Parrot(Pupil):
    """Answers as a pupil does, and says the marker beside it; or what the test has it answer, or refuse, instead."""

    instead: Callable[[], str] | None = None

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        said = Pupil.answer(self, kind, memory, asked)
        return self.instead() if self.instead else f"{MARKER} {said}"


@dataclass(slots=True)
class Overheard:
    """All that is printed and logged, by whomever, and what is said of each exception."""

    printed: pytest.CaptureFixture[str]
    records: pytest.LogCaptureFixture
    errors: list[str] = field(default_factory=list)
    out: str = ""

    def hear(self, work: Callable[[], object]) -> Exception | None:
        """Does it as a function's front door would: an exception is logged, and ends it."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked at
            log.logger().error("it failed", exc_info=True)
            self.errors += [words(error), stack(error), str(error) if isinstance(error, AttuneError) else ""]
            return error
        return None

    @property
    def everything(self) -> str:
        logged = [f"{record.getMessage()} {record.__dict__}" for record in self.records.records]
        self.out += "".join(self.printed.readouterr())
        return "\n".join([self.out, *self.errors, *logged])


class Confided(School):
    """A school in which the marker is said in every recording, and whose ticks are told as the watch tells them."""

    overheard: Overheard
    parrot: Parrot
    scorer: Callable[[str], Any] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pupil = self.parrot = Parrot()
        quota = ServiceSettings(quota=self.quota)
        self.engine = Engine(self.seen_by_the_service(), clock=self.clock, settings=quota, listener=self.parrot)

    def teach(self, count: int, name: str, *, falsely: bool = False) -> None:
        paths = [f"{name}/{index}" for index in range(count)]
        spoken = {path: _target(name, path) for path in paths}
        for place, path in enumerate(paths):
            audio = wav(seconds=4.0, seed=zlib.crc32(path.encode()), rate=8000)
            self.pupil.truth[hashlib.sha256(audio).hexdigest()] = spoken[path]
            written = spoken[paths[(place + 1) % count]] if falsely else spoken[path]
            drop(self, path, audio, written.encode())

    def ports(self, gate: Any = None) -> Ports:
        ports = super().ports(gate)
        return replace(ports, scorer=self.scorer) if self.scorer else ports

    def watch(self) -> Any:
        tick = bootstrap.watch(self.ports(), self.deployment)()
        doors._tell_tick(tick)  # noqa: SLF001 - the lines that the watch writes
        return tick

    def slips(self) -> list[str]:
        """Where the marker stands and may not."""
        stored = self.documents._stored.items()  # noqa: SLF001 - every document, whatever it is
        return [
            *(["the log"] if said_in(self.overheard.everything) else []),
            *(message.type for message in self.post.sent if said_in(message)),
            *("/".join(path) for path, kept in stored if "answers" not in path and said_in(kept.fields)),
            *(name for name, kept in self.bucket.live.items() if _may_not(name) and said_in(kept.data)),
        ]

    def answers(self) -> list[Answered]:
        return [found.value for found in self.documents.find(Query(Answered, ("datasets", "d", "answers")))]


def _may_not(name: str) -> bool:
    return not name.startswith(MADE_OF_WHAT_WAS_SAID) and not name.endswith(OF_A_RUN)


def _target(name: str, path: str) -> str:
    if name == "order":
        return json.dumps({"dish": f"{MARKER} {sentence(path)}"})
    return "calm" if name == "mood" else f"{MARKER} {sentence(path)}"


@pytest.fixture
def overheard(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Overheard:
    caplog.set_level(logging.DEBUG)
    return Overheard(capsys, caplog)


@pytest.fixture
def stage(overheard: Overheard) -> Confided:
    made = Confided()
    made.overheard = overheard
    made.school(threshold=12, gate=LENIENT)
    return made


def test_a_run_that_is_promoted_is_told_of_without_a_word_of_it(stage: Confided) -> None:
    run = stage.run_to_its_end(12, "first")
    assert run.state is RunState.PROMOTED
    assert told(stage, "promoted")
    assert stage.slips() == []
    assert all(said_in((kept.answer.text, kept.reference)) for kept in stage.answers()[:3])  # so there was much to tell
    assert any(name.startswith("reports/") and said_in(kept.data) for name, kept in stage.bucket.live.items())
    assert "census" in stage.overheard.everything


def test_a_run_that_is_rejected_is_told_of_without_a_word_of_it(stage: Confided) -> None:
    stage.school(threshold=12, gate={"max_silence_words": 0})
    run = stage.run_to_its_end(12, "first", falsely=True)
    assert run.state is RunState.REJECTED
    assert told(stage, "rejected")
    assert stage.slips() == []


def test_a_model_that_the_guard_rolls_back_is_told_of_without_a_word_of_it(stage: Confided) -> None:
    stage.school(threshold=12, gate=LENIENT, guard={"hours": 1.0, "checks": 1})
    stage.run_to_its_end(12, "first")
    stage.run_to_its_end(12, "second")
    stage.parrot.instead = lambda: f"{MARKER} " * 20
    stage.pass_time(DAY)
    stage.watch()
    stage.watch()
    assert stage.runs()[-1].state is RunState.ROLLED_BACK
    assert told(stage, "rolledBack")
    assert stage.slips() == []


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("order", f'{{"dish": "{MARKER}'),
        ("order", f'{{"table": "{MARKER}"}}'),
        ("order", f'["{MARKER}", NaN]'),
        ("mood", f"{MARKER}, or nearly"),
        ("mood", MARKER * 500),
        ("first", f"{MARKER} \ud800 \0"),
        ("first", ""),
    ],
)
def test_an_answer_that_cannot_be_decoded_is_told_of_without_a_word_of_it(
    stage: Confided, task: str, answer: str
) -> None:
    stage.school(threshold=12, gate=LENIENT, tasks={"order": ORDER, "mood": MOOD})
    stage.parrot.instead = lambda: answer
    stage.teach(12, task)
    stage.overheard.hear(stage.settle)
    assert stage.answers() or stage.overheard.errors
    assert stage.slips() == []


class Clumsy:
    """The port `Scorer`, whose library fails and quotes what it was given."""

    def __init__(self, language: str) -> None:
        self.normalisation = language

    def mark(self, example: Example, answer: Answer) -> Mark:
        raise ValueError(f"cannot align {example.reference!r} with {answer.text!r}")


def test_a_scorer_that_raises_is_told_of_without_a_word_of_it(stage: Confided) -> None:
    stage.scorer = Clumsy
    stage.teach(12, "first")
    failed = stage.overheard.hear(stage.settle)
    assert said_in(failed)
    assert "ValueError" in stage.overheard.everything
    assert stage.slips() == []


@pytest.mark.parametrize("code", [Code.INVALID_ARGUMENT, Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.NOT_FOUND])
def test_an_endpoint_that_refuses_is_told_of_without_a_word_of_what_it_quotes(stage: Confided, code: Code) -> None:
    def refuse() -> str:
        raise ServiceError(code, f'Part "{MARKER}" is refused: {{"parts": [{{"text": "{MARKER}"}}]}}')

    stage.teach(12, "first")
    _until_asked(stage)
    stage.parrot.instead = refuse
    for _ in range(6):
        stage.overheard.hear(stage.watch)
        stage.pass_time(DAY / 4)
    assert any(kept.answer.failure for kept in stage.answers()) == (code is Code.INVALID_ARGUMENT)
    assert stage.slips() == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("answering.ask", json.JSONDecodeError(f"Expecting value near {MARKER}", MARKER, 0)),
        ("answering.ask", RuntimeError(MARKER)),
        ("objects.read", UnicodeDecodeError("utf-8", MARKER.encode(), 0, 1, MARKER)),
        ("documents.get_all", KeyError(MARKER)),
        ("documents.commit", ValueError(MARKER)),
    ],
    ids=lambda what: what if isinstance(what, str) else type(what).__name__,
)
def test_what_fails_while_models_are_asked_is_told_of_without_a_word_of_it(
    stage: Confided, call: str, error: Exception
) -> None:
    stage.teach(12, "first")
    _until_asked(stage)

    def gate(name: str) -> Callable[[], None]:
        if name == call:
            raise error
        return lambda: None

    assert stage.overheard.hear(lambda: stage.tick(gate)) is error
    assert type(error).__name__ in stage.overheard.everything
    assert stage.slips() == []


def test_a_row_that_is_no_row_any_more_is_told_of_without_a_word_of_it(stage: Confided) -> None:
    stage.teach(12, "first")
    _until_asked(stage)
    for name in [name for name in stage.bucket.live if name.startswith("rows/")]:
        stage.bucket.upload(name, f'{{"contents": [{{"text": "{MARKER}'.encode())
    for _ in range(3):
        stage.overheard.hear(stage.watch)
        stage.pass_time(DAY / 4)
    assert stage.overheard.errors
    assert stage.slips() == []


def test_the_net_catches_a_word_wherever_it_slips(stage: Confided) -> None:
    log.logger().warning("it says", text=MARKER)
    assert stage.slips() == ["the log"]
    stage.bucket.upload("runs/d/r000001/manifest.jsonl", MARKER.encode())
    stage.school(prompt=MARKER)
    assert stage.slips() == ["the log", "datasets/d", "runs/d/r000001/manifest.jsonl"]


def _until_asked(stage: Confided) -> None:
    """Ticks, until the next one asks the run's model."""
    for _ in range(30):
        run = stage.runs()[-1] if stage.runs() else None
        if run is not None and run.state is RunState.EVALUATING:
            stage.pass_time(DAY / 48)
            return
        if run is not None and run.before_its_job:
            stage.launch()
        stage.pass_time(20)
        with suppress(Killed):
            stage.tick(dies_at("answering.ask"))
    raise AssertionError("no run came to be evaluated")
