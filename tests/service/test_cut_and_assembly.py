"""From an opened run to its files: which pairs are in them, in which order, and what it takes to make them."""

import random
from collections.abc import Callable

import orjson
import pytest

from attune import bootstrap
from attune.domain.names import pair_id
from attune.domain.pair import Due
from attune.domain.quality.words import words_digest
from attune.domain.run import Run, RunState
from attune.domain.split import Split, split_of
from attune.errors import BusyError
from attune.ports import Delete
from attune.services.manifests import of_aliases, of_pairs
from attune_local.vertex.mischief import Kind, Mischief
from service.scenes import Good, another_run, dies_at, drop, fill, launch_until, only_run, told
from service.theatre import Stage, naive_files
from thoroughness import tries

INLINE = {"row_format": "inline_data"}


def rows_of(run: Run) -> int:
    return sum(file.rows for file in (run.train, run.validation) if file)


def check_files(stage: Stage, run: Run, good: Good, fraction: float = 0.1) -> None:
    expected = naive_files(stage.dataset, good, fraction)
    assert stage.file(run, "train") == expected["train"]
    assert stage.file(run, "validation") == expected["validation"]


# --- the files --------------------------------------------------------------------------------------------------


def test_the_files_are_those_of_a_plain_loop_over_the_pairs() -> None:
    stage = Stage()
    stage.write_settings(threshold=70, **INLINE)
    good = fill(stage, 70)
    stage.launch()
    check_files(stage, only_run(stage), good)


def test_the_order_of_arrival_and_of_runs_leaves_no_trace_in_the_files() -> None:
    stages = [Stage(), Stage()]
    good = fill(Stage(threshold=1000), 60)
    for stage, threshold in zip(stages, (60, 20), strict=True):
        stage.write_settings(threshold=threshold)
        paths = sorted(good)
        random.Random(threshold).shuffle(paths)  # noqa: S311 - an order of arrival
        for path in paths:
            drop(stage, path, good[path][0], good[path][1].encode())
            stage.launch()
    once, thrice = stages
    assert [len(once.runs()), len(thrice.runs())] == [1, 3]
    for name in ("train", "validation"):
        assert once.file(once.runs()[-1], name) == thrice.file(thrice.runs()[-1], name) != b""


def test_the_manifest_tells_of_every_row_in_the_files_order_what_it_was_made_of() -> None:
    stage = Stage()
    stage.write_settings(threshold=40, **INLINE)
    fill(stage, 40)
    stage.launch()
    run = only_run(stage)
    lines = [orjson.loads(line) for line in stage.file(run, "manifest").splitlines()]
    rows = stage.file(run, "train").splitlines(keepends=True) + stage.file(run, "validation").splitlines(keepends=True)
    assert [stage.bucket.live[line["row"]].data for line in lines] == rows
    assert {line["pair"] for line in lines} == {f"clip{index}" for index in range(40)}
    for line in lines:
        pair = stage.pair(line["pair"])
        assert line["audio"] == {
            "name": pair.audio.name,
            "generation": pair.audio.generation,
            "sha256": pair.row.audio_sha256,
        }
        assert line["transcript"]["generation"] == pair.transcript.generation
        assert line["split"] == pair.split


def test_the_run_tells_what_is_in_its_files() -> None:
    stage = Stage()
    stage.write_settings(threshold=40, **INLINE)
    fill(stage, 40)
    stage.launch()
    run = only_run(stage)
    assert run.train
    assert run.validation
    assert run.manifest
    assert rows_of(run) == run.manifest.rows == run.pairs_taken == 40
    assert run.train.uri == "gs://datasets/runs/d/r000001/train.jsonl"
    assert run.train.part.size == len(stage.file(run, "train"))
    assert run.train.rows == stage.file(run, "train").count(b"\n")
    assert run.train.seconds == pytest.approx(1.0 * run.train.rows)
    assert run.train.generation == stage.bucket.live[run.train.part.name].generation


def test_what_lies_in_the_bucket_is_checked_against_what_the_shards_make() -> None:
    stage = Stage(threshold=4)
    fill(stage, 4)
    stage.bucket.upload("runs/d/r000001/train.jsonl", b"something else\n")
    stage.launch()
    assert only_run(stage).state is RunState.FAILED
    assert "train.jsonl is not what its shards make" in str(only_run(stage).reason)
    assert stage.engine.jobs() == ()
    assert len(told(stage, "failed")) == 1


# --- what another run costs -------------------------------------------------------------------------------------


def test_a_run_that_adds_few_pairs_composes_only_what_they_fell_in() -> None:
    stage = Stage()
    stage.write_settings(threshold=300, **INLINE)
    good = fill(stage, 300)
    stage.settle()
    stage.write_settings(threshold=3, **INLINE)
    good |= fill(stage, 3, "more")
    stage.calls.clear()
    stage.launch()
    run = stage.runs()[-1]
    check_files(stage, run, good)
    added = [f"more{index}" for index in range(3)]
    splits = {split_of("d", path, 0.1) for path in added}
    leaves = {(split_of("d", path, 0.1), pair_id("d", path)[0]) for path in added}
    # A leaf's rows; for each side's root its rows and its lines; and the run's four files.
    assert stage.calls.count("objects.compose") <= len(leaves) + 2 * len(splits) + 4
    assert stage.calls.count("objects.put") <= len(leaves)
    assert stage.calls.count("objects.read") == 0


def test_a_run_costs_the_same_however_many_pairs_came_before() -> None:
    costs = []
    for before in (tries(120, 200), tries(240, 450)):
        stage = Stage()
        stage.write_settings(threshold=before, validation_fraction=0)
        fill(stage, before)
        stage.settle()
        stage.write_settings(threshold=1, validation_fraction=0)
        drop(stage, "one more")
        stage.calls.clear()
        stage.launch()
        costs.append(len(stage.calls))
    assert costs[0] == costs[1]


# --- the cut ----------------------------------------------------------------------------------------------------


def test_a_pair_that_changes_in_the_very_moment_of_the_cut_is_taken_as_it_is_then() -> None:
    stage = Stage()
    stage.write_settings(threshold=5, **INLINE)
    good = fill(stage, 5)
    overwritten = stage.upload("d/clip2.txt", b"corrected")
    gate = once_before("documents.commit", 2, lambda: stage.ingest(overwritten))
    bootstrap.launch(stage.ports(gate), stage.deployment)("d")
    good["clip2"] = (good["clip2"][0], "corrected")
    check_files(stage, only_run(stage), good)
    assert {pair.due for pair in stage.pairs()} == {Due.NOTHING}


def test_a_pair_that_arrives_after_the_cut_belongs_to_the_next_run() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, **INLINE)
    good = fill(stage, 4)
    gate = once_before("objects.put", 1, lambda: fill(stage, 4, "late"))
    bootstrap.launch(stage.ports(gate), stage.deployment)("d")
    check_files(stage, stage.runs()[0], good)
    assert [pair.taken_by for pair in stage.pairs()].count("r000001") == 4
    stage.launch()
    assert [pair.taken_by for pair in stage.pairs()].count("r000002") == 4


def test_a_run_is_cancelled_when_no_pair_is_left_to_take() -> None:
    stage = Stage(threshold=2)
    fill(stage, 2)
    for pair in stage.pairs():
        stage.documents.commit(Delete(of_pairs.pair("d", pair.id)))
    stage.launch()
    assert only_run(stage).state is RunState.CANCELLED
    assert [message.data["reason"] for message in told(stage, "cancelled")] == [only_run(stage).reason]
    assert stage.engine.jobs() == ()


def test_a_run_is_cancelled_when_every_pair_that_opened_it_was_refused_since() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, validation_fraction=0)
    fill(stage, 2)
    for index in range(2):
        stage.ingest(stage.upload(f"d/clip{index}.wav", b"broken"))
    stage.launch()
    assert only_run(stage).state is RunState.CANCELLED


def test_a_run_that_failed_before_its_files_were_made_leaves_its_pairs_to_the_next() -> None:
    stage = Stage()
    stage.write_settings(threshold=3, validation_fraction=0, **INLINE)
    good = fill(stage, 3)
    gone = stage.bucket.live.pop(stage.pair("clip0").row.name)
    stage.launch()
    assert only_run(stage).state is RunState.FAILED
    assert only_run(stage).pairs_taken == 3
    stage.bucket.live[stage.pair("clip0").row.name] = gone
    good |= fill(stage, 3, "more")
    stage.launch()
    check_files(stage, stage.runs()[-1], good, 0)


def test_a_pair_whose_row_was_lost_is_repaired_by_uploading_it_again() -> None:
    stage = Stage()
    stage.write_settings(threshold=3, validation_fraction=0, **INLINE)
    good = fill(stage, 3)
    del stage.bucket.live[stage.pair("clip0").row.name]
    stage.launch()
    assert only_run(stage).state is RunState.FAILED
    good["clip0"] = (good["clip0"][0], "said again")
    stage.ingest(stage.upload("d/clip0.txt", b"said again"))
    good |= fill(stage, 2, "more")
    stage.launch()
    check_files(stage, stage.runs()[-1], good, 0)


# --- crashes and time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["documents.commit", "objects.compose", "objects.put"])
@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("after", [False, True])
def test_a_launcher_that_dies_anywhere_is_resumed_to_the_same_files(call: str, nth: int, *, after: bool) -> None:
    stage = Stage()
    stage.write_settings(threshold=40, **INLINE)
    good = fill(stage, 40)
    launch_until(stage, dies_at(call, nth, after=after))
    stage.pass_time(601)
    stage.settle()
    check_files(stage, only_run(stage), good)
    assert only_run(stage).state is RunState.PROMOTED
    assert len(stage.engine.jobs()) == 1


def test_more_than_one_call_can_do_is_done_by_the_next() -> None:
    stage = Stage()
    stage.write_settings(threshold=300, **INLINE)
    good = fill(stage, 300)

    def slowly(_call: str) -> Callable[[], None]:
        stage.pass_time(10)
        return lambda: None

    with pytest.raises(BusyError, match="the work goes on where it stands"):
        bootstrap.launch(stage.ports(slowly), stage.deployment)("d")
    assert only_run(stage).state is RunState.CUT
    stage.launch()
    check_files(stage, only_run(stage), good)


# --- sharding ahead ---------------------------------------------------------------------------------------------


def test_pairs_are_sharded_ahead_of_the_cut_and_a_launch_has_little_left() -> None:
    ahead, late = Stage(), Stage()
    for stage in (ahead, late):
        stage.write_settings(threshold=401, validation_fraction=0, **INLINE)
        fill(stage, 200)
    assert ahead.watch().sharded == 200
    for stage in (ahead, late):
        fill(stage, 200, "more")
    assert ahead.watch().sharded == 400
    for stage in (ahead, late):
        drop(stage, "last")
        stage.calls.clear()
        stage.launch()
    assert ahead.file(only_run(ahead), "train") == late.file(only_run(late), "train")
    composed = [stage.calls.count("objects.compose") for stage in (ahead, late)]
    # The last pair's leaf, the root's rows and lines, and the run's train.jsonl and manifest.jsonl.
    assert composed[0] == 5
    assert composed[1] > 32


def test_a_few_pairs_are_not_sharded_ahead_and_each_doubling_is_sharded_once() -> None:
    stage = Stage(threshold=1000)
    sharded = []
    for step in range(8):
        fill(stage, 20, f"step{step} ")
        sharded.append(stage.watch().sharded)
        sharded.append(stage.watch().sharded)
    assert sharded == [0, 0, 40, 0, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 160, 0]


def test_a_tick_that_has_no_more_time_leaves_the_rest_to_the_launch() -> None:
    stage = Stage()
    stage.write_settings(threshold=250, validation_fraction=0, **INLINE)
    good = fill(stage, 240)
    stage.seconds_a_look = 40
    sharded = stage.watch().sharded
    assert 0 < sharded < 240
    stage.seconds_a_look = 0
    assert stage.watch().sharded == 0
    good |= fill(stage, 10, "more")
    stage.launch()
    check_files(stage, only_run(stage), good, 0)


def test_what_was_sharded_ahead_and_refused_since_is_not_in_the_run() -> None:
    stage = Stage()
    stage.write_settings(threshold=50, validation_fraction=0, **INLINE)
    good = fill(stage, 40)
    assert stage.watch().sharded == 40
    stage.ingest(stage.upload("d/clip7.wav", b"broken"))
    del good["clip7"]
    good |= fill(stage, 11, "more")
    stage.launch()
    check_files(stage, only_run(stage), good, 0)


def test_what_arrives_while_a_cut_waits_to_be_assembled_is_kept_out_of_its_files() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, **INLINE)
    good = fill(stage, 4)
    launch_until(stage, dies_at("objects.compose"))
    assert only_run(stage).state is RunState.CUT
    stage.write_settings(threshold=1000, **INLINE)
    more = fill(stage, 40, "late")
    stage.pass_time(601)
    assert stage.watch().sharded == 0
    stage.launch()
    check_files(stage, only_run(stage), good)
    assert stage.watch().sharded == 40
    stage.write_settings(threshold=1, **INLINE)
    stage.settle()
    check_files(stage, stage.runs()[-1], good | more)


# --- scope ------------------------------------------------------------------------------------------------------


def test_a_run_of_scope_new_tunes_the_current_model_on_its_own_pairs_only() -> None:
    stage = Stage()
    new = {"threshold": 4, "scope": "new", "validation_fraction": 0, **INLINE}
    stage.write_settings(**new)
    fill(stage, 4)
    stage.settle()
    alias = stage.documents.get(of_aliases.alias("d"))
    assert alias is not None
    more = fill(stage, 4, "more")
    stage.launch()
    run = stage.runs()[-1]
    check_files(stage, run, more, 0)
    assert run.started_from == alias.value.current.model
    request = stage.engine.jobs()[-1].job.request
    assert (request.pre_tuned_model, request.base_model) == (alias.value.current.model, "")
    stage.write_settings(**new | {"scope": "all"})
    stage.settle()
    assert rows_of(another_run(stage, "last")) == 12


def test_a_run_of_scope_new_takes_up_the_pairs_of_a_run_that_came_to_nothing() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, scope="new", validation_fraction=0, **INLINE)
    fill(stage, 4)
    stage.settle()
    stage.engine.misbehave(Mischief(Kind.FAIL))
    unseen = fill(stage, 4, "unseen")
    stage.settle()
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED, RunState.FAILED]
    unseen |= fill(stage, 4, "more")
    stage.launch()
    check_files(stage, stage.runs()[-1], unseen, 0)


def test_the_first_run_of_scope_new_starts_from_the_base_model() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, scope="new", validation_fraction=0)
    fill(stage, 4)
    stage.launch()
    request = stage.engine.jobs()[-1].job.request
    assert (request.pre_tuned_model, request.base_model) == ("", "gemini-2.5-flash")


def test_validation_is_left_out_when_nothing_is_held_out() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0)
    fill(stage, 4)
    stage.launch()
    run = only_run(stage)
    assert run.validation is None
    assert stage.file(run, "validation") == b""
    assert stage.engine.jobs()[0].job.request.validation_uri == ""
    assert [message.data["validation_rows"] for message in told(stage, "started")] == [0]


def test_what_is_held_out_goes_to_validation() -> None:
    stage = Stage()
    stage.write_settings(threshold=40, validation_fraction=0.5)
    good = fill(stage, 40)
    stage.launch()
    run = only_run(stage)
    held_out = sum(split_of("d", words_digest(text), 0.5) is Split.VALIDATION for _, text in good.values())
    assert run.validation
    assert run.validation.rows == held_out > 10
    assert stage.engine.jobs()[0].job.request.validation_uri == run.validation.uri


def test_a_pair_stays_on_its_side_when_the_fraction_changes() -> None:
    stage = Stage()
    stage.write_settings(threshold=20, validation_fraction=0)
    fill(stage, 20)
    stage.settle()
    stage.write_settings(threshold=20, validation_fraction=0.5)
    run = another_run(stage, "more", 20)
    lines = [orjson.loads(line) for line in stage.file(run, "manifest").splitlines()]
    assert {line["split"] for line in lines if line["pair"].startswith("clip")} == {"train"}
    assert {line["split"] for line in lines if line["pair"].startswith("more")} == {"train", "validation"}


def once_before(call: str, nth: int, what: Callable[[], object]) -> Callable[[str], Callable[[], None]]:
    """Something that happens just before somebody's nth call of that name."""
    left = [nth]

    def gate(name: str) -> Callable[[], None]:
        if name == call:
            left[0] -= 1
            if left[0] == 0:
                what()
        return lambda: None

    return gate
