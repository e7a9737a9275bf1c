"""Forget: delete what we made of files that people have deleted, as soon as no run under way needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson

from attune.domain.lineage import is_told_by_cuts, may_have
from attune.domain.names import AUDIO_ENDINGS, dataset_key
from attune.domain.pair import Content, Due, Pair, Row
from attune.domain.row import row_digest
from attune.domain.run import DataFile, Run
from attune.domain.split import Split
from attune.errors import BusyError, ConflictError
from attune.ports import Clock, Delete, Documents, Each, Objects, Replace, Versioned
from attune.services.encode import recording_name, row_name, text_name
from attune.services.lease import Hold, leased
from attune.services.manifests import of_answers, of_pairs, of_runs
from attune.services.shards import Sharding

_OTHERS = 20  # pairs that have one recording; more of them cannot make a difference
_ANSWERS = 300  # answers about one pair that are deleted by one commit


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The pairs that were forgotten, and those that wait for a run under way to end."""

    done: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgetting:
    """The service, with its ports.

    `hand_on` judges those again who were refused what a pair has let go of; `retell` writes a run's report anew.
    """

    documents: Documents
    objects: Objects
    sharding: Sharding
    each: Each
    hand_on: Callable[[Pair], None]
    retell: Callable[[Run], None]
    clock: Clock
    lease: timedelta
    new_owner: Callable[[], str]

    def __call__(self, pairs: Iterable[Pair]) -> Forgotten:
        """Forgets what these pairs said. Doing it again, from wherever it broke off, changes nothing.

        Of an erased pair stay: its document with its file names, generations and digests, the lines about it in the
        manifests of runs, the models that were trained on it, and the digest of its words, whose side of the hold-out
        is settled for good.
        """
        by_dataset: dict[str, list[Pair]] = defaultdict(list)
        for pair in pairs:
            by_dataset[pair.dataset].append(pair)
        done: list[str] = []
        waiting: list[str] = []
        for dataset, some in by_dataset.items():
            names = {pair.id: f"{dataset}/{pair.path}" for pair in some}
            forgotten = self._in_dataset(dataset, some)
            done += [name for pair, name in names.items() if pair in forgotten]
            waiting += [name for pair, name in names.items() if pair not in forgotten]
        return Forgotten(tuple(done), tuple(waiting))

    def _in_dataset(self, dataset: str, pairs: Sequence[Pair]) -> set[str]:
        for pair in pairs:
            self.hand_on(pair)
        try:
            with leased(dataset, self.new_owner(), self.lease, self.documents, self.clock) as hold:
                return self._under_lease(dataset, [pair.id for pair in pairs], hold)
        except BusyError:
            return set()  # it is being cut or sharded; the next tick goes on

    def _under_lease(self, dataset: str, ids: Sequence[str], hold: Hold) -> set[str]:
        runs = [found.value for found in self.documents.find(of_runs.newest_runs(dataset))]
        read = [found for found in self.documents.get_all([of_pairs.pair(dataset, each) for each in ids]) if found]
        free = [found for found in read if not _is_needed(found.value, runs)]
        if not free:
            return set()
        self.sharding.drain(dataset, hold)
        self._take_out(dataset, [found.value for found in free], hold)
        self._clear_runs(runs, [found.value for found in free], hold)
        return {found.value.id for found in free if self._forget(found, runs, hold)}

    def _take_out(self, dataset: str, pairs: Sequence[Pair], hold: Hold) -> None:
        """Out of the shards, at once and not at the next cut. What came in again is the next cut's to replace."""
        for split in Split:
            changes = {pair.id: None for pair in pairs if pair.row is None and split in pair.sides}
            if changes:
                self.sharding.put_in(dataset, split, changes, hold)

    def _clear_runs(self, runs: Sequence[Run], pairs: Sequence[Pair], hold: Hold) -> None:
        """Deletes the files of ended runs that have a row of these pairs, and their words from the runs' reports."""
        for pair in pairs:
            self._forget_answers(pair, hold)
        for run in runs:
            had = {pair.id for pair in pairs if may_have(run, pair)}
            if not had:
                continue
            if not is_told_by_cuts(run):
                had &= self._in_manifest(run)
            if had:
                self.each(self.objects.delete, [file.part.name for file in _rows_of(run)])
            if had & self._held_out(run):
                self.retell(run)

    def _in_manifest(self, run: Run) -> set[str]:
        return _ids(self.objects.read(run.manifest.part.name)) if run.manifest else set()

    def _held_out(self, run: Run) -> set[str]:
        return _ids(self.objects.read(run.hold_out.name)) if run.hold_out else set()

    def _forget_answers(self, pair: Pair, hold: Hold) -> None:
        while found := self.documents.find(of_answers.answers_about(pair.dataset, pair.id), limit=_ANSWERS):
            hold.commit(*(Delete(answer.key) for answer in found))

    def _forget(self, read: Versioned[Pair], runs: Sequence[Run], hold: Hold) -> bool:
        """Deletes our copies; False where the pair changed meanwhile."""
        pair = read.value
        past = [content for content in pair.past if not _says(pair.row, content)]
        others = {recording: self._others(pair, recording) for recording in {each.audio_sha256 for each in past}}
        names = {name for each in past for name in _names(pair, each, runs, others[each.audio_sha256])}
        self.each(self.objects.delete, sorted(names))
        try:
            hold.commit(Replace(read, pair.forgotten()))
        except ConflictError:
            return False
        return True

    def _others(self, pair: Pair, recording: str) -> list[Row]:
        """The rows of other pairs with the same recording, now or in the shards."""
        found = self.documents.find(of_pairs.pairs_with_recording(pair.dataset, recording), limit=_OTHERS)
        rows = [_needed(read.value) for read in found if read.value.id != pair.id]
        return [row for some in rows for row in some if row.audio_sha256 == recording]


def _is_needed(pair: Pair, runs: Sequence[Run]) -> bool:
    """Whether a run under way has it, or the shards still have what it said before it came in again."""
    before_its_cut = pair.row is not None and pair.due is Due.ADD and pair.taken is not None
    return before_its_cut or any(run.active and may_have(run, pair) for run in runs)


def _needed(pair: Pair) -> list[Row]:
    """The rows of a pair that are not to be forgotten themselves."""
    frozen = pair.taken.row if pair.taken and not (pair.row is None and pair.erased) else None
    return [row for row in (pair.row, frozen) if row]


def _says(row: Row | None, content: Content) -> bool:
    return row is not None and (row.audio_sha256, row.text_sha256) == (content.audio_sha256, content.text_sha256)


def _names(pair: Pair, content: Content, runs: Sequence[Run], others: Sequence[Row]) -> Iterator[str]:
    """Our objects that were made of a content, by whatever template, but for what others have, too."""
    key = dataset_key(pair.dataset)
    if not others:
        yield recording_name(key, content.audio_sha256, _ending(content.mime_type))
    if any(_says(row, content) for row in others):
        return
    yield text_name(key, content.audio_sha256, content.text_sha256)
    used = {run.recipe.phrasing.template_at(pair.path).digest for run in runs if run.recipe}
    for template in used | set(content.templates):
        yield row_name(key, row_digest(template, content.mime_type, content.audio_sha256, content.text_sha256))


def _rows_of(run: Run) -> list[DataFile]:
    return [file for file in (run.train, run.validation) if file]


def _ids(lines: bytes) -> set[str]:
    return {str(orjson.loads(line)["id"]) for line in lines.splitlines()}


def _ending(mime_type: str) -> str:
    return next(ending for ending, known in AUDIO_ENDINGS.items() if known == mime_type)
