"""The index that each question in `attune.services.manifests` takes, and whether the database has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attune.deployment import Deployment
from attune.ports import Contains, Order, Query
from attune.ports_project import Index, Indexes, Project
from attune.services.doctor.findings import Finding, ok, problem
from attune.services.doctor.names import APPLY
from attune.services.manifests import (
    of_aliases,
    of_answers,
    of_datasets,
    of_leases,
    of_outbox,
    of_pairs,
    of_parked,
    of_runs,
    of_shards,
)

_ANY = "x"
_UP = Order.ASCENDING.name
CONTAINS = "CONTAINS"
"""In place of a direction: an index of what is in a list."""


def questions() -> dict[str, Query[Any]]:
    """Every question, by its name, for a dataset that stands for all."""
    return {
        "new_pairs": of_pairs.new_pairs(_ANY),
        "oldest_new_pairs": of_pairs.oldest_new_pairs(_ANY),
        "oldest_waiting_pairs": of_pairs.oldest_waiting_pairs(_ANY),
        "due_pairs": of_pairs.due_pairs(_ANY),
        "taken_pairs": of_pairs.taken_pairs(_ANY, _ANY),
        "changed_pairs": of_pairs.changed_pairs(_ANY, 0),
        "newest_runs": of_runs.newest_runs(_ANY),
        "active_runs": of_runs.active_runs(_ANY),
        "all_active_runs": of_runs.all_active_runs(),
        "all_slots": of_leases.all_slots(),
        "known_datasets": of_datasets.known_datasets(),
        "configured_datasets": of_datasets.configured_datasets(),
        "waiting_messages": of_outbox.waiting_messages(),
        "restless_aliases": of_aliases.restless_aliases(),
        "discards": of_shards.discards(_ANY),
        "pairs_with_halves": of_pairs.pairs_with_halves(_ANY, 0),
        "pairs_with_erased_halves": of_pairs.pairs_with_erased_halves(_ANY, 0),
        "all_pairs": of_pairs.all_pairs(_ANY),
        "every_pair": of_pairs.every_pair(),
        "pairs_to_forget": of_pairs.pairs_to_forget(),
        "pairs_with_recording": of_pairs.pairs_with_recording(_ANY, _ANY),
        "answers_about": of_answers.answers_about(_ANY, _ANY),
        "parked_events": of_parked.parked_events(),
        "events_to_try_again": of_parked.events_to_try_again(),
        "pairs_in": of_pairs.pairs_in(_ANY, _ANY),
        "runs_in": of_runs.runs_in(_ANY, _ANY),
    }


def index_for(question: Query[Any]) -> Index | None:
    """What Firestore wants for a question; None for one that names no field.

    Equalities alone are answered by joining the fields' own indexes. An order by another field takes one index of all.
    """
    equal = tuple((name, CONTAINS if isinstance(value, Contains) else _UP) for name, value in question.where)
    ordered = ((question.order_by, question.order.name),) if question.order_by else ()
    if not equal and not ordered:
        return None
    return Index(question.collection[-1], (*equal, *ordered), question.group)


def indexes(project: Project, at: Deployment) -> Iterator[Finding]:
    """Whether every question has its index, built to its end."""
    there = project.indexes()
    needed = {index: name for name, question in questions().items() for index in _wanted(question)}
    found = {index: _there(index, there) for index in needed}
    for index, name in needed.items():
        about, standing = f"index {_words(index)}", found[index]
        if standing is None:
            said = f"it is not there, and {name} fails without it"
            yield problem(about, said, f"{APPLY}, or: {_command(index, at)}")
        elif not standing.ready:
            yield problem(about, f"it is still being built, and {name} fails until it is", "wait some minutes")
    if all(standing is not None and standing.ready for standing in found.values()):
        yield ok("indexes", f"the {len(needed)} that the questions take are there and ready")


def _wanted(question: Query[Any]) -> Iterator[Index]:
    """An index of several fields as it is; for equalities alone, each field's own."""
    index = index_for(question)
    if index is None:
        return
    if question.order_by:
        yield index
    else:
        yield from (Index(index.collection, (each,), index.group) for each in index.fields)


def _there(wanted: Index, there: Indexes) -> Index | None:
    if len(wanted.fields) > 1:
        return next((index for index in there.composite if index == wanted), None)
    stated = there.fields.get((wanted.collection, wanted.fields[0][0]))
    if stated is None:  # Firestore's own: both directions and what is in lists, within a collection
        return None if wanted.group else wanted
    return next((index for index in stated if index == wanted), None)


def _words(index: Index) -> str:
    fields = ", ".join(f"{name} {direction.lower()}" for name, direction in index.fields)
    return f"{index.collection} ({fields}){' of every dataset' if index.group else ''}"


def _command(index: Index, at: Deployment) -> str:
    scope = "collection-group" if index.group else "collection"
    where = f"--collection-group={index.collection} --database='{at.firestore_database}' --project={at.project}"
    if len(index.fields) > 1:
        fields = " ".join(f"--field-config=field-path={name},{_kind(order)}" for name, order in index.fields)
        return f"gcloud firestore indexes composite create {where} --query-scope={scope} {fields}"
    ((name, order),) = index.fields
    # Stating a field's indexes takes away those it had.
    kinds = [f"order={each.name.lower()}" for each in Order] + ([_kind(order)] if order == CONTAINS else [])
    own = " ".join(f"--index={kind},query-scope=collection" for kind in kinds)
    group = f" --index={_kind(order)},query-scope=collection-group" if index.group else ""
    return f"gcloud firestore indexes fields update {name} {where} {own}{group}"


def _kind(order: str) -> str:
    return "array-config=contains" if order == CONTAINS else f"order={order.lower()}"
