"""That the bill counts what is asked for, and multiplies as it says."""

import pytest

from attune.domain.row import RowFormat
from attune.ports import Create, Key, Query, RawDocument
from attune_local.twins.documents import MemoryDocuments
from bench.bill import Prices, events_usd, instances_usd, rewritten, services_usd
from bench.scale.trace import Call, Cost, Metered, meeting_points, total, traced, traces


def metered() -> tuple[Metered, list[Call]]:
    met: list[Call] = []
    return Metered(MemoryDocuments(), "documents", met.append), met


def raw(number: int) -> Key[RawDocument]:
    return Key(RawDocument, ("things", f"{number:05}"))


def test_a_query_is_billed_for_what_it_returns_and_for_one_where_it_returns_nothing() -> None:
    documents, met = metered()
    everything = Query(RawDocument, ("things",))
    documents.find(everything)
    for number in range(3):
        documents.commit(Create(raw(number), RawDocument({})))
    documents.find(everything)
    assert [call.cost.reads for call in met if call.name == "documents.find"] == [1, 3]


@pytest.mark.parametrize(("there", "reads"), [(0, 1), (1, 1), (1_000, 1), (1_001, 2)])
def test_a_count_is_billed_a_read_for_a_thousand_index_entries(there: int, reads: int) -> None:
    documents, met = metered()
    documents.commit(*(Create(raw(number), RawDocument({})) for number in range(there)))
    documents.count(Query(RawDocument, ("things",)), 5_000)
    assert met[-1].cost.reads == reads


def test_a_document_that_is_not_there_is_billed_as_read() -> None:
    documents, met = metered()
    assert documents.get(raw(1)) is None
    documents.get_all([raw(1), raw(2)])
    assert total(met).reads == 3


def test_the_dollars_are_counts_times_prices() -> None:
    cost = Cost(reads=100_000, writes=100_000, deletes=100_000, class_a=1_000, class_b=1_000)
    assert services_usd(cost) == pytest.approx(0.03 + 0.09 + 0.01 + 0.005 + 0.0004)
    assert instances_usd(1) == pytest.approx(0.000024 + 2 * 0.0000025)
    assert events_usd(1) == pytest.approx(0.0000004 + 0.0000004 + 4_000 * 40 / 2**40)


def test_every_price_says_where_it_stands_and_how_it_was_seen() -> None:
    for name in Prices.__slots__:
        price = getattr(Prices(), name)
        assert price.source.startswith("https://")
        assert price.seen


def test_one_growing_file_is_written_in_the_square_of_its_rows() -> None:
    assert rewritten(10, 4) == sum(10 * rows for rows in range(1, 5))


@pytest.mark.parametrize("row_format", RowFormat)
def test_a_pairs_trace_has_its_recording_read_once_and_stored_once(row_format: RowFormat) -> None:
    trace = traced(row_format.value, before=1)
    cost = total(trace.calls)
    assert (cost.class_b, cost.class_a) == (2, 2 if row_format is RowFormat.FILE_URI else 1)
    assert trace.audio_bytes < cost.bytes_in < 1.1 * trace.audio_bytes
    assert trace.row_bytes > trace.audio_bytes or row_format is RowFormat.FILE_URI


def test_a_trace_is_the_same_each_time_it_is_recorded() -> None:
    assert traced("file_uri", before=1) == traced("file_uri", before=1)


def test_pairs_write_no_document_and_no_object_of_each_others() -> None:
    assert meeting_points(traces("file_uri", 1, 3)) == set()


def test_a_document_that_two_pairs_write_is_a_meeting_point() -> None:
    trace = traced("file_uri", before=1)
    assert meeting_points([trace, trace])
