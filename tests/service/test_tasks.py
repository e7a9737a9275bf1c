"""Datasets of several tasks: the prompt by the folder, targets that are held to their kind, and versions."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from attune.domain.pair import PairState
from attune.domain.run import RunState
from attune.domain.split import Split
from attune.services.ingest import Outcome
from attune.services.manifests import of_datasets, of_shards
from service.scenes import drop, fill, only_run, sound
from service.theatre import Stage

MOOD = {"kind": "classification", "prompt": "Which mood?", "labels": ["angry", "calm"]}
ORDER = {
    "kind": "json",
    "prompt": "What is ordered?",
    "json_schema": {"type": "object", "required": ["dish"], "properties": {"dish": {"type": "string"}}},
}
TASKS = {"mood": MOOD, "order": ORDER, "dictation": {"prompt": "Write what is dictated."}}


def staged(**more: object) -> Stage:
    stage = Stage()
    stage.write_settings(**({"threshold": 100, "row_format": "inline_data", "tasks": TASKS} | more))
    return stage


def row_of(stage: Stage, path: str) -> Any:
    return orjson.loads(stage.bucket.live[stage.pair(path).row.name].data)


def asked(stage: Stage, path: str) -> str:
    text: str = row_of(stage, path)["contents"][0]["parts"][0]["text"]
    return text


def answer(stage: Stage, path: str) -> str:
    text: str = row_of(stage, path)["contents"][1]["parts"][0]["text"]
    return text


@pytest.mark.parametrize(
    ("path", "text", "task", "prompt"),
    [
        ("mood/a", b"angry\n", "mood", "Which mood?"),
        ("order/deep/a", b'{"dish": "soup"}', "order", "What is ordered?"),
        ("dictation/a", b"it says so", "dictation", "Write what is dictated."),
        ("elsewhere/a", b"it says so", "transcription", "Transcribe this audio verbatim."),
        ("mood", b"it says so", "transcription", "Transcribe this audio verbatim."),
        ("Mood/a", b"it says so", "transcription", "Transcribe this audio verbatim."),
    ],
)
def test_the_prompt_is_that_of_the_paths_first_folder(path: str, text: bytes, task: str, prompt: str) -> None:
    stage = staged()
    assert drop(stage, path, text=text).outcome is Outcome.ACCEPTED
    assert (stage.pair(path).row.task, asked(stage, path)) == (task, prompt)


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("mood/a", b"furious", "target_label"),
        ("mood/a", b"", "transcript_empty"),
        ("order/a", b"soup", "target_not_json"),
        ("order/a", b'{"dish": 3}', "target_schema"),
        ("order/a", b"{}", "target_schema"),
    ],
)
def test_a_target_is_held_to_its_kind(path: str, text: bytes, code: str) -> None:
    stage = staged()
    assert drop(stage, path, text=text).outcome is Outcome.REJECTED
    assert [reason.code for reason in stage.pair(path).reasons] == [code]


def test_a_json_target_is_written_compactly_and_says_so() -> None:
    stage = staged()
    drop(stage, "order/a", text=b'{\n  "dish": "soup"\n}\n')
    assert answer(stage, "order/a") == '{"dish":"soup"}'
    assert "repaired_json" in [remark.code for remark in stage.pair("order/a").remarks]


def test_labels_and_documents_are_not_held_to_the_rules_for_speech() -> None:
    stage = staged()
    for index in range(12):
        path = f"mood/{index}"
        assert drop(stage, path, text=b"calm").outcome is Outcome.ACCEPTED
        assert "transcript_duplicate" not in [remark.code for remark in stage.pair(path).remarks]
        assert stage.pair(path).measured.pace is None


def test_one_recording_may_be_in_several_tasks_and_is_on_one_side_in_all() -> None:
    stage = staged(validation_fraction=0.5)
    for index in range(12):
        audio = sound(f"x{index}")
        drop(stage, f"dictation/{index}", audio, f"number {index} speaking".encode())
        drop(stage, f"mood/{index}", audio, b"calm")
        one, other = stage.pair(f"dictation/{index}"), stage.pair(f"mood/{index}")
        assert one.state is other.state is PairState.ACCEPTED
        assert one.split is other.split


def test_one_recording_twice_in_a_task_is_a_duplicate() -> None:
    stage = staged()
    drop(stage, "mood/a", sound("x"), b"calm")
    drop(stage, "mood/b", sound("x"), b"angry")
    assert [reason.code for reason in stage.pair("mood/b").reasons] == ["audio_duplicate"]


def test_a_run_trains_on_all_tasks_and_tells_their_proportions() -> None:
    stage = staged(threshold=6, validation_fraction=0)
    for index in range(3):
        drop(stage, f"mood/{index}", text=b"calm")
    fill(stage, 3)
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED
    root = stage.documents.get(of_shards.shard("d", Split.TRAIN, ""))
    assert root is not None
    assert root.value.span.tasks == {"mood": 3, "transcription": 3}


# --- versions ---------------------------------------------------------------------------------------------------


def version(stage: Stage) -> int:
    state = stage.documents.get(of_datasets.state("d"))
    return state.value.version if state else 0


def prompts(stage: Stage) -> set[str]:
    rows = stage.file(stage.runs()[-1], "train").splitlines()
    return {orjson.loads(row)["contents"][0]["parts"][0]["text"] for row in rows}


def test_a_dataset_begins_at_version_one_and_an_edit_that_leaves_the_rows_alone_is_none() -> None:
    stage = staged()
    drop(stage, "a")
    assert version(stage) == 1
    stage.write_settings(threshold=7, row_format="inline_data", tasks=TASKS)
    stage.watch()
    assert version(stage) == 1


@pytest.mark.parametrize(
    "edit",
    [
        {"prompt": "Write down what you hear."},
        {"system_instruction": "You are a clerk."},
        {"transcripts": {"casing": "lower"}},
        {"tasks": {**TASKS, "mood": {**MOOD, "prompt": "How does it sound?"}}},
    ],
    ids=["prompt", "instruction", "manner", "a task's prompt"],
)
def test_an_edit_that_changes_the_rows_starts_a_new_version_and_says_since_when(edit: dict[str, object]) -> None:
    stage = staged()
    drop(stage, "a")
    stage.pass_time(3600)
    stage.write_settings(**({"threshold": 100, "row_format": "inline_data", "tasks": TASKS} | edit))
    stage.watch()
    state = stage.documents.get(of_datasets.state("d"))
    assert state is not None
    assert (state.value.version, state.value.version_since) == (2, stage.now)


def test_one_tasks_new_prompt_is_in_all_its_rows_and_the_others_stay_as_they_are() -> None:
    stage = staged(threshold=4, validation_fraction=0)
    for index in range(2):
        drop(stage, f"mood/{index}", text=b"calm")
    fill(stage, 2)
    stage.settle()
    kept = {pair.row.name for pair in stage.pairs() if pair.row.task == "transcription"}
    tasks = {**TASKS, "mood": {**MOOD, "prompt": "How does it sound?"}}
    stage.write_settings(threshold=1, row_format="inline_data", tasks=tasks, validation_fraction=0)
    drop(stage, "mood/new", text=b"angry")
    stage.settle()
    assert prompts(stage) == {"How does it sound?", "Transcribe this audio verbatim."}
    manifest = stage.file(stage.runs()[-1], "manifest").decode()
    assert all(name in manifest for name in kept)


def test_a_changed_manner_is_in_every_row_of_the_next_run_and_can_be_taken_back() -> None:
    stage = Stage()
    common = {"row_format": "inline_data", "validation_fraction": 0}
    stage.write_settings(threshold=2, **common)
    drop(stage, "a", text=b"It says THIS, really.")
    drop(stage, "b", text=b"And That.")
    stage.settle()
    for number, (casing, expected) in enumerate(
        [("lower", {b"it says this, really.", b"and that."}), ("keep", {b"It says THIS, really.", b"And That."})]
    ):
        stage.write_settings(threshold=1, transcripts={"casing": casing}, **common)
        drop(stage, f"new{number}", text=b"one more of them")
        stage.settle()
        rows = stage.file(stage.runs()[-1], "train").splitlines()
        said = {orjson.loads(row)["contents"][1]["parts"][0]["text"].encode() for row in rows}
        assert expected <= said


def test_what_the_manner_changed_is_told_and_the_original_is_kept() -> None:
    stage = Stage()
    stage.write_settings(threshold=100, row_format="inline_data", transcripts={"casing": "lower"})
    drop(stage, "a", text=b"It says THIS.")
    assert answer(stage, "a") == "it says this."
    assert "repaired_casing" in [remark.code for remark in stage.pair("a").remarks]
    assert stage.bucket.live[stage.pair("a").row.original_name].data == b"It says THIS."
