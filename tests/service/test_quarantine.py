"""What the service left out of a run is out of the next one, with its reason, until the file is another."""

from __future__ import annotations

from typing import Any

from attune.domain.pair import Due, PairState
from attune.domain.run import RunState
from attune.services.ingest import Outcome
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import dies_at, drop, fill, only_run, watch_until
from service.theatre import Stage, wav


def dropping(count: int = 1) -> Stage:
    """A stage whose first run's job leaves rows out."""
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, row_format="inline_data")
    stage.engine.misbehave(Mischief(Kind.DROP_ROWS, indices=tuple(range(1, count + 1))))
    fill(stage, 4)
    return stage


def left_out(stage: Stage) -> list[Any]:
    return [pair for pair in stage.pairs() if pair.state is PairState.REJECTED]


def test_a_row_that_the_service_left_out_is_traced_to_its_pair_and_refused_with_its_reason() -> None:
    stage = dropping()
    stage.settle()
    (pair,) = left_out(stage)
    (reason,) = pair.reasons
    (dropped,) = only_run(stage).dropped
    assert (pair.path, reason.code) == (dropped.path, "service_dropped")
    assert dropped.reason in reason.sentence
    assert "r000001" in reason.sentence
    assert pair.due is Due.REMOVE


def test_it_is_out_of_the_next_run() -> None:
    stage = dropping(2)
    stage.settle()
    out = {pair.path for pair in left_out(stage)}
    assert len(out) == 2
    fill(stage, 4, "more")
    stage.settle()
    last = stage.runs()[-1]
    assert last.state is RunState.PROMOTED
    assert last.train.rows == 6
    manifest = stage.file(last, "manifest").decode()
    assert not [path for path in out if f'"pair":"{path}"' in manifest]


def test_the_same_files_uploaded_again_stay_out_and_better_ones_come_in() -> None:
    stage = dropping()
    stage.settle()
    (pair,) = left_out(stage)
    same = stage.intake.live[f"d/{pair.path}.wav"].data
    assert stage.ingest(stage.upload(f"d/{pair.path}.wav", same)).outcome is Outcome.REJECTED
    assert [reason.code for reason in stage.pair(pair.path).reasons] == ["service_dropped"]
    assert stage.ingest(stage.upload(f"d/{pair.path}.wav", wav(seed=4711))).outcome is Outcome.ACCEPTED


def test_a_pair_that_was_replaced_since_the_cut_is_left_alone() -> None:
    stage = dropping()
    stage.launch()
    first = min(stage.pairs(), key=lambda pair: pair.id)
    stage.ingest(stage.upload(f"d/{first.path}.wav", wav(seed=4711)))
    stage.settle()
    assert [dropped.path for dropped in only_run(stage).dropped] == [first.path]
    assert stage.pair(first.path).state is PairState.ACCEPTED


def test_a_watcher_that_dies_on_the_way_leaves_the_rest_to_the_next() -> None:
    for nth in range(1, 4):
        stage = dropping(2)
        stage.launch()
        stage.pass_time(3600)
        watch_until(stage, dies_at("documents.commit", nth, after=True))
        stage.settle()
        assert len(left_out(stage)) == 2
        assert only_run(stage).state is RunState.PROMOTED
        assert len(only_run(stage).dropped) == 2


def test_a_quarantined_pair_opens_no_run_by_itself() -> None:
    stage = dropping()
    stage.settle()
    stage.write_settings(threshold=1, validation_fraction=0, row_format="inline_data")
    stage.settle()
    assert len(stage.runs()) == 1
    drop(stage, "another")
    stage.settle()
    assert stage.runs()[-1].train.rows == 4
