"""Taken: which cuts a run's files are made of, and the row of a pair as its cut froze it."""

from __future__ import annotations

from attune.domain.names import run_id
from attune.domain.pair import Pair
from attune.domain.shard import Member
from attune.domain.split import Split
from attune.ports import Documents
from attune.services.manifests import of_aliases, of_runs
from attune.services.shards import member_of


def unsharded_cuts(dataset: str, number: int, documents: Documents) -> list[str]:
    """The run's cut, and those of the runs just before it that ended before their pairs were in the shards."""
    names, number = [run_id(number)], number - 1
    while (before := documents.get(of_runs.run(dataset, number))) and not before.value.was_assembled:
        names.append(before.value.id)
        number -= 1
    return names


def cuts_since_the_champion(dataset: str, number: int, alias_name: str, documents: Documents) -> list[str]:
    """The cuts up to the run's that the alias's model has not seen: what came to nothing is left to the next."""
    alias = documents.get(of_aliases.alias(alias_name))
    seen = alias.value.current.number if alias and alias.value.current.dataset == dataset else 0
    return [run_id(each) for each in range(seen + 1, number + 1)]


def frozen_member(pair: Pair) -> Member | None:
    """The pair's row as its cut froze it; None where the cut took it out."""
    taken = pair.taken
    if taken is None or taken.row is None or taken.audio is None or taken.transcript is None or taken.split is None:
        return None
    return member_of(pair.id, pair.path, taken.split, taken.row, taken.audio, taken.transcript)


def side_taken(pair: Pair) -> Split | None:
    """The side of the hold-out that its cut froze."""
    return pair.taken.split if pair.taken else None
