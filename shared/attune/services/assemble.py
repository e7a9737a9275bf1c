"""Assemble: put what a cut took into the shards, compose the run's files, and check them against their members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from attune.domain.crc32c import combine_all
from attune.domain.pair import Pair
from attune.domain.run import DataFile, Recipe, Run, RunState, Scope, run_id
from attune.domain.shard import Member, Part, Span
from attune.domain.split import Split
from attune.errors import BusyError, DamagedError
from attune.ports import Clock, Documents, Each, Objects, Replace, Versioned
from attune.services import manifests
from attune.services.lease import Hold
from attune.services.restate import restate
from attune.services.shards import Sharding, member_of

_PAGE = 100  # pairs between two looks at the time: each may have its row rendered anew


@dataclass(frozen=True, slots=True)
class Assembly:
    """The service, with its ports. Every step can be done again: what is in the shards already is passed over."""

    documents: Documents
    objects: Objects
    sharding: Sharding
    each: Each
    clock: Clock

    def __call__(self, run: Versioned[Run], hold: Hold, until: datetime) -> None:
        """Makes the run's files and writes the run as assembled.

        Raises:
            BusyError: `until` has come; the event comes again, and the work goes on from what is in the shards.
            DamagedError: an object in the bucket is not what its manifest says.
        """
        recipe = run.value.recipe
        if recipe is None:
            raise ValueError(f"run {run.value.id} of {run.value.dataset} was assembled before its cut")
        for page in self._pages(run.value, self._cuts(run.value)):
            self._put_in(run.value.dataset, page, recipe, hold)
            self._mind(until)
        for split in Split:
            self._restate_what_stands(run.value.dataset, split, recipe, hold, until)
        train, validation = self._spans(run.value, recipe)
        hold.commit()  # the run's files have fixed names: only the lease's holder may write them
        hold.commit(Replace(run, self._finished(run.value, train, validation)))

    def _pages(self, run: Run, cuts: Sequence[str]) -> Iterator[Sequence[Versioned[Pair]]]:
        for name in cuts:
            query = manifests.taken_pairs(run.dataset, name)
            page = self.documents.find(query, limit=_PAGE)
            while page:
                yield page
                page = self.documents.find(query, limit=_PAGE, after=page[-1].key)

    def _cuts(self, run: Run) -> list[str]:
        """This run's cut, and those of the runs just before it that ended before their pairs were in the shards."""
        names, number = [run.id], run.number - 1
        while (before := self.documents.get(manifests.run(run.dataset, number))) and not before.value.was_assembled:
            names.append(before.value.id)
            number -= 1
        return names

    def _since_the_champion(self, run: Run, recipe: Recipe) -> list[str]:
        """The cuts that the alias's model has not seen: a run that came to nothing leaves its pairs to the next."""
        alias = self.documents.get(manifests.alias(recipe.alias))
        seen = alias.value.current.number if alias and alias.value.current.dataset == run.dataset else 0
        return [run_id(number) for number in range(seen + 1, run.number + 1)]

    def _put_in(self, dataset: str, page: Sequence[Versioned[Pair]], recipe: Recipe, hold: Hold) -> None:
        pairs = [found.value for found in page]
        members = self.each(lambda pair: self._member(pair, recipe), pairs)
        for split in Split:
            changes = {pair.id: member for pair, member in zip(pairs, members, strict=True) if pair.split is split}
            if changes:
                self.sharding.put_in(dataset, split, changes, hold)

    def _member(self, pair: Pair, recipe: Recipe) -> Member | None:
        member = frozen_member(pair)
        return restate(member, pair.dataset, recipe.template, self.objects) if member else None

    def _restate_what_stands(self, dataset: str, split: Split, recipe: Recipe, hold: Hold, until: datetime) -> None:
        """Rows of earlier runs were rendered under the settings of their time; one file has one template."""
        for leaf in self.sharding.leaves(dataset, split, recipe.template.digest):
            anew = self.each(lambda member: restate(member, dataset, recipe.template, self.objects), leaf.members)
            self.sharding.put_in(dataset, split, {member.pair: member for member in anew}, hold)
            self._mind(until)

    def _spans(self, run: Run, recipe: Recipe) -> tuple[Span, Span]:
        validation = self.sharding.held(run.dataset, Split.VALIDATION)
        if recipe.scope is Scope.ALL:
            return self.sharding.held(run.dataset, Split.TRAIN), validation
        pairs = [found.value for page in self._pages(run, self._since_the_champion(run, recipe)) for found in page]
        members = self.each(
            lambda pair: self._member(pair, recipe), [pair for pair in pairs if pair.split is Split.TRAIN]
        )
        return self.sharding.apart(run.dataset, Split.TRAIN, [member for member in members if member]), validation

    def _finished(self, run: Run, train: Span, validation: Span) -> Run:
        lines = _joined([span.lines for span in (train, validation) if span.lines])
        after = run.to(RunState.ASSEMBLED, self.clock())
        return replace(
            after,
            train=self._file(run, "train", train, [train.rows] if train.rows else []),
            validation=self._file(run, "validation", validation, [validation.rows] if validation.rows else []),
            manifest=self._file(run, "manifest", _sum(train, validation), lines),
        )

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


def frozen_member(pair: Pair) -> Member | None:
    """The pair's row as its cut froze it; None where the cut took it out."""
    taken = pair.taken
    if taken is None or taken.row is None or taken.audio is None or taken.transcript is None or pair.split is None:
        return None
    return member_of(pair.id, pair.path, pair.split, taken.row, taken.audio, taken.transcript)


def _joined(parts: Sequence[Part | None]) -> list[Part]:
    return [part for part in parts if part is not None]


def _sum(train: Span, validation: Span) -> Span:
    return Span(
        train.count + validation.count,
        train.seconds + validation.seconds,
        train.tokens + validation.tokens,
    )
