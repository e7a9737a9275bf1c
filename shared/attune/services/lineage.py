"""Lineage: what was trained on an object, and which objects are behind a model. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from attune.domain.alias import Alias
from attune.domain.lineage import (
    Presence,
    Tenure,
    Training,
    first_run,
    half_named,
    has_all_its_stays,
    heirs,
    is_told_by_cuts,
    may_have,
    presence,
    stays_of,
    tenures,
    training,
)
from attune.domain.names import Candidate, HalfKind, Ignored, classify, pair_id
from attune.domain.pair import Half, Pair
from attune.domain.run import Run
from attune.domain.split import Split
from attune.errors import GoneError, PassingError
from attune.ports import Documents, Objects
from attune.ports_project import UnseenError
from attune.services.manifests import of_aliases, of_datasets, of_pairs, of_runs

_PAGE = 50  # documents read at once
_RIGHT = "ask for roles/storage.objectViewer on the dataset bucket, or look again"


@dataclass(frozen=True, slots=True)
class Standing:
    """A run, what became of its training rows, and when which alias stood for its model, the first time first."""

    run: Run
    training: Training
    tenures: tuple[Tenure, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A run that had an object in its files, on one of its sides.

    `dropped` is what the tuning service said of its row where it left that out or cut it short. `heirs` are the runs
    that were tuned on top of a model that was trained on it: none where it was held out.
    """

    by: Standing
    half: Half
    presence: Presence
    split: Split
    dropped: str | None
    heirs: tuple[Standing, ...]

    @property
    def is_trained_on(self) -> bool:
        """Whether there is a model of it."""
        return self.split is Split.TRAIN and self.by.training is Training.TRAINED


@dataclass(frozen=True, slots=True)
class Trace:
    """An object's runs, the oldest first. `unknown` is why it is none of ours; `unread` what could not be found out."""

    name: str
    pair: Pair | None
    uses: tuple[Use, ...] = ()
    unknown: str | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """An object that a model was trained on: the generation, and the run whose file had it."""

    name: str
    generation: int
    side: Split
    run: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A run that a model was made by, or goes on from, with its manifest's lines."""

    run: Run
    lines: bytes

    def objects(self) -> Iterator[Trained]:
        """What it was trained on, in the rows' order; two objects a row."""
        for line in _each_line(self.lines):
            told = orjson.loads(line)
            if told["split"] == Split.TRAIN:
                for kind in HalfKind:
                    yield Trained(told[kind]["name"], told[kind]["generation"], Split.TRAIN, self.run.id)


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind an alias's model: its run first, then those that it goes on from.

    `rows` are in their files on the training side, of so many different `objects`. `unread` is what could not be found
    out.
    """

    alias: Alias
    layers: tuple[Layer, ...]
    rows: int
    objects: int
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """The service, with its ports."""

    documents: Documents
    objects: Objects

    def of(self, name: str, *, thorough: bool = False) -> Trace:
        """What had an object of the intake bucket, by its name: every run whose files have a generation of it.

        Manifests are read where cuts do not tell; all of them, where it is to be `thorough`.

        Raises:
            UnseenError: a manifest cannot be read for now.
        """
        found = classify(name)
        if isinstance(found, Ignored):
            return Trace(name, None, unknown=f"it is no half of a pair: {found.reason}")
        pair = self._pair(found)
        if pair is None or not _knows(pair, name):
            return Trace(name, pair, unknown="no event and no pass over the bucket has told of it")
        return _Tracing(self, name, pair, thorough)()

    def behind(self, alias: str) -> Behind | None:
        """What an alias's present model was trained on, down to the base model; None where there is no such alias.

        Raises:
            UnseenError: a manifest cannot be read for now.
        """
        moves = self.moves(alias)
        if not moves:
            return None
        layers, unread = [], []
        for run in self._down(moves):
            lines = self.manifest(run) if isinstance(run, Run) else run
            if isinstance(run, Run) and isinstance(lines, bytes):
                layers.append(Layer(run, lines))
            else:
                unread.append(str(lines))
        rows, objects = _counted(layers)
        return Behind(moves[-1], tuple(layers), rows, objects, tuple(unread))

    def moves(self, alias: str) -> list[Alias]:
        """What an alias was after each of its moves, the first move first; empty where there is none."""
        read = self.documents.get(of_aliases.alias(alias))
        if read is None:
            return []
        found: list[Alias] = []
        for first in range(1, read.value.serial, _PAGE):
            serials = range(first, min(first + _PAGE, read.value.serial))
            keys = [of_aliases.alias_history(alias, serial) for serial in serials]
            found += [move.value for move in self.documents.get_all(keys) if move is not None]
        return [*found, read.value]

    def manifest(self, run: Run) -> bytes | str:
        """The lines of a run's manifest; or what there is to say where it is gone.

        Raises:
            UnseenError: it cannot be read for now.
        """
        if run.manifest is None:
            return b""
        try:
            return self.objects.read(run.manifest.part.name)
        except GoneError:
            return f"what run {run.id} of {run.dataset} had is not known: {run.manifest.uri} is gone"
        except PassingError as lost:
            raise UnseenError(f"{run.manifest.uri} could not be read ({type(lost).__name__})", _RIGHT) from lost

    def _pair(self, found: Candidate) -> Pair | None:
        read = self.documents.get(of_pairs.pair(found.dataset, pair_id(found.dataset, found.path)))
        return read.value if read else None

    def _down(self, moves: Sequence[Alias]) -> Iterator[Run | str]:
        """The run of the alias's model, then those that it goes on from; a sentence where that is not known."""
        served, seen = moves[-1].current, set[str]()
        while True:
            read = self.documents.get(of_runs.run(served.dataset, served.number))
            if read is None:
                yield f"what {served.model} was trained on is not known: run {served.run} of {served.dataset} is gone"
                return
            yield read.value
            model = read.value.started_from
            if model is None or model in seen:
                return
            seen.add(model)
            below = next((move.current for move in moves if move.current.model == model), None)
            if below is None:
                yield f"what {model} was trained on is not known: {moves[-1].name} has never stood for it"
                return
            served = below


@dataclass(frozen=True, slots=True)
class _Tracing:
    """The looking for one object."""

    service: Lineage
    name: str
    pair: Pair
    thorough: bool

    def __call__(self) -> Trace:
        runs = self._runs()
        parts, unread = {}, []
        for run in runs:
            part = self._part(run)
            if isinstance(part, str):
                unread.append(part)
            elif part is not None:
                parts[run.number] = part
        used = [run for run in runs if run.number in parts]
        below = [run for run in used if parts[run.number][1] is Split.TRAIN and training(run) is Training.TRAINED]
        everywhere = self._everywhere() if below else []
        above = {run.number: heirs(run.model, everywhere) for run in below if run.model}
        stands = self._standings([*used, *(heir for some in above.values() for heir in some)])
        uses = (self._use(run, *parts[run.number], above.get(run.number, ()), stands) for run in used)
        return Trace(self.name, self.pair, tuple(uses), unread=tuple(unread))

    def _runs(self) -> list[Run]:
        """The dataset's runs that have files and may have had it, the oldest first."""
        first = 1 if self.thorough else first_run(self.pair)
        newest = self.service.documents.find(of_runs.newest_runs(self.pair.dataset), limit=1)
        if first is None or not newest:
            return []
        found: list[Run] = []
        last = newest[0].value.number
        for begin in range(first, last + 1, _PAGE):
            numbers = range(begin, min(begin + _PAGE, last + 1))
            keys = [of_runs.run(self.pair.dataset, number) for number in numbers]
            found += [read.value for read in self.service.documents.get_all(keys) if read is not None]
        return [run for run in found if run.manifest is not None]

    def _part(self, run: Run) -> tuple[Half, Split] | str | None:
        """The generation that a run had, and on which side; None where it had none, a sentence where that is lost."""
        if not self.thorough and has_all_its_stays(self.pair):
            stay = may_have(run, self.pair)
            half = half_named(self.name, stay.audio, stay.transcript) if stay else None
            if stay is None or half is None:
                return None
            if is_told_by_cuts(run) and stay.split is not None:
                return half, stay.split
        lines = self.service.manifest(run)
        return lines if isinstance(lines, str) else self._listed(lines)

    def _listed(self, lines: bytes) -> tuple[Half, Split] | None:
        told = _line_of(lines, self.pair.id)
        for kind in HalfKind if told else ():
            if told[kind]["name"] == self.name:
                return self._half(kind, told[kind]["generation"]), Split(told["split"])
        return None

    def _half(self, kind: HalfKind, generation: int) -> Half:
        """The half as documents have it, whose size a manifest does not tell."""
        known = [self.pair.audio, self.pair.transcript, *self.pair.erased]
        known += [half for stay in stays_of(self.pair) for half in (stay.audio, stay.transcript)]
        same = (half for half in known if half and (half.name, half.generation) == (self.name, generation))
        return next(same, Half(kind, self.name, generation, 0))

    def _everywhere(self) -> list[Run]:
        """Every dataset's runs: datasets may share an alias, and go on from each other's models."""
        documents = self.service.documents
        known = {found.value.dataset for found in documents.find(of_datasets.known_datasets())}
        datasets = sorted({*known, self.pair.dataset})
        return [read.value for each in datasets for read in documents.find(of_runs.newest_runs(each))]

    def _standings(self, runs: Sequence[Run]) -> dict[tuple[str, int], Standing]:
        names = {run.recipe.alias for run in runs if run.recipe}
        moves = {name: self.service.moves(name) for name in sorted(names)}
        return {(run.dataset, run.number): _standing(run, moves) for run in runs}

    def _use(
        self,
        run: Run,
        half: Half,
        split: Split,
        above: Sequence[Run],
        stands: Mapping[tuple[str, int], Standing],
    ) -> Use:
        dropped = next((row.reason for row in run.dropped if row.path == self.pair.path), None)
        return Use(
            by=stands[run.dataset, run.number],
            half=half,
            presence=presence(self.pair, half),
            split=split,
            dropped=dropped if split is Split.TRAIN else None,
            heirs=tuple(stands[heir.dataset, heir.number] for heir in above),
        )


def _standing(run: Run, moves: Mapping[str, Sequence[Alias]]) -> Standing:
    known = moves[run.recipe.alias] if run.recipe else ()
    return Standing(run, training(run), tuple(tenures(known, run)))


def _knows(pair: Pair, name: str) -> bool:
    stays = (half for stay in stays_of(pair) for half in (stay.audio, stay.transcript))
    taken = (pair.taken.audio, pair.taken.transcript) if pair.taken else ()
    return half_named(name, pair.audio, pair.transcript, *pair.erased, *stays, *taken) is not None


def _each_line(lines: bytes) -> Iterator[bytes]:
    """One after the other: a manifest of millions of lines is not taken apart at once."""
    begin = 0
    while (end := lines.find(b"\n", begin)) >= 0:
        yield lines[begin:end]
        begin = end + 1


def _line_of(lines: bytes, pair: str) -> Any:
    """The line about a pair, found without reading the others: a quote within a JSON string has a backslash.

    It is as `services.shards` writes it; None where there is none.
    """
    at = lines.find(b'"id":"' + pair.encode() + b'"')
    if at < 0:
        return None
    return orjson.loads(lines[lines.rfind(b"\n", 0, at) + 1 : lines.find(b"\n", at)])


def _counted(layers: Sequence[Layer]) -> tuple[int, int]:
    """The rows of all, and the different objects: each once in a run, but perhaps in several."""
    each = [sum(1 for _ in layer.objects()) for layer in layers]
    if len(layers) < 2:  # noqa: PLR2004 - the plural
        return sum(each) // 2, sum(each)
    objects = {(found.name, found.generation) for layer in layers for found in layer.objects()}
    return sum(each) // 2, len(objects)
