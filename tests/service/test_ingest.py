"""One object at a time: what becomes of it, whatever came before it, with it or twice."""

import codecs
import io
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import soundfile

from attune.domain.pair import Due, PairState
from attune.domain.run import RunState
from attune.errors import BusyError, ConflictError
from attune.ports import Key, Query, Replace, Versioned, Write
from attune.services.ingest import Outcome
from attune_local.twins.documents import MemoryDocuments
from service.scenes import drop, fill, only_run, sound
from service.theatre import Director, Stage, naive_files, naive_row, wav

BROKEN = b"RIFF\x24\x00\x00\x00WAVEnothing"


def codes(stage: Stage, path: str) -> list[str]:
    return [reason.code for reason in stage.pair(path).reasons]


# --- the two halves ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endings", [(".wav", ".txt"), (".txt", ".wav")])
def test_whichever_half_comes_first_waits_and_the_second_makes_the_pair(endings: tuple[str, str]) -> None:
    stage = Stage()
    data = {".wav": sound("a"), ".txt": b"hello"}
    first, second = (stage.upload(f"d/a{ending}", data[ending]) for ending in endings)
    assert stage.ingest(first).outcome is Outcome.WAITING
    assert stage.pair("a").state is PairState.WAITING
    assert stage.ingest(second).outcome is Outcome.ACCEPTED
    assert (stage.pair("a").state, stage.pair("a").due) == (PairState.ACCEPTED, Due.ADD)


@pytest.mark.parametrize("seed", range(12))
def test_both_halves_at_once_make_one_pair(seed: int) -> None:
    stage = Stage()
    director = Director(stage, random.Random(seed), crash_rate=0, at_once=2, duplicate_rate=0)  # noqa: S311 - a schedule
    arrivals = [stage.upload("d/a.wav", sound("a")), stage.upload("d/a.txt", b"hello")]
    director.pending += [("object", arrival) for arrival in arrivals]
    director.play()
    assert (stage.pair("a").state, len(stage.pairs())) == (PairState.ACCEPTED, 1)
    assert [name for name in stage.bucket.live if name.startswith("rows/")] == [stage.pair("a").row.name]


def test_a_duplicate_changes_nothing() -> None:
    stage = Stage()
    arrivals = [stage.upload("d/a.wav", sound("a")), stage.upload("d/a.txt", b"hello")]
    for arrival in arrivals:
        stage.ingest(arrival)
    before, objects = stage.pair("a"), dict(stage.bucket.live)
    stage.pass_time(3600)
    assert [stage.ingest(arrival).outcome for arrival in arrivals * 2] == [Outcome.ACCEPTED] * 4
    assert stage.pair("a") == before
    assert stage.bucket.live == objects


def test_a_duplicate_of_the_first_half_alone_still_waits() -> None:
    stage = Stage()
    arrival = stage.upload("d/a.wav", sound("a"))
    assert [stage.ingest(arrival).outcome for _ in range(2)] == [Outcome.WAITING] * 2


def test_a_late_event_of_an_older_generation_is_superseded() -> None:
    stage = Stage()
    older = stage.upload("d/a.wav", wav(seed=1))
    newer = stage.upload("d/a.wav", wav(seed=2))
    stage.ingest(newer)
    assert stage.ingest(stage.upload("d/a.txt", b"hello")).outcome is Outcome.ACCEPTED
    before = stage.pair("a")
    assert stage.ingest(older).outcome is Outcome.SUPERSEDED
    assert stage.pair("a") == before


def test_a_half_that_was_overwritten_before_its_event_waits_for_the_newer_ones_event() -> None:
    stage = Stage()
    older = stage.upload("d/a.wav", wav(seed=1))
    newer = stage.upload("d/a.wav", wav(seed=2))
    stage.ingest(stage.upload("d/a.txt", b"hello"))
    assert stage.ingest(older).outcome is Outcome.WAITING
    assert stage.pair("a").audio is None
    assert stage.ingest(newer).outcome is Outcome.ACCEPTED
    assert stage.pair("a").audio.generation == newer.generation


def test_a_recording_with_another_ending_takes_the_olders_place() -> None:
    stage = Stage()
    drop(stage, "a")
    flac = io.BytesIO()
    soundfile.write(flac, np.zeros(8000, dtype=np.int16), 8000, format="FLAC")
    newer = stage.upload("d/a.FLAC", flac.getvalue())
    assert stage.ingest(newer).outcome is Outcome.ACCEPTED
    assert stage.pair("a").audio.name == "d/a.FLAC"
    assert stage.pair("a").row.mime_type == "audio/flac"


# --- overwriting ------------------------------------------------------------------------------------------------


def test_an_accepted_pair_that_is_overwritten_is_due_with_its_new_row() -> None:
    stage = Stage()
    drop(stage, "a", text=b"first")
    first = stage.pair("a")
    assert stage.ingest(stage.upload("d/a.txt", b"second")).outcome is Outcome.ACCEPTED
    second = stage.pair("a")
    assert (second.state, second.due) == (PairState.ACCEPTED, Due.ADD)
    assert second.row.name != first.row.name
    assert second.transcript.generation > first.transcript.generation


def test_a_run_keeps_what_it_froze_when_a_pair_is_overwritten_after_its_cut() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, row_format="inline_data", validation_fraction=0)
    good = fill(stage, 2)
    stage.launch()
    before = stage.file(only_run(stage), "train")
    stage.ingest(stage.upload("d/clip0.txt", b"corrected"))
    assert before == naive_files("d", good, 0)["train"]
    assert stage.file(only_run(stage), "train") == before
    assert stage.pair("clip0").due is Due.ADD
    good["clip0"] = (good["clip0"][0], "corrected")
    good |= fill(stage, 1, "more")
    stage.settle()
    assert stage.file(stage.runs()[1], "train") == naive_files("d", good, 0)["train"]


def test_a_pair_overwritten_between_cut_and_assembly_goes_into_the_run_as_it_was_cut() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, row_format="inline_data", validation_fraction=0)
    good = fill(stage, 2)
    director = Director(stage, random.Random(0), crash_rate=0, at_once=1, duplicate_rate=0)  # noqa: S311 - a schedule
    overwritten = stage.upload("d/clip0.txt", b"corrected")
    director.pending.append(("launch", None))
    director.ordered = len(stage.post.sent)
    _play_until_cut(director)
    stage.ingest(overwritten)
    director.play()
    assert stage.file(only_run(stage), "train") == naive_files("d", good, 0)["train"]
    assert stage.pair("clip0").due is Due.ADD


def _play_until_cut(director: Director) -> None:
    director._start(director.pending.pop())  # noqa: SLF001 - one delivery, a call at a time
    while only_run(director.stage).state is RunState.OPENED:
        director._step(director.actors[0])  # noqa: SLF001 - as above


def test_an_accepted_pair_that_is_overwritten_by_a_broken_one_is_out_of_the_next_run() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, row_format="inline_data", validation_fraction=0)
    good = fill(stage, 3)
    stage.settle()
    assert stage.ingest(stage.upload("d/clip0.wav", BROKEN)).outcome is Outcome.REJECTED
    assert (stage.pair("clip0").state, stage.pair("clip0").due) == (PairState.REJECTED, Due.REMOVE)
    del good["clip0"]
    good |= fill(stage, 2, "more")
    stage.settle()
    assert stage.file(stage.runs()[-1], "train") == naive_files("d", good, 0)["train"]
    assert stage.pair("clip0").due is Due.NOTHING


def test_uploading_again_repairs_a_rejected_pair() -> None:
    stage = Stage()
    assert drop(stage, "a", BROKEN).outcome is Outcome.REJECTED
    assert stage.ingest(stage.upload("d/a.wav", sound("a"))).outcome is Outcome.ACCEPTED
    assert (stage.pair("a").reasons, stage.pair("a").due) == ((), Due.ADD)


def test_the_same_files_uploaded_again_after_a_run_are_not_counted_again() -> None:
    stage = Stage()
    stage.write_settings(threshold=2, validation_fraction=0)
    fill(stage, 2)
    stage.settle()
    fill(stage, 2)
    assert [pair.due for pair in stage.pairs()] == [Due.NOTHING] * 2
    assert len(stage.runs()) == 1


# --- rejections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audio", "text", "code"),
    [
        (BROKEN, b"hello", "audio_unreadable"),
        (b"", b"hello", "audio_unreadable"),
        (b"<html>404</html>", b"hello", "audio_unreadable"),
        (sound("a"), b"", "transcript_empty"),
        (sound("a"), b" \r\n", "transcript_empty"),
        (sound("a"), "Grüße".encode("latin-1"), "transcript_encoding"),
        (sound("a"), "hello".encode("utf-16-le"), "transcript_encoding"),
        (sound("a"), b"x" * 1_000_001, "transcript_too_large"),
        (wav(seconds=1.7), b"hello", "audio_too_long"),
        (wav(seconds=1.0, rate=44100), b"hello", "audio_too_large"),
    ],
)
def test_a_bad_half_is_rejected_with_its_code(audio: bytes, text: bytes, code: str) -> None:
    stage = Stage()
    stage.write_settings(threshold=1, quality={"max_audio_seconds": 1.5, "max_audio_bytes": 60_000})
    assert drop(stage, "a", audio, text).outcome is Outcome.REJECTED
    assert codes(stage, "a") == [code]
    assert stage.pair("a").row is None
    assert not [name for name in stage.bucket.live if name.startswith("rows/")]
    assert stage.runs() == []


def test_every_reason_is_told_at_once() -> None:
    stage = Stage()
    drop(stage, "a", BROKEN, b"")
    assert codes(stage, "a") == ["audio_unreadable", "transcript_empty"]


def test_a_reason_says_what_is_wrong_and_what_to_do() -> None:
    stage = Stage()
    stage.write_settings(quality={"max_audio_seconds": 1.5})
    drop(stage, "a", wav(seconds=1.7))
    (reason,) = stage.pair("a").reasons
    assert "longer than 1.5 s" in reason.sentence
    assert reason.fix == "Cut it, and its transcript, into parts."


@pytest.mark.parametrize(
    "text",
    [
        codecs.BOM_UTF8 + "Grüße\nan alle".encode(),
        codecs.BOM_UTF16_LE + "Grüße\nan alle".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Grüße\nan alle".encode("utf-16-be"),
        "Grüße\r\nan alle\r\n".encode(),
    ],
    ids=["utf-8 mark", "utf-16 little", "utf-16 big", "crlf"],
)
def test_a_transcript_is_taken_however_it_was_saved(text: bytes) -> None:
    stage = Stage()
    stage.write_settings(row_format="inline_data")
    assert drop(stage, "a", text=text).outcome is Outcome.ACCEPTED
    assert stage.bucket.live[stage.pair("a").row.name].data == naive_row(sound("a"), "Grüße\nan alle")


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "two words/and more",
        "100%",
        "a+b",
        "#1?",
        "%2e%2e/x",
        "..",
        "日本語/слово/ünï",
        "🎤",
        "/a",
        "a.wav",
        "x" * 994,
        "__reserved__",
    ],
)
def test_any_name_makes_a_pair_that_ends_in_the_files(path: str) -> None:
    stage = Stage()
    stage.write_settings(threshold=1, row_format="inline_data", validation_fraction=0)
    assert drop(stage, path).outcome is Outcome.ACCEPTED
    stage.launch()
    assert stage.file(only_run(stage), "train") == naive_row(sound(path), "it says so")
    assert only_run(stage).state is RunState.RUNNING


@pytest.mark.parametrize("dataset", ["two words", "100%", "a+b", "#1", "a,b", "what?", "*", "[x]", "日本語", "Great"])
@pytest.mark.parametrize("row_format", ["file_uri", "inline_data"])
def test_any_dataset_name_comes_to_a_running_job(dataset: str, row_format: str) -> None:
    stage = Stage(dataset=dataset)
    stage.write_settings(threshold=1, row_format=row_format, validation_fraction=0)
    drop(stage, "a")
    stage.launch()
    assert only_run(stage).state is RunState.RUNNING
    stage.settle()
    assert only_run(stage).state is RunState.PROMOTED


@pytest.mark.parametrize("name", ["a.wav", "/a.wav", "/d/a.wav", "d/a.ogg", "d/a", "d/.wav", "d/", "../a.wav"])
def test_what_is_not_ours_is_ignored_with_a_reason_and_leaves_no_trace(name: str) -> None:
    stage = Stage()
    before = stage.documents.paths()
    taken = stage.ingest(stage.upload(name, b"data"))
    assert (taken.outcome, taken.pair) == (Outcome.IGNORED, None)
    assert taken.ignored
    assert stage.documents.paths() == before


# --- flat -------------------------------------------------------------------------------------------------------


@dataclass
class Touched(MemoryDocuments):
    """Documents that remember who was read or written, and which collections were asked."""

    keys: set[tuple[str, ...]] = field(default_factory=set)
    written: set[tuple[str, ...]] = field(default_factory=set)

    def get(self, key: Key[Any]) -> Versioned[Any] | None:
        self.keys.add(key.path)
        return super().get(key)

    def get_all(self, keys: Sequence[Key[Any]]) -> list[Versioned[Any] | None]:
        self.keys.update(key.path for key in keys)
        return super().get_all(keys)

    def find(self, query: Query[Any], limit: int | None = None, after: Key[Any] | None = None) -> list[Versioned[Any]]:
        found = super().find(query, limit, after)
        self.keys.update(read.key.path for read in found)
        return found

    def commit(self, *writes: Write) -> list[object]:
        self.written.update(write.key.path for write in writes)
        return super().commit(*writes)


def test_no_event_reads_or_writes_the_document_of_a_pair_that_says_something_else() -> None:
    documents = Touched()
    stage = Stage(threshold=50, documents=documents)
    fill(stage, 3)
    arrivals = [stage.upload("d/mine.wav", sound("mine")), stage.upload("d/mine.txt", b"hello")]
    documents.keys.clear()
    documents.written.clear()
    for arrival in [*arrivals, *arrivals, stage.upload("d/mine.wav", BROKEN), stage.upload("d/mine.wav", wav())]:
        stage.ingest(arrival)
    mine = ("datasets", "d", "pairs", stage.pair("mine").id)
    assert {path for path in documents.keys if "pairs" in path} == {mine}
    written = Counter(path[-2] for path in documents.written)
    assert written == {"pairs": 1, "recordings": 1, "sides": 1}


def test_no_event_writes_a_document_that_others_write_as_well() -> None:
    """Beside its pair's own, an event writes one only where a person's edit or the threshold has just come."""
    documents = Touched()
    stage = Stage(threshold=3, documents=documents)
    for index in range(5):
        documents.written.clear()
        drop(stage, f"clip{index}", text=f"number {index} says this".encode())
        shared = {path[-2] for path in documents.written} - {"pairs", "recordings", "sides"}
        assert shared == {0: {"states"}, 2: {"runs", "outbox"}}.get(index, set())


@dataclass
class Contended(MemoryDocuments):
    """Documents that somebody else always writes first."""

    def commit(self, *writes: Write) -> list[object]:
        if any(isinstance(write, Replace) for write in writes):
            raise ConflictError("somebody was quicker")
        return super().commit(*writes)


def test_an_event_whose_pair_keeps_changing_comes_again() -> None:
    stage = Stage(documents=Contended())
    stage.ingest(stage.upload("d/a.wav", sound("a")))
    with pytest.raises(BusyError, match="the event will come again"):
        stage.ingest(stage.upload("d/a.txt", b"hello"))
