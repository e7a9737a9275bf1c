"""A dataset with as many pairs as one likes, within seconds: what a hundred thousand events would leave behind.

One pair comes in through the services and is cut. The others are its documents again, put straight into the twin with
another path, and with a row, a recording and words of their own: the pair, its recording's holder, its words' side and
its row's object, as ingest and the cut leave them. What becomes of them from then on (shards, manifests, files), and
all that comes later, is the services' work. Rows point at their recordings, which is the default; those of the planted
ones are not there, because nothing reads them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from attune.bootstrap import Ports
from attune.config import Settings
from attune.domain.names import dataset_key, pair_id
from attune.domain.quality.words import words_digest
from attune.domain.row import row_digest
from attune.domain.split import split_of
from attune.ports import Delete, Replace
from attune.services.cut import Cutting
from attune.services.encode import JSONL, point_at, recording_name, row_name
from attune.services.lease import leased
from attune.services.manifests import of_leases, of_runs
from attune_local.twins.objects import MemoryIntake
from bench.flat_twins import Clerk, IndexedDocuments, RopeObjects
from service.scenes import drop, sound
from service.theatre import Remote, Stage

FAR = 300_000
"""A threshold that is not reached: the largest there is."""
_SETTINGS = Settings()
_TEMPLATE = _SETTINGS.phrasing.template_of(_SETTINGS.phrasing.task_of(""))
_WAV = "audio/wav"


@dataclass(slots=True)
class Ground(Stage):
    """The tests' stage, on twins that cost the same however much is in them."""

    documents: Any = field(default_factory=IndexedDocuments)
    store: RopeObjects = field(default_factory=lambda: RopeObjects("datasets"))
    clerk: Clerk = field(default_factory=Clerk)

    def buckets(self) -> tuple[Any, Any]:
        """The two ports on the buckets."""
        return MemoryIntake(self.intake), self.store

    def ports(self, gate: Callable[[str], Callable[[], None]] | None = None) -> Ports:
        """The stage's, with a tuning service that reads no data."""
        clerk = Remote(self.clerk, "tuning", gate or self._count, lambda: self.now)
        return replace(Stage.ports(self, gate), tuning=lambda: clerk)

    def free_slots(self) -> None:
        """Lets the next run have the last one's slot, as if its job had ended."""
        for found in self.documents.find(of_leases.all_slots()):
            self.documents.commit(Delete(found.key))


def planted(pairs: int) -> Ground:
    """A dataset whose first run has so many pairs in its cut, and has still to be assembled."""
    ground = Ground()
    ground.write_settings(threshold=1)
    drop(ground, _path(0), text=_text(0).encode())
    _cut(ground)
    for number in range(1, pairs):
        _plant(ground, number)
    (run,) = ground.documents.find(of_runs.newest_runs(ground.dataset))
    ground.documents.commit(Replace(run, replace(run.value, pairs_taken=pairs, threshold=pairs)))
    ground.write_settings(threshold=FAR)
    ground.calls.clear()
    ground.store.sent = 0
    return ground


def _cut(ground: Ground) -> None:
    documents, clock = ground.documents, ground.clock
    with leased(ground.dataset, "planter", timedelta(minutes=5), documents, clock) as hold:
        (run,) = documents.find(of_runs.active_runs(ground.dataset))
        Cutting(documents, clock)(run, hold, _SETTINGS)


def _plant(ground: Ground, number: int) -> None:
    first, mine = _first_names(ground.dataset), _names(ground.dataset, number, hashlib.sha256(b"%d" % number))
    crc32c = ground.store.live[first.row].crc32c
    row = point_at(ground.store.uri(mine.copy), _WAV, _text(number), _TEMPLATE)
    stored = ground.store.replace(mine.row, row, JSONL)
    anew: dict[object, object] = dict(zip(astuple(first), astuple(mine), strict=True)) | {crc32c: stored.crc32c}
    for collection, like, name in (
        ("pairs", first.pair, mine.pair),
        ("recordings", first.audio_sha256, mine.audio_sha256),
        ("sides", f"words-{first.words}", f"words-{mine.words}"),
    ):
        place = ("datasets", ground.dataset, collection)
        fields = _renamed(ground.documents.fields((*place, like)), anew)
        ground.documents.plant((*place, name), (*place, like), fields)


@dataclass(frozen=True, slots=True)
class _Names:
    """All that is a pair's own in its documents: as long for each pair, so that sizes are the same."""

    pair: str
    path: str
    audio: str
    transcript: str
    audio_sha256: str
    text_sha256: str
    words: str
    copy: str
    row: str
    split: str


@cache
def _first_names(dataset: str) -> _Names:
    return _names(dataset, 0, hashlib.sha256(sound(_path(0))))


def _names(dataset: str, number: int, audio: hashlib._Hash) -> _Names:
    path, text, audio_sha256 = _path(number), _text(number), audio.hexdigest()
    text_sha256, words = hashlib.sha256(text.encode()).hexdigest(), words_digest(text)
    key = dataset_key(dataset)
    return _Names(
        pair=pair_id(dataset, path),
        path=path,
        audio=f"{dataset}/{path}.wav",
        transcript=f"{dataset}/{path}.txt",
        audio_sha256=audio_sha256,
        text_sha256=text_sha256,
        words=words,
        copy=recording_name(key, audio_sha256, ".wav"),
        row=row_name(key, row_digest(_TEMPLATE.digest, _WAV, audio_sha256, text_sha256)),
        split=split_of(dataset, words, _SETTINGS.validation_fraction).value,
    )


def _renamed(value: Any, anew: Mapping[object, object]) -> Any:
    """The same with other names in it, also as the keys' values of maps within maps."""
    if isinstance(value, dict):
        return {key: _renamed(inner, anew) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, anew) for inner in value]
    return anew.get(value, value)


def _path(number: int) -> str:
    return f"planted/{number:06}"


def _text(number: int) -> str:
    return f"it says planted {number:06}"
