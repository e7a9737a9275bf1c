"""A stage whose models really differ: each tuned model answers as well as its training rows were true."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from attune import bootstrap
from attune.domain.alias import Alias
from attune.domain.evaluation.verdict import Evaluation
from attune.domain.run import Run
from attune.services.manifests import of_aliases, of_evaluations
from attune_local.vertex.answers import Memory, ModelKind
from attune_local.vertex.content import Text
from attune_local.vertex.engine import Engine
from attune_local.vertex.engine import Settings as ServiceSettings
from attune_local.vertex.media import Sound
from service.scenes import drop
from service.theatre import Stage, wav

WORDS = ("harbour", "north", "channel", "pilot", "tug", "berth", "crane", "timber", "tide", "noon", "vessel", "quay")


@dataclass(slots=True)
class Pupil:
    """Knows what is said in every recording, and forgets words: half of them untaught, fewer the truer its rows.

    `dull` is how many more it forgets from now on, in every hundred.
    """

    truth: dict[str, str] = field(default_factory=dict)
    dull: int = 0
    asked: int = 0

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        self.asked += 1
        heard = next(part for part in asked if isinstance(part, Sound)).recording.digest
        said = self.truth.get(heard, "")
        true = sum(self.truth.get(row.digest) == row.transcript for row in memory)
        forgotten = 50 if kind is ModelKind.BASE else 60 - min(55 * true // max(len(memory), 1), 50 + len(memory) // 8)
        return " ".join(word for place, word in enumerate(said.split()) if _dice(heard, place) >= forgotten + self.dull)


class School(Stage):
    """Twins of everything, with a pupil for a listener."""

    pupil: Pupil

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pupil = Pupil()
        quota = ServiceSettings(quota=self.quota)
        self.engine = Engine(self.seen_by_the_service(), clock=self.clock, settings=quota, listener=self.pupil)

    def teach(self, count: int, name: str, *, falsely: bool = False) -> None:
        """So many pairs; falsely: each transcript beside another's recording."""
        paths = [f"{name}/{index}" for index in range(count)]
        said = {path: sentence(path) for path in paths}
        for place, path in enumerate(paths):
            audio = wav(seconds=4.0, seed=zlib.crc32(path.encode()), rate=8000)
            self.pupil.truth[hashlib.sha256(audio).hexdigest()] = said[path]
            written = said[paths[(place + 1) % count]] if falsely else said[path]
            drop(self, path, audio, written.encode())

    def run_to_its_end(self, count: int, name: str, *, falsely: bool = False) -> Run:
        """A run on so many more pairs, as it ends."""
        self.teach(count, name, falsely=falsely)
        self.settle()
        return self.runs()[-1]  # type: ignore[no-any-return]  # the stage's runs are Any

    def school(self, **settings: Any) -> None:
        """Settings under which the gate decides."""
        usual: dict[str, Any] = {"gate": {}, "threshold": 40, "validation_fraction": 0.3}
        self.write_settings(**(usual | settings))

    def alias(self, name: str = "d") -> Alias:
        found = self.documents.get(of_aliases.alias(name))
        assert found is not None
        return found.value  # type: ignore[no-any-return]  # as above

    def evaluation(self, run: Run) -> Evaluation:
        found = self.documents.get(of_evaluations.evaluation(run.dataset, run.number))
        assert found is not None
        return found.value  # type: ignore[no-any-return]  # as above

    def tick(self, gate: Any = None) -> Any:
        return bootstrap.watch(self.ports(gate), self.deployment)()


def school(**settings: Any) -> School:
    """A school before its first pair."""
    made = School()
    made.school(**settings)
    return made


def sentence(path: str) -> str:
    """Eight words, always the same for the same path, and no other path's."""
    dice = random.Random(path)  # noqa: S311 - a text, not a secret
    return " ".join([*dice.choices(WORDS, k=7), f"number {hashlib.sha256(path.encode()).hexdigest()[:6]}"])


def _dice(digest: str, place: int) -> int:
    """0 to 99, always the same for the same word of a recording."""
    return int.from_bytes(hashlib.sha256(f"{digest} {place}".encode()).digest()[:4]) % 100
