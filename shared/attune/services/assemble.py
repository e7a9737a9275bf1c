"""Assemble: put what a cut took into the shards, compose the run's files, and check them against their members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from attune.domain.base_models import Models
from attune.domain.crc32c import combine_all
from attune.domain.fit import Rows
from attune.domain.pair import Pair
from attune.domain.part import Part
from attune.domain.plan import Draft, drafted
from attune.domain.recipe import Recipe, Scope
from attune.domain.run import DataFile, Plan, Run, RunState
from attune.domain.shard import Member, Shard, Span
from attune.domain.split import Split
from attune.errors import BusyError, DamagedError
from attune.ports import Clock, Documents, Each, Objects, Replace, Versioned
from attune.services.lease import Hold
from attune.services.manifests import of_pairs
from attune.services.restate import restate
from attune.services.shards import Sharding
from attune.services.taken import cuts_since_the_champion, frozen_member, side_taken, unsharded_cuts

_PAGE = 100  # pairs between two looks at the time: each may have its row rendered anew


@dataclass(frozen=True, slots=True)
class Assembly:
    """The service, with its ports. Every step can be done again: what is in the shards already is passed over."""

    documents: Documents
    objects: Objects
    sharding: Sharding
    each: Each
    clock: Clock
    models: Models

    def __call__(self, run: Versioned[Run], hold: Hold, until: datetime) -> None:
        """Makes the run's files and writes the run as assembled, with its plan.

        Raises:
            BusyError: `until` has come; the event comes again, and the work goes on from what is in the shards.
            DamagedError: an object in the bucket is not what its manifest says, or a file not what was planned.
        """
        recipe = run.value.recipe
        if recipe is None:
            raise ValueError(f"run {run.value.id} of {run.value.dataset} was assembled before its cut")
        dataset, number = run.value.dataset, run.value.number
        self.sharding.drain(dataset, hold)
        for page in self._pages(dataset, unsharded_cuts(dataset, number, self.documents)):
            self._put_in(dataset, page, recipe, hold)
            self._mind(until)
        for split in Split:
            self._restate_what_stands(dataset, split, recipe, hold, until)
        train, apart = self._training(run.value, recipe)
        draft = drafted(train, self.sharding.rows(dataset, Split.VALIDATION), recipe, self.models(recipe.base_model))
        self.sharding.store(draft.train.nodes)
        self.sharding.store(draft.validation.nodes)
        hold.commit()  # the run's files have fixed names: only the lease's holder may write them
        finished = self._finished(run.value, draft)
        self.sharding.throw_away_drafts((*apart, *draft.train.nodes, *draft.validation.nodes))
        hold.commit(Replace(run, finished))

    def _pages(self, dataset: str, cuts: Sequence[str]) -> Iterator[Sequence[Versioned[Pair]]]:
        for name in cuts:
            query = of_pairs.taken_pairs(dataset, name)
            page = self.documents.find(query, limit=_PAGE)
            while page:
                yield page
                page = self.documents.find(query, limit=_PAGE, after=page[-1].key)

    def _put_in(self, dataset: str, page: Sequence[Versioned[Pair]], recipe: Recipe, hold: Hold) -> None:
        pairs = [found.value for found in page]
        members = self.each(lambda pair: self._member(pair, recipe), pairs)
        placed = [(pair, member, side_taken(pair)) for pair, member in zip(pairs, members, strict=True)]
        for split in Split:
            changes = {
                pair.id: member if side is split else None for pair, member, side in placed if split in pair.sides
            }
            if changes:
                self.sharding.put_in(dataset, split, changes, hold)

    def _member(self, pair: Pair, recipe: Recipe) -> Member | None:
        member = frozen_member(pair)
        return restate(member, pair.dataset, recipe.phrasing, self.objects) if member else None

    def _restate_what_stands(self, dataset: str, split: Split, recipe: Recipe, hold: Hold, until: datetime) -> None:
        """Rows of earlier runs were rendered under the settings of their time; one file has one template."""
        for leaf in self.sharding.leaves(dataset, split, recipe.phrasing.version):
            anew = self.each(lambda member: restate(member, dataset, recipe.phrasing, self.objects), leaf.members)
            self.sharding.put_in(dataset, split, {member.pair: member for member in anew}, hold)
            self._mind(until)

    def _training(self, run: Run, recipe: Recipe) -> tuple[Rows, list[Shard]]:
        """The rows to train on, and the nodes that were made of them for this run alone."""
        if recipe.scope is Scope.ALL:
            return self.sharding.rows(run.dataset, Split.TRAIN), []
        cuts = cuts_since_the_champion(run.dataset, run.number, recipe.alias, self.documents)
        pairs = [found.value for page in self._pages(run.dataset, cuts) for found in page]
        members = self.each(
            lambda pair: self._member(pair, recipe), [pair for pair in pairs if side_taken(pair) is Split.TRAIN]
        )
        return self.sharding.apart(run.dataset, Split.TRAIN, [member for member in members if member])

    def _finished(self, run: Run, draft: Draft) -> Run:
        train, validation = draft.train.span, draft.validation.span
        made = replace(
            run.to(RunState.ASSEMBLED, self.clock()),
            plan=draft.plan,
            train=self._file(run, "train", train, _there(train.rows)),
            validation=self._file(run, "validation", validation, _there(validation.rows)),
            manifest=self._file(run, "manifest", _sum(train, validation), _there(train.lines, validation.lines)),
            hold_out=self._hold_out(run, validation),
        )
        check_plan(draft.plan, made.train, made.validation)
        return made

    def _hold_out(self, run: Run, validation: Span) -> Part | None:
        """The manifest's lines of the validation rows, kept for as long as the run's models are measured."""
        file = self._file(run, "hold-out", validation, _there(validation.lines))
        return file.part if file else None

    def _file(self, run: Run, name: str, span: Span, sources: Sequence[Part]) -> DataFile | None:
        if not sources:
            return None
        part = Part(
            f"{run.folder}/{name}.jsonl",
            sum(source.size for source in sources),
            combine_all((source.crc32c, source.size) for source in sources),
        )
        stored = self.objects.compose(part.name, [source.name for source in sources])
        if (stored.size, stored.crc32c) != (part.size, part.crc32c):
            raise DamagedError(f"{part.name} is not what its shards make: {stored.size} bytes, {part.size} expected")
        return DataFile(self.objects.uri(part.name), span.count, part, stored.generation, span.seconds, span.tokens)

    def _mind(self, until: datetime) -> None:
        if self.clock() >= until:
            raise BusyError("the time of one call is used up; the work goes on where it stands")


def check_plan(plan: Plan, train: DataFile | None, validation: DataFile | None) -> None:
    """Whether the files have the rows and bytes that were planned.

    Raises:
        DamagedError: they have not.
    """
    planned = {
        "train.jsonl": (plan.rows, plan.train_bytes, train),
        "validation.jsonl": (plan.validation_rows, plan.validation_bytes, validation),
    }
    for name, (rows, size, file) in planned.items():
        made = (file.rows, file.part.size) if file else (0, 0)
        if made != (rows, size):
            raise DamagedError(f"{name} has {made[0]} rows and {made[1]} bytes, and {rows} and {size} were planned")


def _there(*parts: Part | None) -> list[Part]:
    return [part for part in parts if part is not None]


def _sum(train: Span, validation: Span) -> Span:
    return Span(
        train.count + validation.count,
        train.seconds + validation.seconds,
        train.tokens + validation.tokens,
    )
