"""Once an hour the watch tells how long halves have waited, the alias has stood still, and no ledger was closed."""

from datetime import timedelta

from attune.ports import Create
from attune.services.census import Census
from attune.services.manifests import of_sweeps
from attune.services.manifests.of_sweeps import Sweep
from service.scenes import fill, sound
from service.theatre import Stage

HOUR = 3600.0


def censuses(stage: Stage) -> list[Census]:
    """What one tick takes."""
    found: list[Census] = stage.watch().censuses
    return found


def test_it_tells_how_long_the_oldest_half_has_waited() -> None:
    stage = Stage(threshold=100)
    fill(stage, 1)
    stage.ingest(stage.upload("d/alone.wav", sound("alone")))
    stage.pass_time(1.5 * HOUR)
    stage.ingest(stage.upload("d/later.wav", sound("later")))
    stage.pass_time(HOUR)
    assert censuses(stage) == [Census("d", oldest_waiting_hours=2.5, promoted_days_ago=None, ledger_hours_ago=None)]


def test_it_tells_since_when_the_alias_stands_still() -> None:
    stage = Stage(threshold=2)
    fill(stage, 2)
    stage.settle()
    moved = stage.runs()[0].changed_at
    stage.pass_time(48 * HOUR)
    (census,) = censuses(stage)
    assert census.oldest_waiting_hours is None
    assert census.promoted_days_ago == round((stage.now - moved).total_seconds() / 86_400, 2)


def test_it_tells_how_long_ago_the_last_pass_closed_its_ledgers() -> None:
    stage = Stage(threshold=100)
    fill(stage, 1)
    told = []
    for _ in range(27):
        told += [census.ledger_hours_ago for census in censuses(stage)]
        stage.pass_time(HOUR)
    assert told == [None, *(float(hour) for hour in range(1, 25)), 1.0, 2.0]  # the tick's own pass comes behind it


def test_a_pass_that_does_not_come_to_its_end_is_as_old_as_its_beginning() -> None:
    stage = Stage(threshold=100)
    fill(stage, 1)
    stage.documents.commit(Create(of_sweeps.sweep(), Sweep(7, stage.now - timedelta(hours=50))))
    (census,) = censuses(stage)
    assert census.ledger_hours_ago == 50.0


def test_it_is_taken_once_an_hour() -> None:
    stage = Stage(threshold=100)
    fill(stage, 1)
    assert len(censuses(stage)) == 1
    assert censuses(stage) == []
    stage.pass_time(HOUR)
    assert len(censuses(stage)) == 1


def test_an_edit_of_the_settings_does_not_take_it_again() -> None:
    stage = Stage(threshold=100)
    fill(stage, 1)
    assert len(censuses(stage)) == 1
    stage.write_settings(threshold=50)
    assert censuses(stage) == []
