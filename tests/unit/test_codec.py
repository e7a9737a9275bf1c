"""Dataclasses become documents, and documents the same dataclasses."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.adapters.codec import decode, encode
from attune.domain.alias import Alias
from attune.domain.events.message import Channel, Message
from attune.domain.names import HalfKind
from attune.domain.pair import Half, Pair, PairState
from attune.domain.run import Run
from attune.domain.shard import Shard, Span
from attune.domain.split import Split
from attune.errors import DamagedError
from attune.ports import RawDocument
from attune.services.manifests.of_datasets import DatasetState
from attune.services.manifests.of_leases import Lease, Slot

KINDS = (Pair, Run, Shard, Alias, Message, DatasetState, Lease, Slot)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    datetime: st.datetimes(timezones=st.just(UTC)),
    float: st.floats(allow_nan=False),
    int: st.integers(-(2**63), 2**63 - 1),
    object: st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    ),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Whatever a field so annotated can hold."""
    if hint in SCALARS:
        return SCALARS[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return st.builds(hint, **{field.name: anything(hints[field.name]) for field in fields(hint)})
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return st.one_of(*(anything(choice) for choice in arguments))
    if origin is tuple:
        return st.lists(anything(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(anything(arguments[0]), anything(arguments[1]), max_size=3)
    enums_and_strings: st.SearchStrategy[Any] = st.from_type(hint)
    return enums_and_strings


documents = st.sampled_from(KINDS).flatmap(anything)


@given(documents)
def test_what_is_stored_is_read_back_the_same(value: Any) -> None:
    assert decode(type(value), encode(value)) == value


@given(documents)
def test_a_document_has_only_what_firestore_can_store(value: Any) -> None:
    assert strangers(encode(value)) == []


def strangers(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*(name for name in value if type(name) is not str), *(s for v in value.values() for s in strangers(v))]
    if isinstance(value, list):
        return [stranger for inner in value for stranger in strangers(inner)]
    plain = isinstance(value, (str, int, float, datetime, type(None))) and not isinstance(value, Enum)
    return [] if plain else [value]


def test_only_fields_are_stored_and_nothing_that_is_worked_out_from_them() -> None:
    stored = encode(Pair("calls", "a/b", PairState.WAITING, NOW))
    assert "id" not in stored
    assert stored["state"] == "waiting"


def test_a_nested_dataclass_is_a_map_and_a_tuple_an_array() -> None:
    half = Half(HalfKind.AUDIO, "calls/a.wav", 7, 10)
    stored = encode(Pair("calls", "a", PairState.WAITING, NOW, audio=half))
    assert stored["audio"] == {"kind": "audio", "name": "calls/a.wav", "generation": 7, "size": 10}
    assert stored["reasons"] == []


def test_fields_that_a_newer_version_wrote_are_passed_over_at_every_depth() -> None:
    pair = Pair("calls", "a", PairState.WAITING, NOW, audio=Half(HalfKind.AUDIO, "calls/a.wav", 7, 10))
    stored: dict[str, Any] = encode(pair)
    stored["mood"] = "good"
    stored["audio"]["loudness"] = 3
    assert decode(Pair, stored) == pair


def test_fields_that_an_older_version_did_not_write_have_their_defaults() -> None:
    stored = encode(Pair("calls", "a", PairState.WAITING, NOW))
    del stored["taken_by"]
    assert decode(Pair, stored).taken_by == ""


def test_maps_come_in_the_order_of_their_names_since_firestore_keeps_none() -> None:
    shard = Shard("calls", Split.TRAIN, "", children={"v": Span(1), "a": Span(2), "0": Span(3)})
    assert list(decode(Shard, encode(shard)).children or {}) == ["0", "a", "v"]


def test_a_tuple_in_free_data_comes_back_as_a_list() -> None:
    message = Message("m", Channel.EVENTS, "t", "calls", "s", NOW, {"errors": ("a", "b")})
    assert decode(Message, encode(message)).data == {"errors": ["a", "b"]}


def test_a_document_people_write_is_taken_as_it_stands() -> None:
    written = {"threshold": "many", "a.b": 1, "deep": {"er": [1, None]}}
    assert decode(RawDocument, written) == RawDocument(written)
    assert encode(RawDocument(written)) == written


def test_a_damaged_document_is_told_by_its_fields_and_never_quoted() -> None:
    stored: dict[str, Any] = encode(Pair("calls", "a", PairState.WAITING, NOW))
    stored["state"] = "my darling"
    del stored["path"]
    with pytest.raises(DamagedError) as told:
        decode(Pair, stored)
    assert "path" in str(told.value)
    assert "state" in str(told.value)
    assert "darling" not in str(told.value)
    assert told.value.__suppress_context__
