"""Roll an alias back: to what it stood for before, by compare-and-set, with its history and its announcement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from attune.domain.alias import Alias, Served
from attune.domain.events.alias import AliasRolledBack
from attune.domain.events.message import message
from attune.domain.names import run_number
from attune.domain.run import Run, RunState
from attune.errors import ConflictError
from attune.ports import Clock, Create, Documents, Replace, Versioned
from attune.services.approve import Answer
from attune.services.manifests import of_aliases, of_outbox, of_runs

_ATTEMPTS = 5  # lost races against promotions
_PAGE = 50  # moves read at once


@dataclass(frozen=True, slots=True)
class RollingBack:
    """The service, with its ports. Only documents are written: the next tick tells what was done.

    `serves` says whether a model still answers behind its endpoint: an alias goes back to no other.
    """

    documents: Documents
    clock: Clock
    serves: Callable[[str, str], bool]

    def __call__(self, alias: str, reason: str, to: str | None = None, expected: str | None = None) -> Answer:
        """Moves the alias back; the run it leaves is rolled back, and gets it again only where a person says so.

        Without `to` it goes to what it stood for last, of the runs that are older than the present one, were not rolled
        back, and whose endpoints still answer. `to` names any run that it ever stood for; with `expected` it moves only
        away from that run. Both are written RUN or DATASET/RUN. From then on a run gets the alias by itself only if it
        is newer than all that the alias ever stood for.
        """
        for _ in range(_ATTEMPTS):
            read = self.documents.get(of_aliases.alias(alias))
            if read is None:
                return Answer(stands=False, said=f"there is no alias {alias}")
            if expected is not None and not _is_named(read.value.current, expected):
                return Answer(stands=False, said=f"{_stands(read.value)}, and not for {expected}")
            try:
                return self._back(read, reason, to)
            except ConflictError:
                continue
        return Answer(stands=False, said=f"the alias {alias} keeps being moved; ask again")

    def _back(self, read: Versioned[Alias], reason: str, to: str | None) -> Answer:
        target = next(self._candidates(read.value), None) if to is None else self._named(read.value, to)
        if target is None:
            said = f"{_stands(read.value)}, and for nothing before that it could go back to"
            return Answer(stands=False, said=said)
        return self._move(read, target, reason) if isinstance(target, Served) else target

    def _named(self, alias: Alias, to: str) -> Served | Answer:
        """The run that a person named; or what there is to say where it cannot be had, or is had already."""
        named = self._served_as(alias, to)
        if not named:
            return Answer(stands=False, said=f"the alias {alias.name} never stood for {to}")
        if len({served.dataset for served in named}) > 1:
            each = " and ".join(sorted(f"{served.dataset}/{served.run}" for served in named))
            return Answer(stands=False, said=f"the alias {alias.name} stood for {each}: say which")
        if _is_same(named[0], alias.current):
            return Answer(stands=True, said=f"{_stands(alias)} already")
        if not self._still_serves(named[0]):
            said = (
                f"{_name(named[0])} is no longer deployed behind {named[0].endpoint}: go back to another, or deploy it"
            )
            return Answer(stands=False, said=said)
        return named[0]

    def _move(self, read: Versioned[Alias], target: Served, reason: str) -> Answer:
        """All in one batch: the alias, its history, both runs and what is told of it.

        Raises:
            ConflictError: the alias or one of the runs was moved at this moment; nothing was written.
        """
        left, now = read.value.current, self.clock()
        after = read.value.moved_to(target, now)
        history = Create(of_aliases.alias_history(after.name, after.serial), after)
        told = message(_told(after, left, reason), now)
        runs = [*self._marked_as_left(left, target, reason), *self._marked_as_served(target)]
        self.documents.commit(*runs, Replace(read, after), history, Create(of_outbox.outbox(told.id), told))
        return Answer(stands=True, said=f"{_stands(after)} again, and no longer for {_name(left)}")

    def _marked_as_left(self, left: Served, target: Served, reason: str) -> Iterator[Replace[Run]]:
        """The run that is left for an older one was not as good as it seemed. To go on to a newer one says nothing."""
        run = self.documents.get(of_runs.run(left.dataset, left.number))
        if run is not None and run.value.state is RunState.PROMOTED and left.is_newer_than(target):
            yield Replace(run, run.value.to(RunState.ROLLED_BACK, self.clock(), reason))

    def _marked_as_served(self, target: Served) -> Iterator[Replace[Run]]:
        run = self.documents.get(of_runs.run(target.dataset, target.number))
        if run is not None and run.value.state is RunState.ROLLED_BACK:
            yield Replace(run, run.value.to(RunState.PROMOTED, self.clock()))

    def _candidates(self, alias: Alias) -> Iterator[Served]:
        for served in self._moves(alias):
            if alias.current.is_newer_than(served) and self._is_promoted(served) and self._still_serves(served):
                yield served

    def _still_serves(self, served: Served) -> bool:
        return self.serves(served.endpoint, served.model)

    def _is_promoted(self, served: Served) -> bool:
        run = self.documents.get(of_runs.run(served.dataset, served.number))
        return run is not None and run.value.state is RunState.PROMOTED

    def _served_as(self, alias: Alias, text: str) -> list[Served]:
        """What the alias stood for under that name: one of each dataset, as it was last."""
        found: dict[str, Served] = {}
        for served in self._moves(alias):
            if _is_named(served, text):
                found.setdefault(served.dataset, served)
        return list(found.values())

    def _moves(self, alias: Alias) -> Iterator[Served]:
        """What the alias has stood for, the last first."""
        for newest in range(alias.serial, 0, -_PAGE):
            serials = range(newest, max(newest - _PAGE, 0), -1)
            found = self.documents.get_all([of_aliases.alias_history(alias.name, serial) for serial in serials])
            yield from (move.value.current for move in found if move is not None)


def _is_named(served: Served, text: str) -> bool:
    dataset, _, run = text.rpartition("/")
    return run_number(run) == served.number and dataset in ("", served.dataset)


def _is_same(one: Served, other: Served) -> bool:
    return (one.dataset, one.number) == (other.dataset, other.number)


def _stands(alias: Alias) -> str:
    return f"the alias {alias.name} stands for {_name(alias.current)}"


def _name(served: Served) -> str:
    return f"run {served.run} of {served.dataset}"


def _told(after: Alias, left: Served, reason: str) -> AliasRolledBack:
    current = after.current
    return AliasRolledBack(
        dataset=current.dataset,
        run=current.run,
        alias=after.name,
        serial=after.serial,
        endpoint=current.endpoint,
        model=current.model,
        previous_endpoint=left.endpoint,
        previous_run=left.run,
        reason=reason,
    )
