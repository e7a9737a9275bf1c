"""What an alias stands for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from attune.domain.alias import Served, first

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ONE = Served("d", "r000001", 1, NOW, "endpoints/1", "models/1")
TWO = Served("d", "r000002", 2, LATER, "endpoints/2", "models/2")


def test_within_a_dataset_the_higher_number_is_newer() -> None:
    assert TWO.is_newer_than(ONE)
    assert not ONE.is_newer_than(TWO)
    assert replace(TWO, opened_at=NOW).is_newer_than(ONE)


def test_a_run_is_not_newer_than_itself() -> None:
    assert not ONE.is_newer_than(ONE)


def test_between_datasets_the_one_opened_later_is_newer() -> None:
    other = replace(ONE, dataset="e", number=9)
    assert not other.is_newer_than(TWO)
    assert TWO.is_newer_than(other)


def test_a_new_alias_stands_for_its_first_run() -> None:
    alias = first("d", ONE, NOW)
    assert (alias.serial, alias.current, alias.previous) == (1, ONE, None)


def test_every_move_counts_and_remembers_what_was_there() -> None:
    alias = first("d", ONE, NOW).moved_to(TWO, LATER)
    assert (alias.name, alias.serial, alias.current, alias.previous, alias.moved_at) == ("d", 2, TWO, ONE, LATER)
    back = alias.moved_to(ONE, LATER)
    assert (back.serial, back.current, back.previous) == (3, ONE, TWO)


def test_an_alias_that_went_back_remembers_the_newest_it_ever_stood_for() -> None:
    back = first("d", ONE, NOW).moved_to(TWO, LATER).moved_to(ONE, LATER)
    assert back.newest == TWO
    assert not back.lets_in(TWO)
    assert back.lets_in(replace(TWO, number=3))


def test_an_alias_of_an_older_version_lets_in_what_is_newer_than_its_current_run() -> None:
    older = replace(first("d", TWO, NOW), newest=None)
    assert not older.lets_in(TWO)
    assert older.lets_in(replace(TWO, number=3))
    assert older.moved_to(ONE, LATER).newest == TWO
