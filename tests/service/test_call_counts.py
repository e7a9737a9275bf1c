"""What one pair costs in remote calls, and that it does not depend on how many came before."""

from collections import Counter

import pytest

from service.scenes import drop, fill, sound
from service.theatre import Stage
from thoroughness import tries

MOST = 11


def cost(row_format: str, before: int) -> Counter[str]:
    """The calls that both events of one more accepted pair make together."""
    stage = Stage()
    stage.write_settings(threshold=10_000, row_format=row_format)
    fill(stage, before)
    stage.calls.clear()
    drop(stage, "one more")
    return Counter(stage.calls)


@pytest.mark.parametrize("row_format", ["file_uri", "inline_data"])
def test_an_accepted_pair_costs_at_most_so_many_calls(row_format: str) -> None:
    calls = cost(row_format, 1)
    assert calls.total() <= MOST
    assert calls["objects.put"] == (2 if row_format == "file_uri" else 1)
    assert calls["intake.read"] == 2
    assert calls["documents.commit"] <= 3


@pytest.mark.parametrize("row_format", ["file_uri", "inline_data"])
def test_a_pair_costs_the_same_after_ten_and_after_hundreds(row_format: str) -> None:
    assert cost(row_format, 10) == cost(row_format, tries(120, 3_000))


def test_a_half_that_waits_costs_one_call() -> None:
    stage = Stage()
    stage.ingest(stage.upload("d/a.wav", sound("a")))
    assert stage.calls == ["documents.commit"]


def test_a_duplicate_reads_no_object_and_costs_at_most_four_calls() -> None:
    stage = Stage(threshold=100)
    arrivals = [stage.upload("d/a.wav", sound("a")), stage.upload("d/a.txt", b"hello")]
    for arrival in arrivals:
        stage.ingest(arrival)
    stage.calls.clear()
    stage.ingest(arrivals[0])
    assert len(stage.calls) <= 4
    assert stage.calls.count("documents.commit") == 1
    assert not [call for call in stage.calls if call.startswith(("intake", "objects"))]


def test_what_is_ignored_costs_nothing() -> None:
    stage = Stage()
    stage.ingest(stage.upload("d/readme.md", b"# hello"))
    assert stage.calls == []
