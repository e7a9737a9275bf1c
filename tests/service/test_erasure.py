"""Erasure: who deletes a file is out of every later dataset, and of everything we made, once no run needs it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune import bootstrap
from attune.domain.arrival import Departure
from attune.domain.names import pair_id
from attune.domain.pair import Due, PairState
from attune.domain.quality.words import words_digest
from attune.domain.run import RunState
from attune.domain.split import Split, split_of
from attune.errors import PassingError
from attune.services.erase import Departed, Farewell
from attune.services.manifests import of_evaluations
from service.scenes import another_run, drop, fill, only_run, running, sound
from service.theatre import Killed, Stage, naive_files, wav
from thoroughness import tries

MARK = "zanzibar"
INLINE = {"row_format": "inline_data"}


def delete(stage: Stage, name: str, *, told: bool = True) -> Departed | None:
    """A person deletes an object; its event comes, or is lost."""
    generation = stage.delete(name)
    return bootstrap.erase(stage.ports())(Departure(name, generation)) if told else None


def marked(stage: Stage, path: str = "marked", seed: int = 77, side: Split | None = None) -> bytes:
    """A pair whose words are found wherever they are, on a side of the hold-out."""
    audio = wav(seed=seed)
    texts = (f"it says {MARK}{' again' * times}" for times in range(9))
    fraction = 0.4 if side else 0.1
    text = next(text for text in texts if side in (None, split_of("d", words_digest(text), fraction)))
    drop(stage, path, audio, text.encode())
    return audio


def traces(stage: Stage, audio: bytes) -> list[str]:
    """Our objects and documents that have the marked words or the recording in them."""
    import pybase64  # noqa: PLC0415 - named here alone

    spoken = (MARK.encode(), MARK.upper().encode(), audio[44:200], pybase64.b64encode(audio[44:200])[4:-4])
    objects = [name for name, found in stage.bucket.live.items() if any(each in found.data for each in spoken)]
    documents = ["/".join(path) for path in stage.documents.paths() if MARK in repr(stage.documents._stored[path])]  # noqa: SLF001 - looked at from outside
    return objects + documents


def finish(stage: Stage) -> None:
    stage.settle()
    stage.pass_time(600)
    stage.watch()


# --- out of the pair --------------------------------------------------------------------------------------------


def test_a_half_that_is_deleted_takes_its_pair_out_and_leaves_the_other_waiting() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    departed = delete(stage, "d/a.txt")
    assert departed is not None
    assert departed.outcome is Farewell.ERASED
    pair = stage.pair("a")
    assert (pair.state, pair.row, pair.transcript, pair.halves) == (PairState.WAITING, None, None, 1)


def test_a_pair_without_halves_is_erased() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    for name in ("d/a.txt", "d/a.wav"):
        delete(stage, name)
    assert (stage.pair("a").state, stage.pair("a").erased_halves) == (PairState.ERASED, 2)


def test_an_overwrite_is_announced_as_a_deletion_and_is_none() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    old = stage.pair("a").audio
    stage.upload("d/a.wav", sound("newer"))
    assert bootstrap.erase(stage.ports())(Departure("d/a.wav", old.generation)) == Departed(Farewell.SUPERSEDED)
    assert stage.pair("a").state is PairState.ACCEPTED


def test_a_deletion_that_is_told_before_the_arrival_is_remembered() -> None:
    stage = Stage(threshold=9)
    arrival = stage.upload("d/a.wav", sound("a"))
    delete(stage, "d/a.wav")
    assert stage.ingest(arrival).outcome == "erased"
    assert (stage.pair("a").state, stage.pair("a").halves) == (PairState.ERASED, 0)


def test_what_comes_in_again_after_it_was_deleted_is_taken_in() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    delete(stage, "d/a.wav")
    stage.ingest(stage.upload("d/a.wav", sound("a")))
    assert stage.pair("a").state is PairState.ACCEPTED


def test_the_same_deletion_again_changes_nothing() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    delete(stage, "d/a.txt")
    before = stage.pair("a")
    stage.pass_time(60)
    assert bootstrap.erase(stage.ports())(Departure("d/a.txt", before.erased[0].generation)).outcome is Farewell.ERASED
    assert stage.pair("a") == before


def test_what_is_none_of_ours_is_ignored() -> None:
    stage = Stage()
    assert bootstrap.erase(stage.ports())(Departure("readme.md", 3)).outcome is Farewell.IGNORED


def test_a_superseded_half_that_is_deleted_takes_nothing_with_it() -> None:
    stage = Stage(threshold=9)
    drop(stage, "a")
    stage.ingest(stage.upload("d/a.flac", sound("a")))
    delete(stage, "d/a.wav")
    assert stage.pair("a").audio.name == "d/a.flac"
    assert stage.pair("a").state is PairState.ACCEPTED


def test_a_twin_that_was_refused_comes_in_when_the_first_is_deleted() -> None:
    stage = Stage(threshold=99)
    drop(stage, "first", sound("same"), b"it says one")
    drop(stage, "second", sound("same"), b"it says two")
    delete(stage, "d/first.wav")
    stage.watch()
    assert stage.pair("second").state is PairState.ACCEPTED


# --- out of the dataset -----------------------------------------------------------------------------------------


def test_the_next_run_has_no_row_of_it() -> None:
    stage = Stage(threshold=4)
    stage.write_settings(threshold=4, **INLINE)
    good = fill(stage, 3)
    marked(stage)
    finish(stage)
    delete(stage, "d/marked.wav")
    good |= fill(stage, 4, "more")
    finish(stage)
    last = stage.runs()[-1]
    assert last.state is RunState.PROMOTED
    expected = naive_files("d", good)
    assert (stage.file(last, "train"), stage.file(last, "validation")) == (expected["train"], expected["validation"])


def test_a_run_under_way_keeps_what_it_froze() -> None:
    stage = running(**INLINE)
    run = only_run(stage)
    before = stage.file(run, "train")
    for index in range(4):
        delete(stage, f"d/clip{index}.wav")
    stage.watch()
    assert stage.file(run, "train") == before
    assert [stage.pair(f"clip{index}").to_forget for index in range(4)] == [True] * 4


def test_an_overwrite_during_a_run_is_in_the_next_run_and_not_in_this() -> None:
    stage = running(**INLINE)
    run = only_run(stage)
    before = stage.file(run, "train")
    newer = wav(seed=4711)
    stage.ingest(stage.upload("d/clip0.wav", newer))
    assert stage.file(run, "train") == before
    good = another_run_of(stage)
    good |= {f"clip{index}": (sound(f"clip{index}"), f"it says clip {index}") for index in range(1, 4)}
    good["clip0"] = (newer, "it says clip 0")
    finish(stage)
    assert stage.file(stage.runs()[-1], "train") == naive_files("d", good, fraction=0)["train"]


def another_run_of(stage: Stage) -> Any:
    return fill(stage, 3, "more")


# --- out of everything we made ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row_format", ["inline_data", "file_uri"])
@pytest.mark.parametrize("side", list(Split))
def test_nothing_of_it_is_left_in_what_we_made_once_its_runs_have_ended(row_format: str, side: Split) -> None:
    stage = Stage()
    stage.write_settings(threshold=9, row_format=row_format, validation_fraction=0.4, transcripts={"casing": "upper"})
    fill(stage, 8)
    audio = marked(stage, seed=5, side=side)
    assert traces(stage, audio)
    finish(stage)
    assert stage.pair("marked").split is side
    assert only_run(stage).state is RunState.PROMOTED
    delete(stage, "d/marked.txt")
    stage.watch()
    assert traces(stage, audio) == []
    assert not stage.pair("marked").to_forget


def test_it_is_forgotten_before_any_run() -> None:
    stage = Stage(threshold=99)
    audio = marked(stage)
    delete(stage, "d/marked.wav")
    stage.watch()
    assert traces(stage, audio) == []


def test_rows_of_every_prompt_it_was_ever_rendered_with_are_gone() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0)
    fill(stage, 3)
    audio = marked(stage)
    finish(stage)
    for number, prompt in enumerate(("Write down what is said.", "What is said?")):
        stage.write_settings(
            threshold=1, validation_fraction=0, prompt=prompt, row_format=["inline_data", "file_uri"][number]
        )
        drop(stage, f"more{number}", text=f"it says more {number}".encode())
        finish(stage)
    assert len([name for name in traces(stage, audio) if name.startswith("rows/")]) == 3
    delete(stage, "d/marked.txt")
    stage.watch()
    assert traces(stage, audio) == []


def test_what_it_said_before_it_was_overwritten_is_forgotten_too() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, **INLINE)
    fill(stage, 3)
    audio = marked(stage)
    finish(stage)
    stage.ingest(stage.upload("d/marked.txt", b"it says something else"))
    assert traces(stage, audio)
    delete(stage, "d/marked.txt")
    stage.watch()
    assert traces(stage, audio) == []


def test_others_keep_what_they_share_with_it() -> None:
    stage = Stage()
    quality = {"severities": {"audio_duplicate": "look", "transcript_duplicate": "look"}}
    stage.write_settings(threshold=2, validation_fraction=0, quality=quality)
    audio = marked(stage, "one")
    marked(stage, "two")
    assert stage.pair("two").state is PairState.ACCEPTED
    finish(stage)
    delete(stage, "d/one.wav")
    stage.watch()
    row = stage.pair("two").row
    assert {row.name, row.audio_name} <= stage.bucket.live.keys()
    drop(stage, "three")
    drop(stage, "four", text=b"it says four")
    finish(stage)
    assert [run.state for run in stage.runs()] == [RunState.PROMOTED] * 2
    delete(stage, "d/two.wav")
    stage.watch()
    assert traces(stage, audio) == []


def test_a_sample_and_a_run_of_new_pairs_alone_leave_no_pieces_behind() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, scope="new", validation_fraction=0, **INLINE)
    fill(stage, 3)
    audio = marked(stage)
    finish(stage)
    assert not [name for name in stage.bucket.live if name.startswith("drafts/")]
    delete(stage, "d/marked.wav")
    stage.watch()
    assert traces(stage, audio) == []


def test_the_runs_of_others_keep_their_files() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, **INLINE)
    fill(stage, 4)
    finish(stage)
    before = stage.file(only_run(stage), "train")
    audio = marked(stage)
    delete(stage, "d/marked.wav")
    stage.watch()
    assert traces(stage, audio) == []
    assert stage.file(only_run(stage), "train") == before


def test_a_manifest_still_tells_which_generations_a_model_was_trained_on() -> None:
    stage = Stage()
    stage.write_settings(threshold=4, validation_fraction=0, **INLINE)
    fill(stage, 3)
    marked(stage)
    finish(stage)
    delete(stage, "d/marked.wav")
    stage.watch()
    assert pair_id("d", "marked").encode() in stage.file(only_run(stage), "manifest")


def test_the_report_of_a_run_loses_its_words_and_keeps_its_decision() -> None:
    stage = Stage()
    stage.write_settings(threshold=6, validation_fraction=0.5)
    good = fill(stage, 5)
    audio = marked(stage)
    finish(stage)
    run = only_run(stage)
    assert run.state is RunState.PROMOTED
    held_out = [path for path in (*good, "marked") if stage.pair(path).split == "validation"]
    assert held_out
    for path in held_out:
        delete(stage, f"d/{path}.txt")
    stage.watch()
    assert traces(stage, audio) == []
    report = stage.bucket.live[f"reports/d/runs/{run.id}.html"].data.decode()
    assert not [path for path in held_out if f"it says {path.removeprefix('clip')}" in report and path != "marked"]
    assert run.id in report


def test_an_evaluation_goes_on_without_an_utterance_that_is_gone() -> None:
    """The run had ended for the forgetting when a person asked for another look; its rows are gone, its answers too."""
    stage = Stage()
    stage.write_settings(threshold=6, validation_fraction=0.5)
    fill(stage, 6)
    stage.launch()
    run = only_run(stage)
    row = next(stage.pair(f"clip{index}").row for index in range(6) if stage.pair(f"clip{index}").split == "validation")
    stage.bucket.delete(row.name)
    finish(stage)
    assert only_run(stage).state in (RunState.PROMOTED, RunState.AWAITING_APPROVAL)
    found = stage.documents.get(of_evaluations.evaluation("d", run.number))
    assert found is not None


# --- crashes ----------------------------------------------------------------------------------------------------


@settings(max_examples=tries(12, 500), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["inline_data", "file_uri"]))
def test_a_watcher_that_dies_anywhere_while_it_forgets_is_followed_by_one_that_forgets_the_rest(
    seed: int, row_format: str
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    stage = Stage()
    stage.write_settings(threshold=5, row_format=row_format, validation_fraction=0)
    good = fill(stage, 4)
    audio = marked(stage)
    finish(stage)
    delete(stage, "d/marked.wav", told=dice.random() < 0.7)
    for _ in range(4):
        left = dice.randrange(1, 80)

        def gate(_call: str) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return lambda: None

        try:
            bootstrap.watch(stage.ports(gate), stage.deployment)()
        except (Killed, PassingError):
            stage.pass_time(700)
    stage.pass_time(90_000)
    stage.watch()
    stage.pass_time(90_000)
    stage.watch()
    assert traces(stage, audio) == []
    stage.write_settings(threshold=1, row_format="inline_data", validation_fraction=0)
    good["last"] = (sound("last"), "it says last")
    drop(stage, "last", *(sound("last"), b"it says last"))
    finish(stage)
    last = stage.runs()[-1]
    assert stage.file(last, "train") == naive_files("d", good, fraction=0)["train"]
    assert stage.pair("marked").due is Due.NOTHING


def test_another_run_is_not_kept_waiting() -> None:
    stage = running(**INLINE)
    delete(stage, "d/clip0.wav")
    stage.watch()
    run = another_run(stage, "more")
    assert run.state in (RunState.ASSEMBLED, RunState.RUNNING, RunState.LAUNCHING)
