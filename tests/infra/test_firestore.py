"""Every question the code asks has its index, and the settings start as the code has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from attune.config import Settings, read_settings
from attune.domain.ledger import Ledger
from attune.ports import Contains, Order, Query, RawDocument
from attune.services.manifests import of_datasets
from infra.questions import Index, index_for, many_valued_fields, questions, written_fields
from infra.workplace import ROOT, resources

QUESTIONS = questions()


def test_the_questions_are_found() -> None:
    assert {"new_pairs", "oldest_new_pairs", "changed_pairs", "all_active_runs", "waiting_messages"} <= set(QUESTIONS)
    assert {"all_active_runs", "pairs_to_forget", "every_pair"} <= {
        name for name, question in QUESTIONS.items() if question.group
    }
    needed = [index_for(question) for question in QUESTIONS.values()]
    assert any(index is not None and len(index.fields) > 1 for index in needed)
    assert any(index is not None and index.fields[0][1] == "CONTAINS" for index in needed)


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_question_has_its_index(name: str, planned: dict[str, Any]) -> None:
    needed = index_for(QUESTIONS[name])
    assert needed is None or _is_there(needed, planned), f"{name} needs {needed}"


@pytest.mark.parametrize(
    "question",
    [
        Query(RawDocument, ("pairs",), (("due", "add"),), group=True),
        Query(RawDocument, ("pairs",), (("recordings", Contains("x")),), group=True),
        Query(RawDocument, ("datasets", "x", "pairs"), (("to_forget", True),), order_by="path"),
        Query(RawDocument, ("datasets", "x", "pairs"), (("sides", Contains("train")),)),
        Query(RawDocument, ("datasets", "x", "pairs"), (("to_forget", Contains(1)),)),
        Query(RawDocument, ("datasets", "x", "runs"), (("active", True),), order_by="number"),
        Query(RawDocument, ("datasets", "x", "pairs"), order_by="changed_at"),
        Query(RawDocument, ("datasets", "x", "runs"), order_by="active", order=Order.DESCENDING),
    ],
)
def test_a_question_without_one_would_be_noticed(question: Query[Any], planned: dict[str, Any]) -> None:
    needed = index_for(question)
    assert needed is not None
    assert not _is_there(needed, planned)


def test_every_stated_index_answers_a_question(planned: dict[str, Any]) -> None:
    needed = {index_for(question) for question in QUESTIONS.values()}
    assert set(_composites(planned)) <= needed


def test_a_question_to_one_dataset_keeps_its_index_beside_that_for_all_of_them(planned: dict[str, Any]) -> None:
    groups = {(question.collection[-1], name) for question in _grouped() for name, _ in question.where}
    assert groups == {("runs", "active"), ("pairs", "to_forget")}
    for collection, name in groups:
        assert _own_indexes(collection, name, planned) == {("ASCENDING", False), ("ASCENDING", True)}


def test_every_index_over_all_datasets_is_asked_for(planned: dict[str, Any]) -> None:
    asked = {(question.collection[-1], name) for question in _grouped() for name, _ in question.where}
    stated = {(each["collection"], each["field"]) for each in _field_settings(planned) if _spans_all(each)}
    assert stated == asked


def test_a_list_or_a_map_that_nobody_asks_for_is_not_indexed(planned: dict[str, Any]) -> None:
    """An index costs an entry for everything in it."""
    asked = {(question.collection[-1], name) for question in QUESTIONS.values() for name, _ in question.where}
    left_out = {(each["collection"], each["field"]) for each in _field_settings(planned) if not _indexes(each)}
    many = {(collection, name) for collection, names in many_valued_fields().items() for name in names}
    assert ("pairs", "recordings") in many & asked
    assert many - asked <= left_out


def test_every_field_left_out_is_one_that_the_code_writes(planned: dict[str, Any]) -> None:
    written = written_fields()
    left_out = {(each["collection"], each["field"]) for each in _field_settings(planned)}
    assert [f"{collection}.{name}" for collection, name in left_out if name not in written.get(collection, set())] == []


def test_what_grows_with_every_write_and_what_holds_much_is_not_indexed(planned: dict[str, Any]) -> None:
    left_out = {(each["collection"], each["field"]) for each in _field_settings(planned) if not _indexes(each)}
    for name in ("changed_at", "row", "taken", "reasons", "remarks", "measured", "audio", "transcript"):
        assert ("pairs", name) in left_out
    assert {("recordings", "holders"), ("sides", "first"), ("states", "customs")} <= left_out
    for name in ("members", "children", "span"):
        assert ("shards", name) in left_out
    for name in ("history", "dropped", "train", "validation", "manifest"):
        assert ("runs", name) in left_out
    assert {("outbox", "data"), ("outbox", "at")} <= left_out
    assert {("ledgers", field.name) for field in fields(Ledger)} <= left_out
    assert {("pairs", name) for name in ("erased", "past", "stays")} <= left_out


def test_a_minute_that_grows_is_indexed_in_one_direction_only(planned: dict[str, Any]) -> None:
    assert _own_indexes("pairs", "changed_minute", planned) == {("ASCENDING", False)}


def test_no_document_expires(planned: dict[str, Any]) -> None:
    assert [each for each in _field_settings(planned) if each["ttl_config"]] == []


def test_the_settings_start_with_every_setting_at_the_codes_default(planned: dict[str, Any]) -> None:
    (document,) = resources(planned, "google_firestore_document")
    assert (document["values"]["collection"], document["values"]["document_id"]) == of_datasets.DEFAULTS.path
    written = {name: _plain(value) for name, value in json.loads(document["values"]["fields"]).items()}
    assert set(written) == set(Settings.model_fields), "infra/firestore.tf and attune.config.Settings differ"
    assert read_settings(written, {}) == Settings()
    quality = Settings().quality
    assert written["quality"] == {field.name: getattr(quality, field.name) for field in fields(quality)}


def test_an_edit_of_the_settings_is_left_alone() -> None:
    """That Terraform ignores the fields shows in no plan: so it is read where it stands."""
    text = (ROOT / "infra/firestore.tf").read_text()
    document = text[text.index('resource "google_firestore_document" "defaults"') :]
    assert "ignore_changes = [fields]" in document


def _is_there(needed: Index, plan: dict[str, Any]) -> bool:
    if len(needed.fields) > 1:
        return needed in _composites(plan)
    ((name, order),) = needed.fields
    return (order, needed.group) in _own_indexes(needed.collection, name, plan)


def _composites(plan: dict[str, Any]) -> list[Index]:
    return [
        Index(
            each["values"]["collection"],
            tuple((field["field_path"], field["order"]) for field in each["values"]["fields"]),
            each["values"]["query_scope"] == "COLLECTION_GROUP",
        )
        for each in resources(plan, "google_firestore_index")
    ]


def _own_indexes(collection: str, name: str, plan: dict[str, Any]) -> set[tuple[str, bool]]:
    """A field's own indexes: those that are stated, or else Firestore's three, which never span collections."""
    for each in _field_settings(plan):
        if (each["collection"], each["field"]) == (collection, name):
            return {(_kind(index), index["query_scope"] == "COLLECTION_GROUP") for index in _indexes(each)}
    return {("ASCENDING", False), ("DESCENDING", False), ("CONTAINS", False)}


def _kind(index: Mapping[str, Any]) -> str:
    return str(index.get("order") or index["array_config"])


def _spans_all(field: dict[str, Any]) -> bool:
    return any(index["query_scope"] == "COLLECTION_GROUP" for index in _indexes(field))


def _grouped() -> list[Query[Any]]:
    return [question for question in QUESTIONS.values() if question.group]


def _field_settings(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["values"] for each in resources(plan, "google_firestore_field")]


def _indexes(field: dict[str, Any]) -> list[dict[str, Any]]:
    return list(field["index_config"][0]["indexes"])


def _plain(value: Mapping[str, Any]) -> object:
    """A Firestore value as Python's."""
    ((kind, content),) = value.items()
    if kind == "mapValue":
        return {name: _plain(inner) for name, inner in content["fields"].items()}
    return int(content) if kind == "integerValue" else content
