"""What can be counted of attune's cost is what is on record, and no function imports more than it has use for."""

import pytest

from attune.services.manifests import of_pairs
from bench import gate
from bench.cold import FUNCTIONS, VERTEX, opened, quiet_events
from bench.opening import Opened
from bench.planted import planted
from service.scenes import drop
from service.theatre import Stage

PUBSUB = "google.cloud.pubsub_v1"
HEARING = {"numpy", "soundfile"}  # what a recording is decoded with


def after(function: str) -> Opened:
    """What a function has imported when it has handled a quiet event."""
    return next(found for found in quiet_events() if found.function == function)


def test_every_figure_that_can_be_counted_is_the_one_on_record() -> None:
    said = gate.verdict(gate.figures(), gate.recorded())
    assert said is None, said


def test_what_grew_is_told_with_the_way_to_renew_the_record() -> None:
    said = gate.verdict({"a pair": {"calls": 12}}, {"a pair": {"calls": 11}})
    assert said is not None
    assert said.startswith("a pair: calls grew from 11 to 12.\nIf that is meant, ")
    assert gate.RENEW in said


def test_what_fell_is_to_be_recorded_too() -> None:
    said = gate.verdict({"a pair": {"calls": 10}}, {"a pair": {"calls": 11}})
    assert said is not None
    assert said.startswith("a pair: calls fell from 11 to 10.\nNothing grew. Renew the record")


def test_what_is_counted_for_the_first_time_is_to_be_recorded() -> None:
    assert list(gate.differences({"a pair": {"calls": 1}}, {})) == ["a pair: calls grew from 0 to 1."]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_quiet_event_imports_nothing_beside_the_libraries_that_every_function_needs(function: str) -> None:
    bare = after("bare")
    more = set(after(function).packages) - set(bare.packages)
    assert more == (HEARING if function == "ingest" else set())


@pytest.mark.parametrize("function", ["bare", *FUNCTIONS])
def test_no_client_of_vertex_ai_and_none_of_pubsub_is_imported_before_it_is_needed(function: str) -> None:
    assert not {*VERTEX, PUBSUB} & set(after(function).packages)


@pytest.mark.thorough
def test_the_library_of_vertex_ai_would_be_seen_if_it_were_imported() -> None:
    (found,) = opened("asking", "watch")
    assert "google.cloud.aiplatform_v1" in found.packages


def test_a_planted_pair_is_what_its_events_and_its_cut_would_have_left() -> None:
    """All but its recording, of which it has none, and the numbers that count up over the bucket."""
    ground = planted(3)
    real = Stage(threshold=1)
    drop(real, "planted/000000", text=b"it says planted 000000")
    by_events = real.pair("planted/000000")
    first, other = ground.pair("planted/000000"), ground.pair("planted/000002")
    assert first.audio.name == by_events.audio.name
    assert first.row == by_events.row
    assert other.id == of_pairs.pair("d", other.id).path[-1]
    assert (other.state, other.halves, other.taken_by) == (first.state, first.halves, first.taken_by)
    assert other.row.size == first.row.size
    assert other.taken.row == other.row
    assert other.row.crc32c == ground.store.live[other.row.name].crc32c
