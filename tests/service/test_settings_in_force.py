"""Settings as people write them: what is in force, and what is said of what cannot be."""

from typing import Any

import orjson
import pytest

from attune.domain.pair import PairState
from attune.domain.run import RunState
from attune.ports import Create, Delete, RawDocument
from attune.services.manifests import of_datasets
from attune.services.settings import settings_in_force
from service.scenes import Good, dies_at, drop, fill, only_run, sound, told, watch_until, write_defaults
from service.theatre import Stage, naive_row

BAD = {"threshold": "many"}


def errors(stage: Stage) -> tuple[str, ...]:
    found = stage.documents.get(of_datasets.state(stage.dataset))
    return found.value.errors if found else ()


def without_own_settings(stage: Stage) -> Stage:
    stage.documents.commit(Delete(of_datasets.own_settings(stage.dataset)))
    return stage


def test_a_dataset_nobody_has_set_starts_under_the_defaults() -> None:
    stage = without_own_settings(Stage())
    write_defaults(stage, threshold=2)
    fill(stage, 2)
    assert only_run(stage).threshold == 2


def test_with_nothing_written_at_all_a_hundred_pairs_start_a_run() -> None:
    stage = without_own_settings(Stage())
    assert settings_in_force("d", stage.documents, stage.now).threshold == 100


def test_a_datasets_own_settings_lie_over_the_defaults() -> None:
    stage = Stage()
    stage.write_settings(threshold=3)
    write_defaults(stage, threshold=9, epochs=2)
    found = settings_in_force("d", stage.documents, stage.now)
    assert (found.threshold, found.epochs) == (3, 2)


def test_a_bad_edit_leaves_the_last_good_settings_in_force() -> None:
    stage = Stage()
    stage.write_settings(threshold=3, prompt="Write it down.")
    drop(stage, "a")
    stage.write_settings(**BAD)
    assert settings_in_force("d", stage.documents, stage.now).prompt == "Write it down."
    fill(stage, 2)
    assert only_run(stage).threshold == 3
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING


def test_a_bad_edit_never_stops_intake() -> None:
    stage = Stage()
    stage.write_settings(**BAD)
    drop(stage, "a")
    assert stage.pair("a").state is PairState.ACCEPTED


def test_a_bad_edit_is_written_where_the_person_looks_and_announced_once() -> None:
    stage = Stage()
    stage.watch()
    stage.write_settings(**BAD)
    for _ in range(3):
        stage.watch()
    assert len(errors(stage)) == 1
    assert errors(stage)[0].startswith("threshold: ")
    assert [message.data["errors"] for message in told(stage, "invalid")] == [errors(stage)]


def test_another_bad_edit_is_announced_again() -> None:
    stage = Stage()
    for written in (BAD, {"epochs": 0}):
        stage.write_settings(**written)
        stage.watch()
        stage.watch()
    assert len({message.id for message in told(stage, "invalid")}) == len(told(stage, "invalid")) == 2
    assert errors(stage)[0].startswith("epochs: ")


def test_mending_an_edit_takes_its_errors_away() -> None:
    stage = Stage()
    stage.write_settings(**BAD)
    stage.watch()
    stage.write_settings(threshold=7)
    stage.watch()
    assert errors(stage) == ()
    assert settings_in_force("d", stage.documents, stage.now).threshold == 7
    assert len(told(stage, "invalid")) == 1


def test_the_same_mistake_made_again_after_it_was_mended_is_told_again() -> None:
    stage = Stage()
    for written in (BAD, {"threshold": 7}, BAD):
        stage.write_settings(**written)
        stage.watch()
        stage.pass_time(60)
    assert errors(stage)
    assert len({message.id for message in told(stage, "invalid")}) == 2


def test_bad_defaults_are_told_to_a_dataset_that_has_nothing_else() -> None:
    stage = without_own_settings(Stage())
    write_defaults(stage, **BAD)
    drop(stage, "a")
    assert stage.pair("a").state is PairState.ACCEPTED
    stage.watch()
    assert [message.dataset for message in told(stage, "invalid")] == ["d"]
    assert errors(stage)[0].startswith("threshold: ")


def test_a_bad_edit_in_one_dataset_is_nothing_to_another() -> None:
    stage = Stage()
    stage.documents.commit(Create(of_datasets.own_settings("bad"), RawDocument(BAD)))
    stage.watch()
    assert errors(stage) == ()
    assert [message.dataset for message in told(stage, "invalid")] == ["bad"]


def test_an_announcement_that_a_crash_left_in_the_outbox_is_sent_by_the_next_tick() -> None:
    stage = Stage()
    stage.write_settings(**BAD)
    watch_until(stage, dies_at("post.publish"))
    assert told(stage, "invalid") == []
    assert stage.watch().sent == 1
    stage.watch()
    assert len(told(stage, "invalid")) == 1


def test_lowering_the_threshold_opens_a_run_without_a_new_file() -> None:
    stage = Stage(threshold=100)
    fill(stage, 5)
    stage.watch()
    assert stage.runs() == []
    stage.write_settings(threshold=5)
    assert stage.watch().opened == ["d/r000001"]


def test_what_a_run_does_is_decided_at_its_cut() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, prompt="Before.")
    fill(stage, 2)
    stage.write_settings(threshold=2, prompt="At the cut.", epochs=3)
    stage.launch()
    stage.write_settings(threshold=2, prompt="After.", epochs=9)
    stage.settle()
    recipe = only_run(stage).recipe
    assert recipe is not None
    assert (recipe.prompt, recipe.epochs) == ("At the cut.", 3)
    assert b"At the cut." in stage.file(only_run(stage), "train")
    assert [record.job.request.epochs for record in stage.engine.jobs()] == [3]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"row_format": "inline_data"}, {"row_format": "inline_data", "prompt": "Anew."}),
        ({"row_format": "file_uri"}, {"row_format": "file_uri", "prompt": "Anew.", "system_instruction": "Be brief."}),
        ({"row_format": "inline_data"}, {"row_format": "file_uri"}),
        ({"row_format": "file_uri"}, {"row_format": "inline_data"}),
        ({"row_format": "inline_data", "system_instruction": "Be brief."}, {"row_format": "inline_data"}),
    ],
    ids=["prompt, inline", "prompt, uri", "to uri", "to inline", "system instruction gone"],
)
def test_a_change_of_template_restates_every_row_of_the_next_run_as_if_it_were_new(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    stage, fresh = Stage(), Stage()
    stage.write_settings(threshold=40, **before)
    good = fill(stage, 40)
    stage.settle()
    good |= fill(stage, 3, "between")
    stage.write_settings(threshold=5, **after)
    good |= fill(stage, 2, "after")
    stage.settle()
    fresh.write_settings(threshold=45, **after)
    _drop_all(fresh, good)
    fresh.settle()
    for name in ("train", "validation"):
        assert stage.file(stage.runs()[-1], name) == fresh.file(only_run(fresh), name)
        assert stage.file(only_run(fresh), name)
    assert _lines_without_generations(stage) == _lines_without_generations(fresh)


def test_switching_there_and_back_gives_the_first_rows_again() -> None:
    stage = Stage()
    for row_format, name in (("inline_data", "a"), ("file_uri", "b"), ("inline_data", "c")):
        stage.write_settings(threshold=2, row_format=row_format, validation_fraction=0)
        fill(stage, 2, name)
        stage.settle()
    first, last = stage.file(stage.runs()[0], "train"), stage.file(stage.runs()[-1], "train")
    assert set(first.splitlines()) < set(last.splitlines())
    assert naive_row(*_said("c0")) in last


def _said(path: str) -> tuple[bytes, str]:
    return sound(path), f"it says {path[0]} {path[1:]}"


def _drop_all(stage: Stage, good: Good) -> None:
    for path, (audio, text) in good.items():
        drop(stage, path, audio, text.encode())


def _lines_without_generations(stage: Stage) -> list[tuple[object, ...]]:
    lines = [orjson.loads(line) for line in stage.file(stage.runs()[-1], "manifest").splitlines()]
    return [(line["pair"], line["row"], line["split"], line["seconds"], line["tokens"]) for line in lines]
