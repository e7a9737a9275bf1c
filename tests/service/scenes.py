"""Short scenes for the tests: pairs dropped, runs taken to where a test begins, processes that die."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from attune import bootstrap
from attune.domain.events.message import Message
from attune.domain.run import Run, RunState
from attune.errors import UnavailableError
from attune.ports import Create, Delete, RawDocument
from attune.services.manifests import of_datasets
from attune_local.twins.post import MemoryPost
from service.theatre import Killed, Stage, wav

Good = dict[str, tuple[bytes, str]]
Gate = Callable[[str], Callable[[], None]]


def sound(path: str) -> bytes:
    """A recording that no other path has."""
    return wav(seed=zlib.crc32(path.encode()))


def drop(stage: Stage, path: str, audio: bytes | None = None, text: bytes = b"it says so") -> Any:
    """Both halves of a pair, the recording first; returns what became of the second."""
    stage.ingest(stage.upload(f"{stage.dataset}/{path}.wav", sound(path) if audio is None else audio))
    return stage.ingest(stage.upload(f"{stage.dataset}/{path}.txt", text))


def fill(stage: Stage, count: int, name: str = "clip") -> Good:
    """So many good pairs, and what is in them."""
    good = {f"{name}{index}": (sound(f"{name}{index}"), f"it says {name} {index}") for index in range(count)}
    for path, (audio, text) in good.items():
        drop(stage, path, audio, text.encode())
    return good


def only_run(stage: Stage) -> Run:
    """The dataset's one run."""
    (run,) = stage.runs()
    return run  # type: ignore[no-any-return]  # the stage's runs are Any


def running(**settings: object) -> Stage:
    """A stage whose first run's job has just been created; four pairs are in it."""
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, **settings)
    fill(stage, 4)
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING
    return stage


def another_run(stage: Stage, name: str, count: int = 4) -> Run:
    """So many more pairs, and the run that they open, launched as far as it goes."""
    fill(stage, count, name)
    stage.launch()
    return stage.runs()[-1]  # type: ignore[no-any-return]  # the stage's runs are Any


def told(stage: Stage, ending: str) -> list[Message]:
    """What was announced of a type, by its type's last word."""
    return [message for message in stage.post.sent if message.type.rpartition(".")[2] == ending]


def write_defaults(stage: Stage, **fields: object) -> None:
    """A person writes the settings of all datasets."""
    stage.documents.commit(Delete(of_datasets.DEFAULTS))
    stage.documents.commit(Create(of_datasets.DEFAULTS, RawDocument(fields)))


def beside(stage: Stage, dataset: str) -> Stage:
    """Another dataset of the same deployment: everything is shared but its name."""
    other = Stage(dataset=dataset, documents=stage.documents, intake=stage.intake, bucket=stage.bucket, post=stage.post)
    other.engine, other.deployment, other.now = stage.engine, stage.deployment, stage.now
    other._owners = 1000 * len(dataset)  # noqa: SLF001 - owners stay unique
    return other


def dies_at(call: str, nth: int = 1, *, after: bool = False) -> Gate:
    """A process that dies before (or right after) its nth call of that name, and does nothing from then on."""
    seen: list[str] = []

    def gate(name: str) -> Callable[[], None]:
        if seen.count(call) >= nth:
            raise Killed
        seen.append(name)
        dead = seen.count(call) >= nth and name == call
        if dead and not after:
            raise Killed
        return _die if dead else _live

    return gate


def launch_until(stage: Stage, gate: Gate) -> None:
    """A launcher that the gate kills."""
    with pytest.raises(Killed):
        bootstrap.launch(stage.ports(gate), stage.deployment)(stage.dataset)


def watch_until(stage: Stage, gate: Gate) -> None:
    """A watcher that the gate kills."""
    with pytest.raises(Killed):
        bootstrap.watch(stage.ports(gate), stage.deployment)()


@dataclass(slots=True)
class Line(MemoryPost):
    """The topics, behind a line that can be cut."""

    down: bool = False

    def publish(self, message: Message) -> None:
        if self.down:
            raise UnavailableError("the line is down")
        self.sent.append(message)


def _die() -> None:
    raise Killed


def _live() -> None:
    return None
