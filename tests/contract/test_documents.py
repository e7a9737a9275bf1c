"""Documents: compare-and-set, all or nothing, and the questions that are asked of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from attune.domain import alias, run
from attune.domain.alias import Served
from attune.domain.content import Holder, Recording, Side
from attune.domain.events.message import Channel, Message
from attune.domain.names import HalfKind
from attune.domain.pair import Barred, Due, Half, Measured, Pair, PairState, Row, Taken
from attune.domain.part import Part
from attune.domain.profile import Found, Histogram, Profile, Ranked, Share
from attune.domain.quality.customs import Cased, Customs, Style
from attune.domain.quality.heard import Heard
from attune.domain.quality.rules import RULES
from attune.domain.row import Weight
from attune.domain.run import Run
from attune.domain.shard import Member, Shard, Span
from attune.domain.split import Split
from attune.errors import ConflictError
from attune.ports import Contains, Create, Delete, Documents, Key, Query, RawDocument, Replace, Versioned
from attune.services.manifests import (
    of_aliases,
    of_datasets,
    of_leases,
    of_outbox,
    of_pairs,
    of_reports,
    of_runs,
    of_shards,
)
from attune.services.manifests.of_datasets import DatasetState
from attune.services.manifests.of_leases import Lease, Slot
from attune.services.manifests.of_reports import Progress

NOW = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
THREADS = 8
ROW = Row(
    "rows/r.json", 100, 0xFFFFFFFF, "t" * 16, "audio/a.wav", "audio/wav", "a" * 64, "b" * 64, 1.5, 48, Weight(9, 8, 7)
)
FINDING = RULES["audio_noisy"].found("It is noisy.")
MEMBER = Member("p", Part("n", 1, 2), "{}\n", "t", 1.0, 2, "v", "mood", "audio/wav", Weight(9, 8, 7))
PROFILE = Profile(
    states={"accepted": 2, "rejected": 1},
    sides={"train": 2},
    tasks={"mood": Share(2, 3000)},
    found={"audio_noisy": Found({"look": 2}, "p")},
    histograms={"level": Histogram({3: 1, 20: 1}, {7: 1})},
    customs=Customs({"lower": 3}, {"with": 1}),
    worst=(Ranked("p", refused=True, findings=2, far=150),),
)
HALF = Half(HalfKind.AUDIO, "calls/a.wav", 1_795_374_581_054_992, 2**31)
SERVED = Served("calls", "r000001", 1, NOW, "projects/1/locations/r/endpoints/2", "projects/1/locations/r/models/3@1")


def pair(path: str, due: Due = Due.NOTHING, due_hour: int | None = None, dataset: str = "calls") -> Pair:
    return Pair(dataset, path, PairState.WAITING, NOW, due=due, due_hour=due_hour)


def key_of(value: Pair) -> Key[Pair]:
    return of_pairs.pair(value.dataset, value.id)


def create(documents: Documents, *pairs: Pair) -> None:
    documents.commit(*(Create(key_of(value), value) for value in pairs))


def read(documents: Documents, key: Key[Pair]) -> Versioned[Pair]:
    found = documents.get(key)
    assert found is not None
    return found


A, B = pair("a"), pair("b")


# --- one document ---------------------------------------------------------------------------------------------


def test_there_is_nothing_where_nothing_was_written(documents: Documents) -> None:
    assert documents.get(key_of(A)) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (
            of_pairs.pair("calls", "p"),
            replace(
                pair("a", Due.ADD, 5),
                audio=HALF,
                reasons=(FINDING,),
                remarks=(FINDING,),
                measured=Measured(Heard(1.5, 8000, 1), "transcription", 9.5, Style(Cased.LOWER, punctuated=True)),
                barred=Barred("a", "b", FINDING),
                sides=(Split.TRAIN, Split.VALIDATION),
                row=ROW,
                split=Split.TRAIN,
                taken=Taken("r000001", ROW, HALF, None),
            ),
        ),
        (of_runs.run("calls", 1), run.opened("calls", 1, 100, NOW)),
        (
            of_shards.shard("calls", Split.TRAIN, "0"),
            Shard("calls", Split.TRAIN, "0", Span(1, tasks={"mood": 1}), (MEMBER,)),
        ),
        (of_aliases.alias("calls"), alias.first("calls", SERVED, NOW)),
        (of_outbox.outbox("m"), Message("m", Channel.EVENTS, "t", "calls", "s", NOW, {"n": [1, None, {"x": True}]})),
        (of_datasets.state("calls"), DatasetState("calls", {"threshold": 3, "prompt": "p"}, "w", ("e",), "e", NOW)),
        (
            of_datasets.state("calls"),
            DatasetState("calls", version=2, version_digest="v", version_since=NOW, customs=Customs({"lower": 3}, {})),
        ),
        (
            of_pairs.recording("calls", "a" * 64),
            Recording(Split.TRAIN, {"mood": Holder("p", "a")}, (Holder("q", "b"), Holder("r", "c"))),
        ),
        (of_pairs.side("calls", "words-" + "a" * 64), Side(Split.VALIDATION, Holder("p", "a"))),
        (of_leases.lease("calls"), Lease("calls", "me", NOW)),
        (of_leases.report_lease("calls"), Lease("calls", "me", NOW)),
        (of_reports.progress("calls"), Progress("calls", 1, 2, 3, 4, 5, "p", 6, "l", "s", NOW)),
        (
            of_shards.shard("calls", "report1", "0"),
            Shard("calls", "report1", "0", Span(1, profile=PROFILE), (Member("p", line="{}\n", profile=PROFILE),)),
        ),
        (of_leases.slot(0), Slot("calls", "r000001", NOW)),
        (of_datasets.own_settings("calls"), RawDocument({"threshold": "many", "a.b": 1, "deep": {"x": [1.5]}})),
    ],
    ids=lambda part: type(part).__name__ if not isinstance(part, Key) else "",
)
def test_every_kind_comes_back_as_it_was_written(documents: Documents, key: Key[object], value: object) -> None:
    documents.commit(Create(key, value))
    found = documents.get(key)
    assert found is not None
    assert (found.key, found.value) == (key, value)


def test_names_in_any_script_are_kept_apart(documents: Documents) -> None:
    datasets = ["Gespräche", "会話", "🙂 + %2F #?", "a" * 200]
    for dataset in datasets:
        create(documents, pair("x", dataset=dataset))
    assert [read(documents, key_of(pair("x", dataset=dataset))).value.dataset for dataset in datasets] == datasets


def test_a_time_comes_back_as_a_plain_one_in_utc(documents: Documents) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    documents.commit(Create(of_datasets.DEFAULTS, RawDocument({"at": elsewhere})))
    found = documents.get(of_datasets.DEFAULTS)
    assert found is not None
    assert found.value.fields["at"] == NOW
    assert type(found.value.fields["at"]) is datetime


def test_maps_come_back_in_the_order_of_their_names(documents: Documents) -> None:
    names = "v4b0tea9"
    shard = Shard("calls", Split.TRAIN, "", children={name: Span(1) for name in names})
    documents.commit(Create(of_shards.shard("calls", Split.TRAIN, ""), shard))
    found = documents.get(of_shards.shard("calls", Split.TRAIN, ""))
    assert found is not None
    assert list(found.value.children or {}) == sorted(names)


# --- writing --------------------------------------------------------------------------------------------------


def test_a_document_is_created_once(documents: Documents) -> None:
    create(documents, A)
    with pytest.raises(ConflictError):
        documents.commit(Create(key_of(A), replace(A, taken_by="somebody else")))
    assert read(documents, key_of(A)).value == A


def test_a_document_is_replaced_while_it_is_what_was_read(documents: Documents) -> None:
    create(documents, A)
    after = replace(A, taken_by="r000001")
    documents.commit(Replace(read(documents, key_of(A)), after))
    assert read(documents, key_of(A)).value == after


def test_a_document_is_not_replaced_when_somebody_wrote_it_since_it_was_read(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))
    documents.commit(Replace(before, replace(A, taken_by="first")))
    with pytest.raises(ConflictError):
        documents.commit(Replace(before, replace(A, taken_by="second")))
    assert read(documents, key_of(A)).value.taken_by == "first"


def test_a_document_is_not_replaced_when_it_is_gone(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))
    documents.commit(Delete(key_of(A)))
    with pytest.raises(ConflictError):
        documents.commit(Replace(before, A))
    assert documents.get(key_of(A)) is None


def test_a_document_that_was_deleted_and_created_again_is_another(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))
    documents.commit(Delete(key_of(A)))
    create(documents, A)
    with pytest.raises(ConflictError):
        documents.commit(Replace(before, replace(A, taken_by="late")))


def test_a_map_is_replaced_whole_and_not_merged(documents: Documents) -> None:
    key = of_shards.shard("calls", Split.TRAIN, "")
    documents.commit(Create(key, Shard("calls", Split.TRAIN, "", children={"a": Span(1), "b": Span(2)})))
    found = documents.get(key)
    assert found is not None
    documents.commit(Replace(found, replace(found.value, children={"b": Span(3)})))
    again = documents.get(key)
    assert again is not None
    assert again.value.children == {"b": Span(3)}


def test_a_field_that_the_new_value_lacks_is_gone(documents: Documents) -> None:
    documents.commit(Create(of_datasets.DEFAULTS, RawDocument({"threshold": 3, "prompt": "p"})))
    found = documents.get(of_datasets.DEFAULTS)
    assert found is not None
    documents.commit(Replace(found, RawDocument({"prompt": "q"})))
    again = documents.get(of_datasets.DEFAULTS)
    assert again is not None
    assert again.value.fields == {"prompt": "q"}


def test_the_version_that_a_commit_returns_is_good_for_the_next(documents: Documents) -> None:
    (version,) = documents.commit(Create(key_of(A), A))
    second = replace(A, taken_by="second")
    (version,) = documents.commit(Replace(Versioned(key_of(A), A, version), second))
    documents.commit(Replace(Versioned(key_of(A), second, version), replace(A, taken_by="third")))
    assert read(documents, key_of(A)).value.taken_by == "third"


def test_a_commit_returns_a_version_for_each_write_and_none_for_a_delete(documents: Documents) -> None:
    create(documents, B)
    versions = documents.commit(Create(key_of(A), A), Delete(key_of(B)))
    assert versions[0] is not None
    assert versions[1] is None


def test_a_write_that_changes_nothing_leaves_the_version(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))
    documents.commit(Replace(before, A))
    documents.commit(Replace(before, replace(A, taken_by="still what was read")))
    assert read(documents, key_of(A)).value.taken_by == "still what was read"


def test_deleting_what_is_not_there_is_no_error(documents: Documents) -> None:
    create(documents, A)
    documents.commit(Delete(key_of(A)))
    documents.commit(Delete(key_of(A)))
    assert documents.get(key_of(A)) is None


def test_a_document_is_deleted_while_it_is_what_was_read(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))
    documents.commit(Replace(before, replace(A, taken_by="somebody")))
    with pytest.raises(ConflictError):
        documents.commit(Delete(key_of(A), before))
    documents.commit(Delete(key_of(A), read(documents, key_of(A))))
    assert documents.get(key_of(A)) is None


def test_a_commit_of_nothing_does_nothing(documents: Documents) -> None:
    assert documents.commit() == []


def breaking_creation(_: Documents) -> Create[Pair]:
    return Create(key_of(A), A)


def breaking_replacement(documents: Documents) -> Replace[Pair]:
    before = read(documents, key_of(A))
    documents.commit(Replace(before, replace(A, taken_by="somebody")))
    return Replace(before, A)


def breaking_deletion(documents: Documents) -> Delete[Pair]:
    return Delete(key_of(A), breaking_replacement(documents).read)


@pytest.mark.parametrize("breaking", [breaking_creation, breaking_replacement, breaking_deletion])
def test_a_commit_writes_all_or_nothing(
    documents: Documents, breaking: Callable[[Documents], Create[Pair] | Replace[Pair] | Delete[Pair]]
) -> None:
    create(documents, A)
    conflict = breaking(documents)
    with pytest.raises(ConflictError):
        documents.commit(Create(key_of(B), B), conflict)
    assert documents.get(key_of(B)) is None


def test_of_many_creators_at_once_one_wins(documents: Documents) -> None:
    def claim(number: int) -> bool:
        try:
            documents.commit(Create(of_leases.slot(0), Slot("calls", str(number), NOW)))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        won = list(pool.map(claim, range(THREADS)))
    slot = documents.get(of_leases.slot(0))
    assert slot is not None
    assert [number for number, winner in enumerate(won) if winner] == [int(slot.value.run)]


def test_of_many_writers_on_one_reading_one_wins(documents: Documents) -> None:
    create(documents, A)
    before = read(documents, key_of(A))

    def write(number: int) -> bool:
        try:
            documents.commit(Replace(before, replace(A, taken_by=str(number))))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        won = list(pool.map(write, range(THREADS)))
    assert [str(number) for number, winner in enumerate(won) if winner] == [read(documents, key_of(A)).value.taken_by]


# --- several documents ----------------------------------------------------------------------------------------


def test_several_documents_come_in_the_order_they_were_asked_for(documents: Documents) -> None:
    create(documents, A, B)
    documents.commit(Create(of_leases.slot(0), Slot("calls", "r000001", NOW)))
    asked: list[Key[Any]] = [key_of(B), of_leases.slot(1), of_leases.slot(0), key_of(A), key_of(B)]
    found = documents.get_all(asked)
    assert [versioned and versioned.key for versioned in found] == [asked[0], None, *asked[2:]]


def test_asking_for_no_documents_gives_none(documents: Documents) -> None:
    assert documents.get_all([]) == []


# --- finding and counting -------------------------------------------------------------------------------------


def paths(found: list[Versioned[Pair]]) -> list[str]:
    return [versioned.value.path for versioned in found]


def by_id(*pairs: Pair) -> list[str]:
    return [value.path for value in sorted(pairs, key=lambda value: value.id)]


ADDED = [pair(f"added {number}", Due.ADD, 10) for number in range(5)]
REMOVED = [pair(f"removed {number}", Due.REMOVE) for number in range(3)]
IDLE = [pair(f"idle {number}") for number in range(2)]


def test_documents_are_found_by_a_value_in_the_order_of_their_ids(documents: Documents) -> None:
    create(documents, *ADDED, *REMOVED, *IDLE)
    assert paths(documents.find(of_pairs.new_pairs("calls"))) == by_id(*ADDED)


def test_documents_are_found_by_any_of_several_values_in_the_order_of_their_ids(documents: Documents) -> None:
    create(documents, *ADDED, *REMOVED, *IDLE)
    assert paths(documents.find(of_pairs.due_pairs("calls"))) == by_id(*ADDED, *REMOVED)


def test_all_conditions_must_hold(documents: Documents) -> None:
    create(documents, *ADDED, *IDLE)
    wanted: Query[Pair] = Query(Pair, ("datasets", "calls", "pairs"), (("due", Due.ADD), ("path", "added 3")))
    assert paths(documents.find(wanted)) == ["added 3"]


def test_nothing_is_found_in_a_collection_that_has_nothing(documents: Documents) -> None:
    assert documents.find(of_pairs.new_pairs("calls")) == []
    assert documents.count(of_pairs.new_pairs("calls"), up_to=5) == 0


def test_a_collection_is_one_datasets_alone(documents: Documents) -> None:
    create(documents, *ADDED, pair("x", Due.ADD, 1, dataset="other"))
    assert paths(documents.find(of_pairs.new_pairs("other"))) == ["x"]


def test_what_was_found_can_be_replaced(documents: Documents) -> None:
    create(documents, *ADDED)
    for found in documents.find(of_pairs.new_pairs("calls")):
        documents.commit(Replace(found, found.value.taken_into("r000001", NOW)))
    assert documents.find(of_pairs.new_pairs("calls")) == []
    assert documents.count(of_pairs.taken_pairs("calls", "r000001"), up_to=100) == len(ADDED)


def test_no_more_are_found_than_were_asked_for(documents: Documents) -> None:
    create(documents, *ADDED)
    assert paths(documents.find(of_pairs.new_pairs("calls"), limit=2)) == by_id(*ADDED)[:2]


@pytest.mark.parametrize("query", [of_pairs.new_pairs("calls"), of_pairs.due_pairs("calls")])
def test_pages_walk_through_all_of_them_once(documents: Documents, query: Query[Pair]) -> None:
    create(documents, *ADDED, *REMOVED, *IDLE)
    walked: list[Versioned[Pair]] = []
    while page := documents.find(query, limit=2, after=walked[-1].key if walked else None):
        walked += page
    assert paths(walked) == paths(documents.find(query))


def test_a_page_goes_on_behind_a_document_that_is_no_longer_there(documents: Documents) -> None:
    create(documents, *ADDED)
    first, *rest = documents.find(of_pairs.new_pairs("calls"))
    documents.commit(Delete(first.key))
    assert documents.find(of_pairs.new_pairs("calls"), after=first.key) == rest


def test_an_order_is_by_its_field_and_then_by_id(documents: Documents) -> None:
    early = [pair(f"early {number}", Due.ADD, 3) for number in range(4)]
    create(documents, *ADDED, *early)
    assert paths(documents.find(of_pairs.oldest_new_pairs("calls"))) == by_id(*early) + by_id(*ADDED)


CHANGED = [replace(pair(f"changed {number}"), changed_minute=10 + number % 3) for number in range(9)]


def in_order(*pairs: Pair) -> list[str]:
    return [value.path for value in sorted(pairs, key=lambda value: (value.changed_minute, value.id))]


@pytest.mark.parametrize("minute", [0, 10, 11, 12])
def test_an_order_begins_at_a_value(documents: Documents, minute: int) -> None:
    create(documents, *CHANGED)
    since = [value for value in CHANGED if value.changed_minute >= minute]
    assert paths(documents.find(of_pairs.changed_pairs("calls", minute))) == in_order(*since)
    assert documents.count(of_pairs.changed_pairs("calls", minute), up_to=100) == len(since)


def test_nothing_is_found_where_all_is_less(documents: Documents) -> None:
    create(documents, *CHANGED)
    assert documents.find(of_pairs.changed_pairs("calls", 13)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 10])
def test_an_order_that_begins_at_a_value_is_walked_in_pages_through_equals(documents: Documents, size: int) -> None:
    create(documents, *CHANGED)
    walked: list[Versioned[Pair]] = []
    while page := documents.find(
        of_pairs.changed_pairs("calls", walked[-1].value.changed_minute if walked else 10),
        limit=size,
        after=walked[-1].key if walked else None,
    ):
        assert len(page) <= size
        walked += page
    assert paths(walked) == in_order(*CHANGED)


def test_a_walk_in_order_goes_on_behind_a_document_that_has_moved_on(documents: Documents) -> None:
    create(documents, *CHANGED)
    first, second, *rest = documents.find(of_pairs.changed_pairs("calls", 10))
    documents.commit(Replace(second, replace(second.value, changed_minute=99)))
    found = documents.find(of_pairs.changed_pairs("calls", 10), after=second.key)
    assert paths(found) == [*paths(rest), second.value.path]
    assert first.value.changed_minute == 10


def test_an_order_without_a_value_to_begin_at_cannot_be_continued(documents: Documents) -> None:
    with pytest.raises(ValueError, match="order"):
        documents.find(of_runs.newest_runs("calls"), after=of_runs.run("calls", 1))


def test_the_newest_run_comes_first(documents: Documents) -> None:
    runs = [run.opened("calls", number, 100, NOW) for number in (2, 11, 1)]
    documents.commit(*(Create(of_runs.run("calls", opened.number), opened) for opened in runs))
    assert [found.value.number for found in documents.find(of_runs.newest_runs("calls"))] == [11, 2, 1]
    assert [found.value.number for found in documents.find(of_runs.newest_runs("calls"), limit=1)] == [11]


def test_a_group_is_every_collection_of_that_name(documents: Documents) -> None:
    over: Run = replace(run.opened("calls", 1, 100, NOW), active=False)
    runs = [over, run.opened("calls", 2, 100, NOW), run.opened("interviews", 1, 100, NOW)]
    documents.commit(*(Create(of_runs.run(opened.dataset, opened.number), opened) for opened in runs))
    found = documents.find(of_runs.all_active_runs())
    assert [(versioned.value.dataset, versioned.value.number) for versioned in found] == [
        ("calls", 2),
        ("interviews", 1),
    ]
    assert [versioned.key for versioned in found] == [of_runs.run("calls", 2), of_runs.run("interviews", 1)]


def test_what_lies_below_a_document_does_not_make_it(documents: Documents) -> None:
    create(documents, A)
    assert documents.find(of_datasets.configured_datasets()) == []


@pytest.mark.parametrize(("up_to", "counted"), [(1, 1), (4, 4), (5, 5), (100, 5)])
def test_a_count_goes_no_further_than_it_was_asked_to(documents: Documents, up_to: int, counted: int) -> None:
    create(documents, *ADDED, *REMOVED)
    assert documents.count(of_pairs.new_pairs("calls"), up_to=up_to) == counted


def test_a_list_is_found_by_what_it_has(documents: Documents) -> None:
    for name, held in (("a", ("x", "y")), ("b", ("y",)), ("c", ())):
        documents.commit(Create(Key(RawDocument, ("things", name)), RawDocument({"held": list(held)})))
    query = Query(RawDocument, ("things",), (("held", Contains("y")),))
    assert [found.key.path[-1] for found in documents.find(query)] == ["a", "b"]
    assert documents.count(Query(RawDocument, ("things",), (("held", Contains("z")),)), up_to=5) == 0


def test_documents_of_every_collection_of_a_name_can_be_walked_by_where_they_lie(documents: Documents) -> None:
    places = [("datasets", dataset, "pairs", name) for dataset in ("a", "a-b", "ä") for name in ("0", "v")]
    for place in places:
        documents.commit(Create(Key(RawDocument, place), RawDocument({"x": 1})))
    seen, after = [], None
    while found := documents.find(Query(RawDocument, ("pairs",), group=True), limit=1, after=after):
        seen.append(found[0].key.path[1])
        after = Key(RawDocument, ("datasets", seen[-1], "pairs", "~"))
    assert seen == ["a", "a-b", "ä"]
